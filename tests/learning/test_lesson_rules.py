"""What a lesson asks is its author's to say (`completion`); what is said nowhere is as it always was."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.lesson_rules import LessonRule, as_stored, rule_of
from app.core import clock
from app.core.db import Database
from app.learning.models import LessonFinish
from tests.learning import making
from tests.learning.conftest import Learner

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def at(seconds: float) -> Any:
    return clock.frozen(OPENED + timedelta(seconds=seconds))


def is_finished(database: Database) -> bool:
    with database.reading() as db:
        return db.scalar(select(LessonFinish.id)) is not None


@pytest.mark.parametrize(
    ("stored", "rule"),
    [
        (None, LessonRule(80, read=True, quiz=True, open=False)),
        ({}, LessonRule(80, read=True, quiz=True, open=False)),
        ({"watch": 90, "read": False}, LessonRule(90, read=False, quiz=True, open=False)),
        ({"open": True}, LessonRule(0, pages=0, read=False, quiz=False, open=True)),
        ({"pages": 50}, LessonRule(pages=50)),
        ({"open": True, "pages": 100}, LessonRule(0, read=False, quiz=False, open=True)),
        ({"open": True, "quiz": True}, LessonRule(0, pages=0, read=False, quiz=True, open=True)),
    ],
)
def test_what_is_not_said_is_the_default(stored: dict[str, Any] | None, rule: LessonRule) -> None:
    assert rule_of(stored) == rule
    assert as_stored(rule) == (stored or {})


@pytest.mark.parametrize(("percent", "needed_s"), [(50, 50), (80, 80), (100, 100)])
def test_a_video_asks_for_the_percent_its_author_names(
    db: Session, new_learner: Callable[..., Learner], database: Database, percent: int, needed_s: float
) -> None:
    making.course(db, making.Lesson("L1", videos=(100.0,), completion={"watch": percent, "read": False}))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    with at(100):
        answer = learner.save(stamp, (0, needed_s - 1)).json()
        assert (answer["needed"], answer["lesson_finished"]) == (needed_s, False)
        assert "Còn 1 giây." in learner.browser.get(f"/learn/{making.SLUG}/L1").text
        assert learner.save(stamp, (needed_s - 1, needed_s), seq=2).json()["lesson_finished"]
    assert is_finished(database)


def test_opening_is_enough_where_the_author_says_so_but_only_by_an_act(
    db: Session, new_learner: Callable[..., Learner], database: Database
) -> None:
    making.course(db, making.Lesson("L1", minutes=30, videos=(100.0,), completion={"open": True}))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
        assert "Mở bài và bấm “Hoàn thành bài”." in learner.browser.get(f"/learn/{making.SLUG}/L1").text
        assert not is_finished(database), "looking writes nothing"
        for _twice in range(2):
            assert learner.read("L1", stamp).status_code == 200
    assert is_finished(database)


def test_a_quiz_may_be_there_only_to_try_oneself(
    db: Session, new_learner: Callable[..., Learner], database: Database
) -> None:
    making.course(db, making.Lesson("L1", questions=tuple(making.QUESTIONS), completion={"quiz": False}))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    with at(60):
        page = learner.browser.get(f"/learn/{making.SLUG}/L1").text
        assert "Làm bài kiểm tra" in page
        assert "cần đạt từ" not in page
        learner.read("L1", stamp)
    assert is_finished(database)


def test_twenty_minutes_clicked_through_in_twenty_seconds_earn_nothing_and_say_why(
    db: Session, new_learner: Callable[..., Learner], database: Database
) -> None:
    making.course(db, making.Lesson("L1", minutes=20, videos=(1200.0,)))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    with at(20):
        watched = learner.save(stamp, (0, 1200)).json()
        read = learner.save(stamp, (0, 180), block="@read").json()
        said = learner.browser.post(f"/learn/{making.SLUG}/L1/read", {"stamp": stamp, "measured": "yes"})
    assert (watched["earned"], watched["lesson_finished"], read["earned"]) == (0, False, 0)
    assert "máy chủ mới ghi nhận 20 giây kể từ khi mở bài, không đủ để xem thêm 1200 giây" in watched["reason"]
    assert "trang này mới mở 20 giây" in read["reason"]
    assert said.status_code == 422
    assert "Mới ghi nhận 0 giây đọc bài" in said.text
    assert not is_finished(database)


@pytest.mark.parametrize("speed", [1.0, 1.5, 2.0])
def test_honest_playback_at_any_speed_earns_the_whole_lesson(
    db: Session, new_learner: Callable[..., Learner], database: Database, speed: float
) -> None:
    making.course(db, making.Lesson("L1", minutes=20, videos=(1200.0,), completion={"watch": 100}))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    real_s, seen_s, number = 0.0, 0.0, 0
    while seen_s < 1200:
        # A report every fifteen seconds, as the page sends them.
        real_s, number = min(real_s + 15, 1200 / speed), number + 1
        with at(real_s):
            reached = min(1200.0, real_s * speed)
            answer = learner.save(stamp, (seen_s, reached), seq=number).json()
            learner.save(stamp, (real_s - 15, real_s), seq=number, block="@read")
        assert answer["reason"] is None
        seen_s = reached
    assert answer["earned"] == 1200
    with at(real_s):
        said = learner.browser.post(f"/learn/{making.SLUG}/L1/read", {"stamp": stamp, "measured": "yes"})
    assert said.status_code == 200
    assert is_finished(database)


def test_the_course_and_my_page_say_what_each_lesson_still_asks(
    db: Session, new_learner: Callable[..., Learner]
) -> None:
    making.course(db, making.Lesson("L1", minutes=20, videos=(600.0,)), making.Lesson("L2"))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    with at(300):
        learner.save(stamp, (0, 240))
        course = learner.browser.get(f"/courses/{making.SLUG}").text
        mine = learner.browser.get("/my").text
    assert "Đã ghi nhận 4 phút. Còn 4 phút." in course
    assert "Phần chữ: đọc hết, ít nhất 3 phút" in course
    assert "Phần chữ: đọc hết, ít nhất 20 giây" in course
    assert "Đã ghi nhận 4 phút. Còn 4 phút." in mine
    assert "ít nhất 20 giây" not in mine, "only the next lesson"
