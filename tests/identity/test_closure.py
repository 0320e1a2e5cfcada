"""Where closed, coming and split units count, as tables of small histories."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.identity.units.closure import BrokenLineage, ClosureRow, Passage, Tenure, closure_rows

A, B, C, D, MERGED, DISTRICT, OTHER_DISTRICT, PROVINCE, NEW_PROVINCE = range(1, 10)
START, CHANGE, LATER = date(2023, 4, 10), date(2025, 1, 1), date(2025, 7, 1)

PROVINCE_ONLY = [Tenure(PROVINCE, None, START, None)]
ONE_DISTRICT = [*PROVINCE_ONLY, Tenure(DISTRICT, PROVINCE, START, None)]
TWO_DISTRICTS = [*ONE_DISTRICT, Tenure(OTHER_DISTRICT, PROVINCE, START, None)]
A_CLOSES = Tenure(A, DISTRICT, START, CHANGE)
B_CLOSES, B_STAYS = Tenure(B, DISTRICT, START, CHANGE), Tenure(B, DISTRICT, START, None)
B_CLOSES_ELSEWHERE = Tenure(B, OTHER_DISTRICT, START, CHANGE)
C_BEGINS = Tenure(C, DISTRICT, CHANGE, None)
MERGED_BEGINS = Tenure(MERGED, PROVINCE, CHANGE, None)
OLD_PROVINCE, NEW_PROVINCE_BEGINS = Tenure(PROVINCE, None, START, CHANGE), Tenure(NEW_PROVINCE, None, CHANGE, None)


def above(rows: Iterable[ClosureRow], unit_id: int, day: date) -> tuple[list[int], str]:
    """The unit's ancestors on a day from the nearest up, and how it is carried."""
    chain = sorted(
        (row.depth, row.ancestor_id, row.carried)
        for row in rows
        if row.descendant_id == unit_id and row.valid_from <= day and (row.valid_to is None or row.valid_to > day)
    )
    assert [depth for depth, _ancestor, _carried in chain] == list(range(len(chain))), "one ancestor at every depth"
    assert chain[0][1] == unit_id, "every unit counts under itself"
    assert len({carried for _depth, _ancestor, carried in chain}) == 1
    return [ancestor for _depth, ancestor, _carried in chain[1:]], chain[0][2]


CASES = {
    "a merged unit counts under the one that absorbed it": (
        [*ONE_DISTRICT, A_CLOSES, B_STAYS],
        [Passage(CHANGE, A, B), Passage(CHANGE, B, B)],
        {
            (A, START): ([DISTRICT, PROVINCE], ""), (A, CHANGE): ([B, DISTRICT, PROVINCE], "after"),
            (B, CHANGE): ([DISTRICT, PROVINCE], ""),
        },
    ),
    "a renamed unit lives on where it is": (
        [*ONE_DISTRICT, A_CLOSES, Tenure(A, DISTRICT, CHANGE, None)],
        [Passage(CHANGE, A, A)],
        {(A, START): ([DISTRICT, PROVINCE], ""), (A, CHANGE): ([DISTRICT, PROVINCE], "")},
    ),
    "a moved unit counts under its new district": (
        [*TWO_DISTRICTS, A_CLOSES, Tenure(A, OTHER_DISTRICT, CHANGE, None)],
        [Passage(CHANGE, A, A)],
        {(A, START): ([DISTRICT, PROVINCE], ""), (A, CHANGE): ([OTHER_DISTRICT, PROVINCE], "")},
    ),
    "a split unit waits at its last parent": (
        [*ONE_DISTRICT, A_CLOSES, B_STAYS, C_BEGINS],
        [Passage(CHANGE, A, B), Passage(CHANGE, A, C)],
        {(A, CHANGE): ([DISTRICT, PROVINCE], "after"), (C, START): ([A, DISTRICT, PROVINCE], "before")},
    ),
    "a unit that gave a part away and later ended has no heir": (
        [*PROVINCE_ONLY, Tenure(A, PROVINCE, START, LATER), Tenure(B, PROVINCE, CHANGE, None)],
        [Passage(CHANGE, A, A), Passage(CHANGE, A, B), Passage(LATER, A, None)],
        {(B, START): ([A, PROVINCE], "before"), (A, CHANGE): ([PROVINCE], ""), (A, LATER): ([PROVINCE], "after")},
    ),
    "a unit closed without successor counts under its last parent": (
        [*PROVINCE_ONLY, Tenure(DISTRICT, PROVINCE, START, CHANGE)],
        [Passage(CHANGE, DISTRICT, None)],
        {(DISTRICT, START): ([PROVINCE], ""), (DISTRICT, CHANGE): ([PROVINCE], "after")},
    ),
    "before it began, a merged unit counts under what its predecessors share": (
        [*TWO_DISTRICTS, A_CLOSES, B_CLOSES_ELSEWHERE, MERGED_BEGINS],
        [Passage(CHANGE, A, MERGED), Passage(CHANGE, B, MERGED)],
        {
            (MERGED, START): ([PROVINCE], "before"), (MERGED, CHANGE): ([PROVINCE], ""),
            (A, CHANGE): ([MERGED, PROVINCE], "after"),
        },
    ),
    "before it began, a unit of one district counts in that district": (
        [*ONE_DISTRICT, A_CLOSES, B_CLOSES, MERGED_BEGINS],
        [Passage(CHANGE, A, MERGED), Passage(CHANGE, B, MERGED)],
        {(MERGED, START): ([DISTRICT, PROVINCE], "before")},
    ),
    "before it began, a unit with nothing shared stands alone": (
        [OLD_PROVINCE, Tenure(OTHER_DISTRICT, None, START, CHANGE), NEW_PROVINCE_BEGINS],
        [Passage(CHANGE, PROVINCE, NEW_PROVINCE), Passage(CHANGE, OTHER_DISTRICT, NEW_PROVINCE)],
        {(NEW_PROVINCE, START): ([], "before"), (PROVINCE, CHANGE): ([NEW_PROVINCE], "after")},
    ),
    "chains are followed through both mergers": (
        [
            *ONE_DISTRICT, A_CLOSES, Tenure(B, DISTRICT, CHANGE, LATER), Tenure(C, DISTRICT, START, LATER),
            Tenure(MERGED, PROVINCE, LATER, None),
        ],
        [Passage(CHANGE, A, B), Passage(LATER, B, MERGED), Passage(LATER, C, MERGED)],
        {
            (MERGED, START): ([DISTRICT, PROVINCE], "before"), (B, START): ([A, DISTRICT, PROVINCE], "before"),
            (A, CHANGE): ([B, DISTRICT, PROVINCE], "after"), (A, LATER): ([B, MERGED, PROVINCE], "after"),
        },
    ),
    "a unit in force stays in the tree when its parent closes on the same day": (
        [OLD_PROVINCE, NEW_PROVINCE_BEGINS, Tenure(A, PROVINCE, START, None)],
        [Passage(CHANGE, PROVINCE, NEW_PROVINCE)],
        {(A, START): ([PROVINCE], ""), (A, CHANGE): ([PROVINCE, NEW_PROVINCE], "")},
    ),
    "until the heir exists, a closed unit waits at its last parent": (
        [*ONE_DISTRICT, A_CLOSES, Tenure(B, DISTRICT, LATER, None)],
        [Passage(LATER, A, B)],
        {(A, CHANGE): ([DISTRICT, PROVINCE], "after"), (A, LATER): ([B, DISTRICT, PROVINCE], "after")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tenures", "passages", "expected"), CASES.values(), ids=CASES.keys())
def test_carried_units(
    tenures: list[Tenure], passages: list[Passage], expected: dict[tuple[int, date], tuple[list[int], str]]
) -> None:
    rows = closure_rows(tenures, passages)
    for (unit_id, day), position in expected.items():
        assert above(rows, unit_id, day) == position, (unit_id, day)


def test_equal_stretches_are_one_row() -> None:
    tenures = [*PROVINCE_ONLY, Tenure(A, PROVINCE, START, CHANGE), Tenure(A, PROVINCE, CHANGE, None)]
    assert closure_rows(tenures, [Passage(CHANGE, A, A)]) == [
        ClosureRow(PROVINCE, PROVINCE, 0, "", START, None),
        ClosureRow(A, A, 0, "", START, None),
        ClosureRow(PROVINCE, A, 1, "", START, None),
    ]


def test_a_row_outlives_a_change_higher_up() -> None:
    tenures = [*TWO_DISTRICTS, Tenure(A, DISTRICT, START, CHANGE), Tenure(A, OTHER_DISTRICT, CHANGE, None)]
    rows = [row for row in closure_rows(tenures, []) if row.descendant_id == A]
    assert ClosureRow(PROVINCE, A, 2, "", START, None) in rows
    assert ClosureRow(DISTRICT, A, 1, "", START, CHANGE) in rows


def test_a_unit_under_itself_is_refused() -> None:
    with pytest.raises(BrokenLineage, match="đứng dưới chính nó vào ngày 10/04/2023"):
        closure_rows([Tenure(A, B, START, None), Tenure(B, A, START, None)], [])


def test_no_units_no_closure() -> None:
    assert closure_rows([], []) == []


def test_rows_grow_with_changes_not_with_days() -> None:
    days = [START + timedelta(days=30 * step) for step in range(24)]
    tenures = list(ONE_DISTRICT)
    passages = []
    for unit_id in range(100, 700):
        born, closes = days[unit_id % 12], days[12 + unit_id % 12]
        tenures += [Tenure(unit_id, DISTRICT, born, closes), Tenure(unit_id + 100_000, DISTRICT, closes, None)]
        passages.append(Passage(closes, unit_id, unit_id + 100_000))
    rows = closure_rows(tenures, passages)
    # The number of rows is what makes every page that asks the tree slow or quick.
    assert len(rows) < 12 * len(tenures)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Tenure], list[Passage]]:
    """Communes under two districts that merge, split, close and are renamed on a few days."""
    days = [START + timedelta(days=100 * step) for step in range(1, 5)]
    living = dict.fromkeys(range(10, 16), START)
    parents = {unit_id: draw(st.sampled_from([DISTRICT, OTHER_DISTRICT])) for unit_id in living}
    tenures, passages, fresh = list(TWO_DISTRICTS), [], 100
    for day in days:
        for unit_id in list(living):
            what = draw(st.sampled_from(["stay", "stay", "close", "renew", "join", "split"]))
            if what == "stay" or living[unit_id] == day:
                continue
            tenures.append(Tenure(unit_id, parents[unit_id], living.pop(unit_id), day))
            others = sorted(other for other, since in living.items() if since < day)
            heirs = {"renew": 1, "split": 2}.get(what, 0)
            if what == "join" and others:
                passages.append(Passage(day, unit_id, draw(st.sampled_from(others))))
            elif not heirs:
                passages.append(Passage(day, unit_id, None))
            for _heir in range(heirs):
                living[fresh], parents[fresh] = day, draw(st.sampled_from([DISTRICT, OTHER_DISTRICT]))
                passages.append(Passage(day, unit_id, fresh))
                fresh += 1
    tenures += [Tenure(unit_id, parents[unit_id], since, None) for unit_id, since in living.items()]
    return tenures, passages


@given(histories())
@settings(max_examples=60, deadline=None)
def test_every_unit_counts_exactly_once_on_every_day(history: tuple[list[Tenure], list[Passage]]) -> None:
    """No hole and no double: each unit has one chain a day, and all of them end at the province."""
    tenures, passages = history
    rows = closure_rows(tenures, passages)
    days = {START, *(tenure.valid_to for tenure in tenures if tenure.valid_to), date(2100, 1, 1)}
    for unit_id in {tenure.unit_id for tenure in tenures} - {PROVINCE}:
        for day in days:
            chain, _carried = above(rows, unit_id, day)
            assert chain[-1] == PROVINCE


@given(histories(), st.data())
@settings(max_examples=60, deadline=None)
def test_rows_of_a_few_need_only_what_decides_where_they_count(
    history: tuple[list[Tenure], list[Passage]], data: st.DataObject
) -> None:
    tenures, passages = history
    few = data.draw(st.sets(st.sampled_from(sorted({tenure.unit_id for tenure in tenures})), max_size=3))
    whole = closure_rows(tenures, passages)
    assert sorted(map(repr, closure_rows(tenures, passages, of=few, since=START))) == sorted(
        repr(row) for row in whole if row.descendant_id in few
    )
