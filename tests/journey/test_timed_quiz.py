"""A quiz against the clock in a browser: it counts down, warns, and hands itself in, also after a lost network."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from app.core import clock
from app.learning.models import Attempt
from app.learning.service import enrol
from app.main import JOBS
from tests import factories
from tests.journey.conftest import LiveServer, Screen
from tests.learning import making


@pytest.fixture
def screen(live: LiveServer, chromium: Browser, width: int) -> Iterator[Screen]:
    """The open paper of a quiz of ten minutes."""
    with live.runtime.database.writing() as db:
        version = making.course(
            db, making.Lesson("L3", has_text=False, questions=tuple(making.QUESTIONS), quiz={"time_limit": 10})
        )
        learner = factories.civil_servant(db, "hocvien", name="Trần Văn Giả Định")
        enrol(db, learner.person_id, version.course_id)
    screen = Screen(chromium, live.url, width, "lam-bai-co-gio")
    screen.sign_in("hocvien", factories.PASSWORD)
    screen.page.wait_for_url(lambda url: "/sign-in" not in url)
    screen.page.goto(f"/learn/{making.SLUG}/L3/quiz")
    screen.picture("luat")
    screen.page.get_by_role("button", name="Bắt đầu làm bài").click()
    expect(screen.page.locator("[data-paper]")).to_be_visible()
    yield screen
    screen.close()


def attempt_of(live: LiveServer) -> Attempt:
    with live.runtime.database.reading() as db:
        attempt = db.scalars(select(Attempt)).one()
        db.expunge_all()
    return attempt


def end_in(live: LiveServer, seconds: float) -> None:
    """As if the attempt had begun so much earlier; the page has to be loaded again to know."""
    with live.runtime.database.writing() as db:
        db.execute(update(Attempt).values(deadline_at=clock.now() + timedelta(seconds=seconds)))


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_the_time_is_shown_calmly_and_told_aloud_twice(width: int, live: LiveServer, screen: Screen) -> None:
    page = screen.page
    timer, said = page.get_by_role("timer"), page.locator("[data-timer-said]")
    expect(timer).to_have_text("Còn 10 phút")
    screen.picture("mot-de")
    for seconds, minutes in ((302, 5), (62, 1)):
        end_in(live, seconds)
        page.reload()
        expect(said).to_have_text("")
        expect(said).to_have_text(f"Còn {minutes} phút để làm bài.")
    expect(timer).to_contain_text("Còn 0:")
    screen.picture("sap-het")


@pytest.mark.parametrize("width", [360])
def test_a_paper_hands_itself_in_when_the_time_is_over(width: int, live: LiveServer, screen: Screen) -> None:
    page = screen.page
    page.get_by_label("Dùng chứng thư số").check()
    expect(page.locator("#saved")).to_contain_text("Đã trả lời 1 trên 3 câu")
    end_in(live, 2)
    page.reload()
    expect(page.get_by_role("heading", name="Chưa đạt")).to_be_visible()
    assert attempt_of(live).answers == {"q1": "o2"}


@pytest.mark.parametrize("width", [360])
def test_what_was_answered_in_time_without_a_network_still_counts(
    width: int, live: LiveServer, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every minute it closes what is over: on a slow machine between the deadline and the page that comes back.
    monkeypatch.setitem(JOBS, "learning.close_overdue_attempts", lambda context: None)
    page = screen.page
    end_in(live, 12)
    page.reload()
    page.context.set_offline(True)
    page.get_by_label("Dùng chứng thư số").check()
    expect(page.locator("[data-timer-said]")).to_contain_text("đang mất mạng", timeout=60_000)
    screen.picture("het-gio-mat-mang")
    # The grace is over too: only what waited is taken now, and the paper is closed as of its deadline.
    end_in(live, -70)
    page.evaluate("""() => {
      const [name, kept] = Object.entries(localStorage).find(([name]) => name.startsWith("hs-answers"));
      localStorage.setItem(name, JSON.stringify(JSON.parse(kept).map(([id, given, at]) => [id, given, at - 90000])));
    }""")
    address = page.url
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(address)
    expect(page.locator("#saved")).to_contain_text("Đã trả lời 1 trên 3 câu")
    expect(page.get_by_text("Đã hết giờ làm bài lúc")).to_be_visible()
    screen.picture("mo-lai-sau-gio")
    page.get_by_role("button", name="Nộp bài").click()
    expect(page.get_by_text("Bài tự nộp khi hết giờ")).to_be_visible()
    attempt = attempt_of(live)
    assert (attempt.answers, attempt.is_timed_out) == ({"q1": "o2"}, True)
    # What the browser itself says of a lost network is no fault of the page.
    screen.errors.clear()
