"""Merging and crediting watched spans: tables of cases, and properties that hold for any input."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.learning.spans import MAX_SPANS, Span, Watched, clip, credit, merge, total

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DURATION_S = 600.0

# Quarter seconds add up exactly, so that equalities below are equalities.
seconds = st.integers(0, int(DURATION_S * 4)).map(lambda quarter: quarter / 4)
span = st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair)))
claims = st.lists(span, max_size=12)


def watched(spans: tuple[Span, ...] = (), spent_s: float = 0.0) -> Watched:
    return Watched(spans, spent_s, OPENED, DURATION_S)


def after(real_seconds: float) -> datetime:
    return OPENED + timedelta(seconds=real_seconds)


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([], ()),
        ([(0, 10)], ((0, 10),)),
        ([(5, 5)], ()),
        ([(0, 10), (10, 20)], ((0, 20),)),
        ([(20, 30), (0, 10)], ((0, 10), (20, 30))),
        ([(0, 30), (5, 10)], ((0, 30),)),
        ([(0, 10), (5, 15), (14, 16), (20, 21)], ((0, 16), (20, 21))),
    ],
)
def test_merge(spans: list[Span], merged: tuple[Span, ...]) -> None:
    assert merge(spans) == merged


@given(claims, st.randoms())
def test_merge_does_not_depend_on_order(spans: list[Span], random: object) -> None:
    shuffled = list(spans)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge(shuffled) == merge(spans)


@given(claims)
def test_merging_again_changes_nothing_and_leaves_gaps_between(spans: list[Span]) -> None:
    merged = merge(spans)
    assert merge(merged) == merged
    assert all(left[1] < right[0] for left, right in pairwise(merged))


@given(claims, claims)
def test_merging_in_parts_is_merging_at_once(first: list[Span], second: list[Span]) -> None:
    assert merge([*merge(first), *merge(second)]) == merge([*first, *second])


@given(claims, seconds)
def test_merged_spans_cover_exactly_the_points_of_the_given_ones(spans: list[Span], point: float) -> None:
    assert any(a < point < b for a, b in spans) <= any(a < point < b for a, b in merge(spans))
    assert any(a <= point <= b for a, b in merge(spans)) <= any(a <= point <= b for a, b in spans)


@given(claims, claims, st.floats(0, 3600))
def test_a_claim_never_takes_anything_away(has: list[Span], claim: list[Span], elapsed_s: float) -> None:
    row = watched(merge(has), spent_s=total(has))
    result = credit(row, claim, after(elapsed_s))
    assert result.earned >= total(row.spans)
    assert result.spent_s >= row.spent_s
    assert merge([*row.spans, *result.spans]) == result.spans
    assert result.credited == result.earned - total(row.spans)


@given(claims, st.floats(0, 3600))
def test_nothing_is_earned_beyond_the_clock(claim: list[Span], elapsed_s: float) -> None:
    result = credit(watched(), claim, after(elapsed_s))
    assert result.spent_s <= 2 * elapsed_s + 5
    assert result.earned <= result.spent_s
    assert (result.reason is None) or result.credited == 0


@given(st.lists(st.tuples(span, st.sampled_from([0.5, 1.0, 1.25, 1.5, 2.0])), max_size=20))
def test_honest_playback_up_to_double_speed_earns_every_second(played: list[tuple[Span, float]]) -> None:
    row, elapsed_s, seen = watched(), 0.0, []
    for piece, speed in played:
        elapsed_s += (piece[1] - piece[0]) / speed
        seen.append(piece)
        result = credit(row, [piece], after(elapsed_s))
        assert result.reason is None
        row = watched(result.spans, result.spent_s)
    assert row.spans == merge(seen)


@given(claims, st.floats(0, 3600))
def test_claiming_the_same_again_earns_no_second_twice(claim: list[Span], elapsed_s: float) -> None:
    once = credit(watched(), claim, after(elapsed_s))
    twice = credit(watched(once.spans, once.spent_s), claim, after(elapsed_s + 7200))
    assert twice.spans == merge([*once.spans, *claim])
    assert twice.earned == total(merge(claim))


def test_a_claim_over_the_clock_earns_nothing_and_says_why() -> None:
    result = credit(watched(((0, 10),), spent_s=10), [(10, 300)], after(40))
    assert (result.spans, result.earned, result.spent_s, result.credited) == (((0, 10),), 10, 10, 0)
    assert "máy chủ mới ghi nhận 40 giây kể từ khi mở bài" in str(result.reason)


@pytest.mark.parametrize(
    ("elapsed_s", "claim_s", "earned"),
    [
        (0, 5, 5), (0, 5.5, 0), (100, 100, 100), (100, 150, 150), (100, 205, 205), (100, 205.5, 0), (-60, 1, 0),
        (-60, 0, 0),
    ],
)  # fmt: skip
def test_the_bound_is_twice_the_clock_and_five_seconds(elapsed_s: float, claim_s: float, earned: float) -> None:
    assert credit(watched(), [(0, claim_s)], after(elapsed_s)).earned == earned


def test_replaying_counts_as_playback_but_is_watched_once() -> None:
    result = credit(watched(((0, 60),), spent_s=60), [(0, 60), (0, 60)], after(90))
    assert (result.earned, result.spent_s, result.credited) == (60, 180, 0)


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ([(-1.0, 5.0)], "malformed"),
        ([(9.0, 3.0)], "malformed"),
        ([(0.0, math.nan)], "malformed"),
        ([(math.nan, 4.0)], "malformed"),
        ([(0.0, math.inf)], "malformed"),
        ([(0.0, 1.0)] * (MAX_SPANS + 1), "malformed"),
        ([(0.0, 5.0), (598.0, 602.0)], "outside"),
        ([(700.0, 710.0)], "outside"),
    ],
)
def test_impossible_spans_are_refused_whole(claim: list[Span], kind: str) -> None:
    result = credit(watched(((0, 10),), spent_s=10), claim, after(3600))
    assert result.reason is not None
    assert result.reason.kind == kind
    assert str(result.reason)
    assert result.spans == ((0, 10),)


def test_a_few_frames_beyond_the_end_count_as_the_end() -> None:
    result = credit(watched(), [(590.0, 600.4)], after(3600))
    assert result.reason is None
    assert result.spans == ((590.0, 600.0),)


def test_clip_keeps_what_lies_within_a_shorter_video() -> None:
    assert clip([(0, 10), (20, 40), (50, 60)], 30) == ((0, 10), (20, 30))
