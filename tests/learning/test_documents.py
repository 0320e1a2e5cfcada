"""Documents by page: a page counts after it was in front for a while by the server's clock, once, from any device."""

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
from app.learning.spans import LEAST_PAGE_S, MAX_SPANS, Span, credit_pages, total
from tests.browser import Browser
from tests.learning import making, visiting
from tests.learning.conftest import Learner

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
# Twelve pages and nothing else.
LEAF = making.Lesson("L1", documents=(12,), has_text=False)

pages = st.integers(0, 11).map(lambda page: (float(page), float(page + 1)))
claims = st.lists(pages, max_size=6)


def at(seconds: float) -> Any:
    return clock.frozen(OPENED + timedelta(seconds=seconds))


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


@given(st.lists(st.tuples(claims, st.integers(0, 10)), max_size=10))
def test_all_claims_together_earn_no_more_pages_than_the_clock_allows_and_lose_none(
    told: list[tuple[list[Span], int]],
) -> None:
    has: tuple[Span, ...] = ()
    now = 0
    for claim, seconds in told:
        now += seconds
        result = credit_pages(has, claim, OPENED, 12, after(now))
        assert set(_pages(has)) <= set(_pages(result.spans)) <= {*_pages(has), *_pages(claim)}
        assert result.earned * LEAST_PAGE_S <= now
        assert result.reason is None or result.spans == has
        has = result.spans


def _pages(spans: Any) -> list[int]:
    return [page for start, end in spans for page in range(int(start), int(end))]


@given(claims, claims)
def test_order_and_repeats_change_nothing(first: list[Span], second: list[Span]) -> None:
    def seen(*saves: list[Span]) -> tuple[Span, ...]:
        has: tuple[Span, ...] = ()
        for claim in saves:
            has = credit_pages(has, claim, OPENED, 12, after(3600)).spans
        return has

    assert seen(first, second) == seen(second, first) == seen(first, second, first, second)


@pytest.mark.parametrize(
    ("claim", "elapsed_s", "earned", "kind"),
    [
        ([(0, 1)], 3, 1, None),
        ([(0, 1)], 2.9, 0, "leafed"),
        ([(0, 4)], 12, 4, None),
        ([(0, 4)], 11, 0, "leafed"),
        ([(0, 13)], 3600, 0, "outside"),
        ([(0, 0.5)], 3600, 0, "malformed"),
        ([(3, 2)], 3600, 0, "malformed"),
        ([(0, 1)] * (MAX_SPANS + 1), 3600, 0, "malformed"),
        ([(0, 1)], -60, 0, "leafed"),
        ([], 0, 0, None),
    ],
)
def test_a_page_takes_three_seconds(claim: list[Span], elapsed_s: float, earned: float, kind: str) -> None:
    result = credit_pages((), claim, OPENED, 12, after(elapsed_s))
    assert (total(result.spans), result.reason and result.reason.kind) == (earned, kind)


@pytest.fixture
def leafer(db: Session, new_learner: Callable[..., Learner]) -> Learner:
    making.course(db, LEAF, making.WATCH)
    return new_learner()


def leaf(learner: Learner, stamp: str, *spans: Span, seq: int = 1, **fields: Any) -> Any:
    return learner.save(stamp, *spans, seq=seq, block="d1-pdf", **fields)


def rows(database: Database) -> list[BlockProgress]:
    with database.reading() as db:
        found = list(db.scalars(select(BlockProgress)))
        db.expunge_all()
    return found


def is_finished(database: Database, key: str = "L1") -> bool:
    with database.reading() as db:
        return db.scalar(select(LessonFinish.id).where(LessonFinish.lesson_key == key)) is not None


def test_pages_are_credited_and_answered_with_figures(leafer: Learner, database: Database) -> None:
    with at(0):
        stamp = leafer.open_lesson("L1")
    with at(15):
        answer = leaf(leafer, stamp, (0, 3), (6, 7), position=7).json()
    assert answer == {
        "earned": 4.0, "whole": 12.0, "needed": 12.0, "credited": 4.0, "reason": None, "position": 7.0,
        "lesson_finished": False,
    }  # fmt: skip
    (row,) = rows(database)
    assert (row.spans, row.earned, row.spent_s, row.position) == ([[0, 3], [6, 7]], 4, 12, 7)


def test_too_many_at_once_are_refused_with_a_reason_and_cost_nothing(leafer: Learner, database: Database) -> None:
    with at(0):
        stamp = leafer.open_lesson("L1")
    with at(9):
        answer = leaf(leafer, stamp, (0, 12)).json()
        assert (answer["earned"], answer["credited"]) == (0, 0)
        assert "bài này mới mở 9 giây, mà xem chừng ấy trang cần ít nhất 36 giây" in answer["reason"]
        assert leaf(leafer, stamp, (0, 3), seq=2).json()["earned"] == 3
        assert leaf(leafer, stamp, (0, 3), seq=2).json()["earned"] == 3


def test_two_devices_at_once_earn_no_more_than_the_clock(leafer: Learner) -> None:
    with at(0):
        one, other = leafer.open_lesson("L1"), leafer.open_lesson("L1")
    with at(12):
        assert leaf(leafer, one, (0, 4), client="may-ban").json()["earned"] == 4
        refused = leaf(leafer, other, (6, 10), client="dien-thoai").json()
        assert (refused["earned"], bool(refused["reason"])) == (4, True)
        assert leaf(leafer, other, (0, 4), client="dien-thoai", seq=2).json()["reason"] is None


def test_the_last_page_finishes_the_lesson(leafer: Learner, database: Database) -> None:
    with at(0):
        stamp = leafer.open_lesson("L1")
    with at(33):
        assert leaf(leafer, stamp, (0, 11)).json()["lesson_finished"] is False
    with at(36):
        assert leaf(leafer, stamp, (11, 12), seq=2).json()["lesson_finished"] is True
    assert is_finished(database)


def test_pages_say_what_is_missing(leafer: Learner) -> None:
    with at(0):
        stamp = leafer.open_lesson("L1")
    with at(12):
        leaf(leafer, stamp, (0, 4))
        said = "Tài liệu “Bảng 1”: Đã xem 4 trên 12 trang."
        for address in (f"/learn/{making.SLUG}/L1", f"/courses/{making.SLUG}"):
            assert said in leafer.browser.get(address).text


def test_a_lesson_may_ask_for_a_part_or_for_nothing(db: Session, new_learner: Callable[..., Learner]) -> None:
    making.course(
        db, making.Lesson("L1", documents=(10,), has_text=False, completion={"pages": 45}),
        making.Lesson("L2", documents=(10,), completion={"pages": 0}),
    )  # fmt: skip
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    assert "Đã xem 0 trên 10 trang, cần ít nhất 5." in learner.browser.get(f"/learn/{making.SLUG}/L1").text
    assert "Tài liệu “Bảng 1”" not in learner.browser.get(f"/courses/{making.SLUG}").text.split("Bài L2")[-1]
    with at(15):
        assert leaf(learner, stamp, (5, 10)).json()["lesson_finished"] is True


def test_without_a_script_every_page_is_there_and_the_word_counts_once_there_was_time(
    leafer: Learner, database: Database
) -> None:
    with at(0):
        stamp = leafer.open_lesson("L1")
        page = leafer.browser.get(f"/learn/{making.SLUG}/L1").text
    assert page.count('loading="lazy" alt="Trang') == 12
    assert "Chữ của trang 3" in page
    assert "Trang 12 là hình quét, không có chữ." in page
    assert "/document.pdf" in page
    with at(35):
        refused = leafer.read("L1", stamp)
        assert refused.status_code == 422
        assert "sau 1 giây nữa" in refused.text
        assert rows(database) == []
    with at(36):
        assert leafer.read("L1", stamp).status_code == 200
    (row,) = rows(database)
    assert (row.spans, row.earned, row.spent_s) == ([[0, 12]], 12, 36)
    assert is_finished(database)


def test_reading_and_pages_take_their_time_one_after_the_other(
    db: Session, new_learner: Callable[..., Learner], database: Database
) -> None:
    making.course(db, making.Lesson("L1", documents=(10,)))
    learner = new_learner()
    with at(0):
        stamp = learner.open_lesson("L1")
    with at(45):
        assert learner.read("L1", stamp).status_code == 422
    with at(50):
        assert learner.read("L1", stamp).status_code == 200
    assert is_finished(database)


def test_a_page_that_reports_itself_is_not_taken_at_its_word(leafer: Learner, database: Database) -> None:
    with at(0):
        stamp = leafer.open_lesson("L1")
    with at(600):
        leaf(leafer, stamp, (0, 9))
        word = {"stamp": stamp, "measured": "yes"}
        refused = leafer.browser.post(f"/learn/{making.SLUG}/L1/read", word)
    assert refused.status_code == 422
    assert "còn 3 trang chưa xem" in refused.text
    assert not is_finished(database)


def test_a_shorter_new_edition_counts_only_its_own_pages(
    db: Session, leafer: Learner, database: Database
) -> None:  # fmt: skip
    with at(0):
        stamp = leafer.open_lesson("L1")
    with at(60):
        leaf(leafer, stamp, (8, 12))
    making.course(db, making.Lesson("L1", documents=(10,), has_text=False), making.WATCH)
    db.commit()
    leafer.browser.post(f"/courses/{making.SLUG}/move")
    assert "Đã xem 2 trên 10 trang." in leafer.browser.get(f"/learn/{making.SLUG}/L1").text


def test_a_guest_leafs_and_keeps_it_after_the_sign_up(db: Session, browser: Browser, database: Database) -> None:
    making.course(db, LEAF, making.WATCH, access="open")
    db.commit()
    visitor = visiting.Visitor(browser)
    with visiting.at(0):
        stamp = visitor.open("L1")
    with visiting.at(1):
        answer = visitor.save(stamp, (0, 5), block="d1-pdf").json()
        assert (answer["earned"], answer["reason"]) == (5, None)
        visitor.sign_up()
        assert "Đã xem 5 trên 12 trang." in visitor.browser.get(visitor.url("L1")).text
