"""Reading time: seconds of the server's clock in which the page was seen, in any order, from any number of devices."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.learning.models import BlockProgress, LessonFinish
from app.learning.rules import READING
from app.learning.spans import MAX_SPANS, SLACK_S, Span, credit_reading, total
from tests.learning import making
from tests.learning.conftest import Learner

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
# A lesson of twenty minutes asks for three of reading.
LONG = making.Lesson("L1", minutes=20)

seconds = st.integers(0, 2400).map(lambda quarter: quarter / 4)
claims = st.lists(st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair))), max_size=8)


def at(seconds: float) -> Any:
    return clock.frozen(OPENED + timedelta(seconds=seconds))


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.integers(0, 600), claims), max_size=6), st.integers(0, 1200))
def test_pages_at_once_earn_no_more_than_the_clock_and_lose_nothing(
    pages: list[tuple[int, list[Span]]], now: int
) -> None:
    has: tuple[Span, ...] = ()
    for opened, claim in pages:
        result = credit_reading(has, claim, after(opened), after(now))
        assert result.earned >= total(has)
        assert (result.reason is None) or result.spans == has
        has = result.spans
    assert total(has) <= now


@given(claims, claims)
def test_order_and_repeats_change_nothing(first: list[Span], second: list[Span]) -> None:
    def read(*saves: list[Span]) -> tuple[Span, ...]:
        has: tuple[Span, ...] = ()
        for claim in saves:
            has = credit_reading(has, claim, OPENED, after(3600)).spans
        return has

    assert read(first, second) == read(second, first) == read(first, second, first, second)


@pytest.mark.parametrize(
    ("claim", "elapsed_s", "earned", "kind"),
    [
        ([(0, 60)], 60, 60, None),
        # Clocks round: a hair beyond now is cut off, more is refused.
        ([(0, 63)], 60, 60, None),
        ([(0, 60 + SLACK_S + 1)], 60, 0, "ahead"),
        ([(50, 40)], 60, 0, "malformed"),
        ([(-5, 40)], 60, 0, "malformed"),
        ([(0, 0.1)] * (MAX_SPANS + 1), 60, 0, "malformed"),
        ([(0, 1)], -60, 0, None),
    ],
)
def test_a_second_of_reading_takes_a_second(claim: list[Span], elapsed_s: float, earned: float, kind: str) -> None:
    result = credit_reading((), claim, OPENED, after(elapsed_s))
    assert (result.earned, result.reason and result.reason.kind) == (earned, kind)


@pytest.fixture
def reader(db: Session, new_learner: Callable[..., Learner]) -> Learner:
    making.course(db, LONG)
    return new_learner()


def save(learner: Learner, stamp: str, *spans: Span, **fields: Any) -> dict[str, Any]:
    response = learner.save(stamp, *spans, block=READING, **fields)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def say_read(learner: Learner, stamp: str) -> str:
    form = {"stamp": stamp, "measured": "yes"}
    return learner.browser.post(f"/learn/{making.SLUG}/L1/read", form).text


def test_the_page_reports_how_long_it_is_read_and_says_what_is_left(reader: Learner, database: Database) -> None:
    with at(0):
        stamp = reader.open_lesson("L1")
    with at(100):
        answer = save(reader, stamp, (0, 40), (60, 100))
        page = reader.browser.get(f"/learn/{making.SLUG}/L1").text
    assert (answer["earned"], answer["needed"], answer["reason"]) == (80, 180, None)
    assert "Phần chữ: Đã ghi nhận 1 phút 20 giây. Còn 1 phút 40 giây." in page
    with at(500):
        assert "Mới ghi nhận 1 phút 20 giây đọc bài" in say_read(reader, stamp), "an open page is not a read one"
        assert save(reader, stamp, (100, 200), seq=2)["earned"] == 180
        assert "đã đủ thời gian đọc" in reader.browser.get(f"/learn/{making.SLUG}/L1").text
        say_read(reader, stamp)
    with database.reading() as db:
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L1"]


def test_two_devices_at_once_read_one_time(reader: Learner, database: Database) -> None:
    with at(0):
        phone = reader.open_lesson("L1")
    with at(10):
        desk = reader.open_lesson("L1")
    with at(100):
        save(reader, phone, (0, 95), client="phone")
        assert save(reader, desk, (0, 88), client="desk")["earned"] == 98
    with database.reading() as db:
        (row,) = db.scalars(select(BlockProgress))
        assert row.earned == row.spent_s == 98


def test_what_was_read_without_a_network_counts_when_it_comes(reader: Learner) -> None:
    with at(0):
        stamp = reader.open_lesson("L1")
    with at(3600):
        assert save(reader, stamp, (100, 200), seq=2)["earned"] == 100
        assert save(reader, stamp, (0, 100), seq=1)["earned"] == 200
        assert save(reader, stamp, (0, 100), seq=1)["earned"] == 200


def test_a_page_that_claims_the_future_is_told_why(reader: Learner) -> None:
    with at(0):
        stamp = reader.open_lesson("L1")
    with at(20):
        answer = save(reader, stamp, (0, 180))
    assert answer["earned"] == 0
    assert "theo đồng hồ máy chủ, trang này mới mở 20 giây, mà máy đang dùng báo 180 giây" in answer["reason"]


def test_without_javascript_the_age_of_the_page_decides(reader: Learner) -> None:
    with at(0):
        stamp = reader.open_lesson("L1")
    with at(170):
        assert reader.read("L1", stamp).status_code == 422
    with at(181):
        assert reader.read("L1", stamp).status_code == 200


def test_a_lesson_without_text_to_read_takes_no_reading(db: Session, new_learner: Callable[..., Learner]) -> None:
    making.course(db, making.WATCH)
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L2")
    with at(60):
        assert learner.save(stamp, (0, 50), block=READING).status_code == 404
