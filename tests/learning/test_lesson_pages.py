"""The course page and the lesson page: one thing to do next, and exactly what is missing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.identity.models import Person
from app.learning.models import Enrolment, LessonReading
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.conftest import Learner
from tests.learning.making import RIGHT_ANSWERS, Lesson

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
COURSE = f"/courses/{making.SLUG}"


def after(seconds: float) -> object:
    return clock.frozen(OPENED + timedelta(seconds=seconds))


def lesson(key: str) -> str:
    return f"/learn/{making.SLUG}/{key}"


@pytest.fixture
def visitor(db: Session, browser: Browser) -> Browser:
    """Somebody signed in who has not enrolled; there is a course."""
    making.course(db, making.READ, making.WATCH, making.ANSWER)
    account = factories.civil_servant(db)
    db.commit()
    return browser.sign_in(account.username)


# --- the course ---------------------------------------------------------------------------------------------------


def test_anybody_sees_the_course_and_is_asked_to_sign_in(db: Session, browser: Browser) -> None:
    making.course(db, making.READ)
    db.commit()
    page = browser.get(COURSE)
    assert page.status_code == 200
    assert "Đăng nhập để học" in page.text
    assert "Bài L1" in page.text
    assert browser.get(lesson("L1"), follow_redirects=False).headers["location"].startswith("/sign-in?next=/learn/")


@pytest.mark.parametrize("address", ["/courses/khong-co", "/learn/khong-co/L1", f"/learn/{making.SLUG}/L77"])
def test_what_is_not_there_is_not_found(visitor: Browser, address: str) -> None:
    assert visitor.get(address).status_code == 404


def test_enrolling_goes_to_the_first_lesson_and_happens_once(visitor: Browser, database: Database) -> None:
    assert "Bắt đầu học" in visitor.get(COURSE).text
    assert str(visitor.post(f"{COURSE}/enrol").url).endswith(lesson("L1"))
    visitor.post(f"{COURSE}/enrol")
    with database.reading() as db:
        assert len(db.scalars(select(Enrolment)).all()) == 1


def test_a_lesson_opened_by_its_address_offers_to_enrol_and_leads_back_to_it(visitor: Browser) -> None:
    offer = visitor.get(lesson("L2"))
    assert "Ghi danh và học bài này" in offer.text
    assert str(visitor.post(f"{COURSE}/enrol", {"lesson": "L2"}).url).endswith(lesson("L2"))


def test_the_main_button_continues_where_one_was(learner: Learner) -> None:
    assert "Bắt đầu học" in learner.browser.get(COURSE).text
    with after(0):
        stamp = learner.open_lesson("L2")
    with after(30):
        learner.save(stamp, (0, 20))
    page = learner.browser.get(COURSE).text
    assert "Học tiếp: Bài L2" in page
    assert "Đã xong 0 trên 3 bài" in page


def test_a_newer_version_is_offered_and_taken_by_choice(learner: Learner, db: Session) -> None:
    making.course(db, making.READ, Lesson("L8"))
    db.commit()
    assert "Khóa học đã có bản mới" in learner.browser.get(COURSE).text
    assert learner.browser.get(lesson("L8")).status_code == 404
    moved = learner.browser.post(f"{COURSE}/move")
    assert "Đang học bản mới" in moved.text
    assert "Khóa học đã có bản mới" not in moved.text
    assert learner.browser.get(lesson("L8")).status_code == 200


def test_moving_needs_an_enrolment(visitor: Browser) -> None:
    assert visitor.post(f"{COURSE}/move").status_code == 404


# --- the lesson ---------------------------------------------------------------------------------------------------


def test_the_lesson_says_exactly_what_is_missing(db: Session, new_learner: Callable[..., Learner]) -> None:
    making.course(db, Lesson("L1", minutes=5, videos=(412.5,), questions=tuple(making.QUESTIONS)))
    learner = new_learner()
    with after(0):
        stamp = learner.open_lesson("L1")
    with after(300):
        learner.save(stamp, (0, 250.4))
        page = learner.browser.get(lesson("L1")).text
    assert "Đã ghi nhận 4 phút 10 giây. Còn 1 phút 20 giây." in page
    assert "Phần chữ: đọc hết, ít nhất 45 giây, rồi bấm “Tôi đã đọc xong”." in page
    assert "Bài kiểm tra: 3 câu, cần đạt từ 70%." in page


def test_the_page_carries_where_the_video_goes_on(learner: Learner) -> None:
    with after(0):
        stamp = learner.open_lesson("L2")
    with after(60):
        learner.save(stamp, (0, 42.5), position=42.5)
    assert re.search(
        r"data-positions='\{&#34;v1&#34;: 42.5\}'|data-positions='\{\"v1\": 42.5\}'",
        learner.browser.get(lesson("L2")).text,
    )


def test_reading_counts_once_the_page_was_open_long_enough(learner: Learner, database: Database) -> None:
    with after(0):
        stamp = learner.open_lesson("L1")
    with after(12):
        early = learner.read("L1", stamp)
    assert early.status_code == 422
    assert "Trang bài học mới mở được 12 giây" in early.text
    assert "sau 8 giây nữa" in early.text
    assert stamp in early.text
    with after(20):
        done = learner.read("L1", stamp)
    assert "Bài này đã xong" in done.text
    assert "Học tiếp: Bài L2" in done.text
    with database.reading() as db:
        reading = db.scalars(select(LessonReading)).one()
        assert (reading.opened_at, reading.read_at) == (OPENED, OPENED + timedelta(seconds=20))


def test_a_long_lesson_must_have_been_open_for_15_percent_of_its_minutes(
    db: Session, new_learner: Callable[..., Learner]
) -> None:
    making.course(db, Lesson("L1", minutes=10))
    learner = new_learner()
    with after(0):
        stamp = learner.open_lesson("L1")
    with after(89):
        assert learner.read("L1", stamp).status_code == 422
    with after(90):
        assert learner.read("L1", stamp).status_code == 200


def test_saying_it_twice_changes_nothing(learner: Learner, database: Database) -> None:
    with after(0):
        stamp = learner.open_lesson("L1")
    with after(30):
        learner.read("L1", stamp)
    with after(90):
        assert learner.read("L1", stamp).status_code == 200
    with database.reading() as db:
        assert db.scalars(select(LessonReading.read_at)).one() == OPENED + timedelta(seconds=30)


@pytest.mark.parametrize("key", ["L2", "L3"])
def test_the_stamp_of_another_lesson_does_not_count(learner: Learner, key: str, database: Database) -> None:
    with after(0):
        stamp = learner.open_lesson(key)
    with after(300):
        assert learner.read("L1", stamp).status_code == 422
        assert learner.read("L1", "").status_code == 422
    with database.reading() as db:
        assert db.scalars(select(LessonReading)).all() == []


def test_htmx_gets_only_the_part_that_changed_and_the_page_keeps_its_stamp(learner: Learner) -> None:
    with after(0):
        stamp = learner.open_lesson("L1")
    with after(10):
        part = learner.browser.get(lesson("L1"), params={"stamp": stamp}, headers={"hx-request": "true"}).text
        read = learner.browser.htmx_post(f"{lesson('L1')}/read", {"stamp": stamp}).text
    for text in (part, read):
        assert "<html" not in text
        assert text.count(stamp) >= 1


def test_reading_somebody_elses_lesson_needs_an_enrolment(visitor: Browser) -> None:
    assert visitor.post(f"{lesson('L1')}/read", {"stamp": "x"}).status_code == 404


def test_the_last_lesson_completes_the_course_and_leads_to_the_certificate(learner: Learner, db: Session) -> None:
    with after(0):
        reading, watching = learner.open_lesson("L1"), learner.open_lesson("L2")
    with after(100):
        learner.read("L1", reading)
        assert learner.save(watching, (0, 90)).json()["lesson_finished"] is True
        learner.browser.post(f"{lesson('L3')}/quiz")
        result = learner.browser.post("/attempts/1/submit", RIGHT_ANSWERS).text
    assert "Chúc mừng! Đã hoàn thành khóa học" in result
    assert "Xem giấy chứng nhận" in result
    assert "Đã hoàn thành khóa học" in learner.browser.get(lesson("L3")).text
    page = learner.browser.get(COURSE).text
    assert "Xem giấy chứng nhận" in page
    assert "hoàn thành ngày 21/11/2026" in page


# --- my own page --------------------------------------------------------------------------------------------------


def test_my_page_opens_with_what_my_group_must_learn(visitor: Browser) -> None:
    page = visitor.get("/my").text
    assert "Cần hoàn thành năm" in page
    assert f"Khóa học thử {making.SLUG}" in page
    assert "Bắt đầu học" in page


def test_my_page_of_somebody_outside_the_audience_requires_nothing(db: Session, browser: Browser) -> None:
    making.course(db, making.READ)
    account = factories.account(db)
    db.commit()
    page = browser.sign_in(account.username).get("/my").text
    assert "Cần hoàn thành năm" not in page
    assert "Chưa có khóa học nào của anh/chị" in page


def test_my_page_shows_an_open_course_under_way(db: Session, new_learner: Callable[..., Learner]) -> None:
    making.course(db, making.READ, Lesson("L2"), access="open")
    learner = new_learner()
    with after(0):
        stamp = learner.open_lesson("L1")
    with after(60):
        learner.read("L1", stamp)
    page = learner.browser.get("/my").text
    assert "Đang học" in page
    assert "50% · còn 1 bài" in page


def test_my_page_greets_people_as_they_are_addressed(db: Session, browser: Browser) -> None:
    account = factories.civil_servant(db, name="Nguyễn Thị Hạnh")
    db.get_one(Person, account.person_id).sex = "female"
    db.commit()
    page = browser.sign_in(account.username).get("/my").text
    assert "Chào chị Hạnh" in page
    assert "Chuyên viên · Phường Bắc Giang" in page


def test_my_page_is_for_who_is_signed_in(browser: Browser) -> None:
    assert browser.get("/my", follow_redirects=False).headers["location"] == "/sign-in?next=/my"
