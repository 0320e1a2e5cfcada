"""What a guest did becomes the account's: all of it, once, dated by the day it was really done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates.models import Certificate
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database
from app.coverage.models import CoverageEntry
from app.identity.models import Account, Affiliation, Person
from app.learning.models import (
    Attempt,
    BlockProgress,
    Completion,
    Enrolment,
    Guest,
    LessonFinish,
    LessonReading,
    ProgressClient,
)
from app.learning.rules import READING
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.visiting import FORM, OPENED, Visitor, at

pytestmark = pytest.mark.on_both

COURSE = f"/courses/{making.SLUG}"
LEARNED_ON = date(2026, 11, 21)


@pytest.fixture
def visitor(db: Session, browser: Browser) -> Visitor:
    making.course(db, making.READ, making.WATCH, making.ANSWER, access="open")
    db.commit()
    return Visitor(browser)


@pytest.fixture
def member(db: Session, visitor: Visitor) -> Account:
    """Somebody who has an account already; the open course is there too."""
    account = factories.civil_servant(db)
    db.commit()
    return account


def take_home(visitor: Visitor, account: Account, answer: str = "yes") -> str:
    """Sign in where the guest learned, and answer the offer; the page after it."""
    visitor.browser.get("/sign-in")
    offer = visitor.browser.post("/sign-in", {"name": account.username, "password": factories.PASSWORD})
    assert "Đây có phải phần mình đã học?" in offer.text
    return visitor.browser.post("/guest/keep", {"answer": answer}).text


def at_home(new_browser: Callable[[], Browser], account: Account) -> Visitor:
    """The same person at a device of their own, signed in."""
    return Visitor(new_browser().sign_in(account.username))


# --- by signing up ------------------------------------------------------------------------------------------------


def test_signing_up_keeps_everything_and_gives_the_certificate(visitor: Visitor, database: Database) -> None:
    visitor.learn_everything()
    with at(days=3):
        welcome = visitor.sign_up()
    assert "Tài khoản đã sẵn sàng." in welcome.text
    assert "hoàn thành ngày 21/11/2026" in welcome.text
    assert "Xem" in welcome.text.partition("Giấy chứng nhận")[2]
    with database.reading() as db:
        person = db.scalars(select(Person)).one()
        enrolment = db.scalars(select(Enrolment)).one()
        assert (enrolment.person_id, enrolment.guest_id) == (person.id, None)
        completion = db.scalars(select(Completion)).one()
        assert (completion.completed_on, completion.score_percent) == (LEARNED_ON, 100)
        certificate = db.scalars(select(Certificate)).one()
        assert certificate.holder_name == FORM["name"]
        assert certificate.unit_name == "Phường Bắc Giang, Thành phố Bắc Ninh"
        assert certificate.holder_title == ""
        assert [len(db.scalars(select(table)).all()) for table in (BlockProgress, LessonReading, Attempt)] == [1, 1, 1]
        assert db.scalars(select(LessonFinish.finished_at).order_by(LessonFinish.finished_at)).all()[-1].minute == 10
        assert db.scalars(select(Guest)).all() == []


def test_it_counts_at_the_commune_from_the_day_it_was_learned(visitor: Visitor, database: Database) -> None:
    visitor.learn_everything()
    with at(days=3):
        visitor.sign_up()
    with database.reading() as db:
        post = db.scalars(select(Affiliation)).one()
        assert post.started_on == LEARNED_ON
        completion = db.scalars(select(Completion)).one()
        assert [held.unit_id for held in completion.posts] == [post.unit_id]
        entries = db.scalars(select(CoverageEntry).where(CoverageEntry.completion_id == completion.id)).all()
        assert {entry.effective_on for entry in entries} <= {LEARNED_ON}


def test_half_learned_goes_on_where_it_was(visitor: Visitor) -> None:
    with at(0):
        stamp = visitor.open("L1")
    with at(1):
        visitor.read("L1", stamp)
    assert "Kỹ năng" not in visitor.sign_up().text
    page = visitor.browser.get(COURSE).text
    assert "Đã xong 1 trên 3 bài" in page
    assert "Học tiếp: Bài L2" in page
    assert "Không phải tôi" not in page


def test_a_double_click_opens_one_account_and_moves_everything_once(visitor: Visitor, database: Database) -> None:
    visitor.learn_everything()
    visitor.browser.get("/sign-up")
    form = FORM | {"csrf_token": visitor.browser.token}
    with ThreadPoolExecutor(4) as pool:
        clicks = [
            pool.submit(visitor.browser.client.post, "/sign-up", data=form, follow_redirects=False) for _ in range(4)
        ]
    answers = [click.result() for click in clicks]
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.headers["location"] for answer in answers} == {"/my"}
    with database.reading() as db:
        assert [len(db.scalars(select(table)).all()) for table in (Account, Person, Enrolment, Completion)] == [1] * 4
        assert len(db.scalars(select(Certificate)).all()) == 1
        adopted = db.scalars(select(AuditEntry).where(AuditEntry.action == "guest.adopt")).all()
        assert [entry.details for entry in adopted] == [{"courses": 1}]


def test_a_page_left_open_goes_on_saving_after_the_sign_up(visitor: Visitor, database: Database) -> None:
    with at(0):
        stamp = visitor.open("L2")
    with at(1):
        visitor.save(stamp, (0, 30))
        visitor.sign_up()
        visitor.browser.get("/account")
        assert visitor.save(stamp, (30, 60), seq=2).json()["earned"] == 60
        assert visitor.save(stamp, (0, 30)).json()["earned"] == 60
    with database.reading() as db:
        assert len(db.scalars(select(BlockProgress)).all()) == 1
        assert db.scalars(select(Guest)).all() == []


# --- by signing in ------------------------------------------------------------------------------------------------


def test_signing_in_asks_whose_it_is_and_keeps_it(visitor: Visitor, member: Account, database: Database) -> None:
    visitor.learn_everything()
    with at(days=1):
        page = take_home(visitor, member)
    assert "Đã giữ lại." in page
    assert "hoàn thành ngày 21/11/2026" in page
    with database.reading() as db:
        assert db.scalars(select(Enrolment.person_id)).all() == [member.person_id]
        assert db.scalars(select(Guest)).all() == []
    assert visitor.browser.get("/guest/keep", follow_redirects=False).headers["location"] == "/my"
    assert visitor.browser.post("/guest/keep", {"answer": "yes"}, follow=False).headers["location"] == "/my"


def test_the_offer_leads_on_to_where_one_was_going(visitor: Visitor, member: Account) -> None:
    visitor.answer("L3")
    visitor.browser.get("/sign-in")
    form = {"name": member.username, "password": factories.PASSWORD, "next": "/account"}
    offer = visitor.browser.post("/sign-in", form)
    assert 'name="next" value="/account"' in offer.text
    assert visitor.browser.post("/guest/keep", {"answer": "yes", "next": "/account"}).url.path == "/account"


def test_somebody_elses_work_is_cleared_and_gives_nothing(
    visitor: Visitor, member: Account, database: Database
) -> None:
    visitor.learn_everything()
    assert "Đã xóa phần học ấy" in take_home(visitor, member, "no")
    with database.reading() as db:
        assert [db.scalars(select(table)).all() for table in (Enrolment, Completion, Guest)] == [[], [], []]


def test_after_a_sign_in_nobody_else_at_the_device_sees_it(
    visitor: Visitor, member: Account, db: Session, database: Database
) -> None:
    visitor.learn_everything()
    visitor.browser.sign_in(member.username)
    visitor.browser.post("/sign-out")
    assert "Đã xong" not in visitor.browser.get(COURSE).text
    other = factories.civil_servant(db)
    db.commit()
    visitor.browser.sign_in(other.username)
    assert visitor.browser.get("/guest/keep", follow_redirects=False).status_code == 303
    visitor.browser.post("/guest/keep", {"answer": "yes"})
    with database.reading() as reader:
        assert reader.scalars(select(Completion)).all() == []


def test_without_a_guest_there_is_no_detour(visitor: Visitor, member: Account) -> None:
    visitor.open("L1")
    visitor.browser.get("/sign-in")
    answer = visitor.browser.post("/sign-in", {"name": member.username, "password": factories.PASSWORD}, follow=False)
    assert answer.headers["location"] == "/my"


# --- both had begun -----------------------------------------------------------------------------------------------


def test_two_halves_of_a_video_make_a_whole(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], database: Database
) -> None:
    mine = at_home(new_browser, member)
    with at(days=-1):
        stamp = mine.open("L2")
    with at(5, days=-1):
        mine.save(stamp, (0, 45), client="nha")
    with at(0):
        stamp = visitor.open("L2")
    with at(5):
        visitor.save(stamp, (40, 90), client="quan", position=90)
        take_home(visitor, member)
    with database.reading() as db:
        video = db.scalars(select(BlockProgress)).one()
        assert (video.spans, video.earned, video.position) == ([[0, 90]], 90, 90)
        assert video.started_at < OPENED
        assert set(db.scalars(select(ProgressClient.client_id))) == {"nha", "quan"}
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L2"]
        assert db.scalars(select(Enrolment.person_id)).all() == [member.person_id]


def test_watching_twice_at_the_same_time_counts_no_faster_than_the_clock(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], database: Database
) -> None:
    mine = at_home(new_browser, member)
    with at(0):
        here, there = visitor.open("L2"), mine.open("L2")
    with at(0.4):
        assert mine.save(there, (0, 40)).json()["earned"] == 40
        assert visitor.save(here, (40, 90)).json()["earned"] == 50
        take_home(visitor, member)
    with database.reading() as db:
        video = db.scalars(select(BlockProgress)).one()
        assert (video.spans, video.earned) == ([[40, 90]], 50)
        assert db.scalars(select(LessonFinish)).all() == []


def test_reading_in_two_places_adds_up_and_at_once_is_one_time(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], database: Database
) -> None:
    mine = at_home(new_browser, member)
    with at(-1):
        earlier = mine.open("L1")
    with at(0):
        here, there = visitor.open("L1"), mine.open("L1")
    with at(0.2):
        assert mine.save(earlier, (0, 10), block=READING, client="som").json()["earned"] == 10
        assert mine.save(there, (0, 12), block=READING, client="nha").json()["earned"] == 22
        assert visitor.save(here, (6, 12), block=READING, client="quan").json()["earned"] == 6
        take_home(visitor, member)
    with database.reading() as db:
        reading = db.scalars(select(BlockProgress)).one()
        assert reading.earned == reading.spent_s == 22
        assert set(db.scalars(select(ProgressClient.client_id))) == {"som", "nha", "quan"}


def test_attempts_are_counted_on_and_the_best_one_stays(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], database: Database
) -> None:
    mine = at_home(new_browser, member)
    mine.answer("L3", {})
    visitor.answer("L3")
    visitor.browser.post(f"{visitor.url('L3')}/quiz")
    take_home(visitor, member)
    with database.reading() as db:
        attempts = db.scalars(select(Attempt).order_by(Attempt.number)).all()
        assert [(attempt.number, attempt.passed) for attempt in attempts] == [(1, False), (2, True), (3, None)]
        assert len({attempt.enrolment_id for attempt in attempts}) == 1
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L3"]


def test_of_two_open_attempts_the_fuller_one_stays(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], database: Database
) -> None:
    mine = at_home(new_browser, member)
    mine.browser.post(f"{mine.url('L3')}/quiz")
    page = visitor.browser.post(f"{visitor.url('L3')}/quiz")
    visitor.browser.post(f"{page.url.path}/answers", {"question": "q1", "value": "o2", "seq": "1"})
    take_home(visitor, member)
    with database.reading() as db:
        attempt = db.scalars(select(Attempt)).one()
        assert (attempt.answers, attempt.submitted_at) == ({"q1": "o2"}, None)


def test_what_each_did_half_of_is_finished_together(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], db: Session, database: Database
) -> None:
    making.course(db, making.Lesson("M1", questions=tuple(making.QUESTIONS)), access="open", slug="hai-nua")
    db.commit()
    mine, guest = at_home(new_browser, member), Visitor(visitor.browser, "hai-nua")
    mine.slug = "hai-nua"
    with at(days=-2):
        stamp = mine.open("M1")
    with at(5, days=-2):
        mine.read("M1", stamp)
    with at(days=-1):
        guest.answer("M1")
    with at(0):
        take_home(guest, member)
    with database.reading() as reader:
        assert reader.scalars(select(Completion.completed_on)).all() == [clock.day_of(OPENED)]


def test_nothing_that_was_completed_before_is_completed_again(
    visitor: Visitor, member: Account, new_browser: Callable[[], Browser], database: Database
) -> None:
    at_home(new_browser, member).learn_everything()
    visitor.learn_everything()
    with at(days=1):
        take_home(visitor, member)
    with database.reading() as db:
        assert len(db.scalars(select(Completion)).all()) == 1
        assert len(db.scalars(select(Certificate)).all()) == 1
        finishes = db.scalars(select(LessonFinish)).all()
        assert sorted(finish.lesson_key for finish in finishes) == ["L1", "L2", "L3"]
