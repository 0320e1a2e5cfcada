"""Open courses without an account: everything works, is judged as for anybody, and is kept without knowing who."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.csrf import BROWSER_COOKIE
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.core.settings import Settings
from app.learning import stamps
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
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.visiting import OPENED, Visitor, at

pytestmark = pytest.mark.on_both

COURSE = f"/courses/{making.SLUG}"
KEPT = (Guest, Enrolment, BlockProgress, ProgressClient, LessonReading, LessonFinish, Attempt)


@pytest.fixture
def visitor(db: Session, browser: Browser) -> Visitor:
    """At an open course of three lessons; beside it stands one that is assigned."""
    making.course(db, making.READ, making.WATCH, making.ANSWER, access="open")
    making.course(db, making.READ, making.ANSWER, slug="khoa-giao")
    db.commit()
    return Visitor(browser)


def counts(database: Database) -> dict[str, int]:
    with database.reading() as db:
        found = {table.__tablename__: db.scalar(select(func.count()).select_from(table)) or 0 for table in KEPT}
    return {name: count for name, count in found.items() if count}


# --- finding and opening ------------------------------------------------------------------------------------------


def test_the_catalogue_marks_open_courses_and_shows_only_them_on_request(visitor: Visitor) -> None:
    everything = visitor.browser.get("/courses").text
    assert everything.count("Mở cho mọi người") == 1
    assert "khoa-giao" in everything
    only_open = visitor.browser.get("/courses?access=open").text
    assert "1 khóa học học được ngay, không cần tài khoản." in only_open
    assert "/courses/khoa-giao" not in only_open


def test_the_course_page_leads_straight_into_the_first_lesson(visitor: Visitor, database: Database) -> None:
    page = visitor.browser.get(COURSE).text
    assert "Học ngay, không cần tài khoản" in page
    assert f'href="{visitor.url("L1")}"' in page
    lesson = visitor.browser.get(visitor.url("L1"))
    assert "Chữ của L1" in lesson.text
    assert lesson.headers["cache-control"] == "private, no-store"
    assert "Đăng ký để giữ kết quả" not in lesson.text
    assert counts(database) == {}


def test_an_assigned_course_asks_to_sign_in(visitor: Visitor, database: Database) -> None:
    assert "Đăng nhập để học" in visitor.browser.get("/courses/khoa-giao").text
    for address in ("/learn/khoa-giao/L1", "/learn/khoa-giao/L3/quiz"):
        answer = visitor.browser.get(address, follow_redirects=False)
        assert answer.headers["location"].startswith("/sign-in?next=/learn/")
    for address in ("/learn/khoa-giao/L1/read", "/learn/khoa-giao/L3/quiz"):
        assert visitor.browser.post(address, follow=False).headers["location"].startswith("/sign-in")
    assert counts(database) == {}


def test_somebody_signed_in_needs_not_enrol_in_an_open_course_either(
    visitor: Visitor, db: Session, database: Database
) -> None:
    account = factories.civil_servant(db)
    db.commit()
    visitor.browser.sign_in(account.username)
    with at(0):
        stamp = visitor.open("L1")
    assert counts(database) == {}
    with at(5):
        assert "Bài này đã xong" in visitor.read("L1", stamp).text
        assert visitor.save(visitor.open("L2"), (0, 3)).json()["earned"] == 3
    with database.reading() as reader:
        assert reader.scalars(select(Enrolment.person_id)).all() == [account.person_id]
        assert reader.scalars(select(Guest.id)).all() == []


# --- learning -----------------------------------------------------------------------------------------------------


def test_reading_is_taken_by_the_servers_clock_and_sign_up_is_offered_after_it(
    visitor: Visitor, database: Database
) -> None:
    with at(0):
        stamp = visitor.open("L1")
    with at(0.1):
        early = visitor.read("L1", stamp)
    assert early.status_code == 422
    assert "Trang bài học mới mở được 6 giây" in early.text
    assert stamp in early.text
    assert "Đăng ký để giữ kết quả" not in early.text
    with at(1):
        done = visitor.read("L1", stamp)
    assert "Bài này đã xong" in done.text
    assert "Học tiếp: Bài L2" in done.text
    assert "Đăng ký để giữ kết quả" in done.text
    assert "Chưa muốn thì cứ học tiếp" in done.text
    with database.reading() as db:
        assert db.scalars(select(LessonReading.opened_at)).all() == [OPENED]


def test_the_part_of_the_page_that_htmx_asks_for_keeps_its_stamp(visitor: Visitor) -> None:
    with at(0):
        stamp = visitor.open("L1")
    with at(1):
        asked = {"params": {"stamp": stamp}, "headers": {"hx-request": "true"}}
        assert stamp in visitor.browser.get(visitor.url("L1"), **asked).text
        part = visitor.browser.htmx_post(f"{visitor.url('L1')}/read", {"stamp": stamp}).text
    assert "<html" not in part
    assert "Đăng ký để giữ kết quả" in part


def test_a_quiz_is_taken_and_explained(visitor: Visitor) -> None:
    assert "3 câu. Đạt từ 70%" in visitor.browser.get(f"{visitor.url('L3')}/quiz").text
    result = visitor.answer("L3").text
    assert "100%" in result
    assert "Ký số dùng chứng thư số." in result
    assert "Giữ lại kết quả vừa đạt?" in result
    assert "Lần 1" in visitor.browser.get(f"{visitor.url('L3')}/quiz").text


def test_a_video_is_credited_as_for_anybody(visitor: Visitor, database: Database) -> None:
    with at(0):
        stamp = visitor.open("L2")
    with at(0.5):
        assert visitor.save(stamp, (0, 50)).json()["earned"] == 50
        too_fast = visitor.save(stamp, (50, 100), seq=2).json()
        assert (too_fast["earned"], too_fast["credited"]) == (50, 0)
        assert "máy chủ mới ghi nhận" in too_fast["reason"]
        assert visitor.save(stamp, (0, 50)).json()["earned"] == 50
    with at(1):
        last = visitor.save(stamp, (50, 90), seq=3).json()
    assert (last["earned"], last["lesson_finished"]) == (90, True)
    assert counts(database)["guest"] == counts(database)["block_progress"] == 1
    assert "Đăng ký để giữ kết quả" in visitor.browser.get(visitor.url("L2")).text


def test_the_course_page_goes_on_where_the_guest_stopped(visitor: Visitor) -> None:
    with at(0):
        stamp = visitor.open("L1")
    with at(1):
        visitor.read("L1", stamp)
    page = visitor.browser.get(COURSE).text
    assert "Đã xong 1 trên 3 bài" in page
    assert "Không phải tôi, bắt đầu lại" in page


def test_a_guest_who_learned_everything_completes_nothing_but_is_told_how(visitor: Visitor, database: Database) -> None:
    visitor.learn_everything()
    page = visitor.browser.get(visitor.url("L3")).text
    assert "Đã học xong cả khóa" in page
    assert "Nhận giấy chứng nhận mang tên mình?" in page
    assert "Nhận giấy chứng nhận mang tên mình?" in visitor.browser.get(COURSE).text
    with database.reading() as db:
        assert len(db.scalars(select(LessonFinish)).all()) == 3
        assert db.scalars(select(Completion)).all() == []


def test_two_first_acts_at_once_make_one_guest(visitor: Visitor, database: Database) -> None:
    with at(0):
        watching, reading = visitor.open("L2"), visitor.open("L1")
    with at(5), ThreadPoolExecutor(6) as pool:
        saves = [pool.submit(visitor.save, watching, (n, n + 1), seq=n) for n in range(5)]
        read = pool.submit(visitor.browser.client.post, f"{visitor.url('L1')}/read",
                           data={"csrf_token": visitor.browser.token, "stamp": reading})  # fmt: skip
        assert [save.result().status_code for save in saves] == [200] * 5
        assert read.result().status_code == 200
    found = counts(database)
    assert (found["guest"], found["enrolment"], found["lesson_reading"], found["block_progress"]) == (1, 1, 1, 1)


# --- whose it is --------------------------------------------------------------------------------------------------


def test_a_stamp_is_worth_nothing_in_another_browser(
    visitor: Visitor, new_browser: Callable[[], Browser], database: Database
) -> None:
    with at(0):
        reading, watching = visitor.open("L1"), visitor.open("L2")
        stranger = Visitor(new_browser())
        stranger.open("L1")
    with at(30):
        assert stranger.read("L1", reading).status_code == 422
        assert stranger.save(watching, (0, 50)).status_code == 422
    assert "lesson_reading" not in counts(database)


def test_another_guest_sees_nothing_of_it(visitor: Visitor, new_browser: Callable[[], Browser]) -> None:
    result = visitor.answer("L3")
    stranger = Visitor(new_browser())
    assert "Đã xong" not in stranger.browser.get(COURSE).text
    assert stranger.browser.get(result.url.path, follow_redirects=False).status_code == 303
    stranger.answer("L3", {})
    assert stranger.browser.get(result.url.path).status_code == 404


def test_the_stamp_of_an_enrolment_is_not_the_guests(visitor: Visitor, db: Session) -> None:
    visitor.answer("L3")
    enrolment_id = db.scalars(select(Enrolment.id)).one()
    db.rollback()
    with at(0):
        stamp = stamps.issue(enrolment_id, "L2")
    with at(5):
        assert visitor.save(stamp, (0, 50)).status_code == 401


def test_a_form_of_a_guest_needs_its_token(visitor: Visitor, database: Database) -> None:
    with at(0):
        reading, watching = visitor.open("L1"), visitor.open("L2")
    acts = (
        lambda: visitor.read("L1", reading),
        lambda: visitor.save(watching, (0, 50)),
        lambda: visitor.browser.post("/guest/forget"),
    )
    for act in acts:
        visitor.browser.token = "x.y"
        with at(5):
            assert act().status_code == 403
    assert counts(database) == {}


def test_nothing_of_a_person_or_device_is_kept(visitor: Visitor, database: Database) -> None:
    visitor.learn_everything()
    cookie = visitor.browser.client.cookies[BROWSER_COOKIE]
    with database.reading() as db:
        guest = db.scalars(select(Guest)).one()
        assert {column.name for column in Guest.__table__.columns} == {"id", "holder_digest", "created_at"}
        assert cookie.encode() not in guest.holder_digest
        assert db.scalars(select(Enrolment.person_id)).all() == [None]


# --- forgetting ---------------------------------------------------------------------------------------------------


def test_the_next_person_at_the_device_starts_over(visitor: Visitor, database: Database) -> None:
    visitor.learn_everything()
    cleared = visitor.browser.post("/guest/forget")
    assert "Đã xóa phần học trên máy này" in cleared.text
    assert counts(database) == {}
    assert "Đã xong" not in visitor.browser.get(COURSE).text
    assert visitor.browser.post("/guest/forget").status_code == 200


def test_idle_guests_are_forgotten_after_thirty_days(
    visitor: Visitor, database: Database, worker: Worker, new_browser: Callable[[], Browser]
) -> None:
    visitor.learn_everything()
    other = Visitor(new_browser())
    with at(days=25):
        other.answer("L3")
    for days, left in ((29, 2), (31, 1), (56, 0)):
        with at(days=days):
            with database.writing() as db:
                enqueue(db, "learning.forget_guests")
            worker.run_all()
        assert counts(database).get("guest", 0) == left
    assert counts(database) == {}


def test_one_address_makes_no_flood_of_guests(
    visitor: Visitor, new_browser: Callable[[], Browser], settings: Settings, database: Database
) -> None:
    settings.guest_limit = "1/hour"
    visitor.answer("L3")
    stranger = Visitor(new_browser())
    assert stranger.browser.post(f"{stranger.url('L3')}/quiz").status_code == 429
    with clock.frozen(OPENED):
        stamp = stranger.open("L2")
    with clock.frozen(OPENED + timedelta(minutes=5)):
        assert stranger.save(stamp, (0, 50)).status_code == 429
    assert re.search(r"Học ngay", stranger.browser.get(COURSE).text)
    assert counts(database)["guest"] == 1
