"""Sums at the end of many months in one statement: what a chart or a table of months shows (DESIGN 5, Roll-ups).

They are looked up in the balances where those are of the map asked for. Else every month ends with a half-month, so
each of its points is a sum of whole roll-ups, the very ones `figure` would add up on that day; only a last point inside
a half-month takes the ledger's days since it began.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Select, bindparam, case, func, select, type_coerce, union_all
from sqlalchemy.orm import Session

from app.core.access import UnitClosure, closure_on
from app.coverage.counting.amounts import Sums
from app.coverage.counting.looked_up import sums_with_subtrees
from app.coverage.counting.periods import half_month
from app.coverage.models import CoverageEntry, CoverageRollup

# Unit id -> the sums on each of the days asked for.
Timeline = dict[int, list[Sums]]

_MEASURES = ("roster", "coverage", "output")
_NO_STEPS: dict[tuple[str, date], Sums] = {}


def month_ends(first: date, last: date) -> list[date]:
    """The last day of each month from that of `first` on, and `last` itself as the end of its own."""
    ends, month = [], first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=31)).replace(day=1)
        ends.append(min(following - timedelta(days=1), last))
        month = following
    return ends


def sums_over(
    db: Session, version_id: int, days: Sequence[date], unit_ids: Iterable[int], map_on: date,
    known_at: datetime | None = None,
) -> Timeline:  # fmt: skip
    """For each unit what counts in its subtree on the map date, at the end of each day; `days` ascend.

    What is counted anew each year begins at nothing on the first day of every year.
    """
    if not days:
        return {unit_id: [] for unit_id in unit_ids}
    wanted = list(unit_ids)
    if known_at is not None:
        return added_up_over(db, version_id, days, wanted, map_on, known_at)
    if known := sums_with_subtrees(db, [version_id], wanted, days, map_on):
        return {unit_id: [known[day][version_id].get(unit_id, Sums()) for day in days] for unit_id in wanted}
    return added_up_over(db, version_id, days, wanted, map_on)


def added_up_over(
    db: Session, version_id: int, days: Sequence[date], wanted: Sequence[int], map_on: date,
    known_at: datetime | None = None,
) -> Timeline:  # fmt: skip
    """`sums_over` without balances: for other maps than the one in force, and for what was known at some time."""
    asked = {
        "version_id": version_id, "unit_ids": list(wanted), "map_on": map_on,
        "periods": ("", *sorted({str(day.year) for day in days})), "reference": days[-1],
        "first": days[0].replace(day=1),
        # Of the last day's half-month the ledger tells, so that no day after it is counted.
        "begun": half_month(days[-1]),
    }  # fmt: skip
    statement = _steps_under(is_known=known_at is not None)
    if known_at is not None:
        del asked["begun"]
        asked["known_at"] = known_at
    steps: dict[int, dict[tuple[str, date], Sums]] = defaultdict(dict)
    for unit_id, period, since, measure, total in db.connection().execute(statement, asked):
        of = steps[unit_id]
        of[period, since] = of.get((period, since), Sums()) + Sums(**{measure: int(total)})
    return {unit_id: _running(steps.get(unit_id, _NO_STEPS), days) for unit_id in wanted}


def _running(steps: dict[tuple[str, date], Sums], days: Sequence[date]) -> list[Sums]:
    """What stands at the end of each day: steps of all time (period "") and of the day's own year."""
    in_order = sorted(steps.items(), key=lambda step: step[0][1])
    standing: dict[str, Sums] = defaultdict(Sums)
    shown, at = [], 0
    for day in days:
        while at < len(in_order) and in_order[at][0][1] <= day:
            (period, _since), sums = in_order[at]
            standing[period] += sums
            at += 1
        shown.append(standing[""] + standing[str(day.year)])
    return shown


@lru_cache
def _steps_under(*, is_known: bool) -> Select[*tuple[Any, ...]]:
    first, begun = bindparam("first", type_=Date), bindparam("begun", type_=Date)
    rollups = select(
        CoverageRollup.unit_id, CoverageRollup.period, CoverageRollup.half_month.label("since"),
        CoverageRollup.measure, CoverageRollup.total,
    ).where(*_of(CoverageRollup), CoverageRollup.half_month < begun)  # fmt: skip
    ledger = select(
        CoverageEntry.unit_id, CoverageEntry.period, begun.label("since"), CoverageEntry.measure,
        CoverageEntry.sign.label("total"),
    ).where(
        *_of(CoverageEntry), CoverageEntry.effective_on >= begun, CoverageEntry.effective_on <= bindparam("reference")
    )  # fmt: skip
    # Roll-ups do not say when anything was recorded: then each entry is a step on its own day.
    steps = (_entries_as_known() if is_known else union_all(rollups, ledger)).subquery()
    # All that was before the first day is one step: a roster is many years old. Summed before the tree is asked, or
    # SQLite would read the ledger once for every unit of it.
    since = case((steps.c.since < first, first), else_=steps.c.since)
    own = (
        select(
            steps.c.unit_id,
            steps.c.period,
            since.label("since"),
            steps.c.measure,
            func.sum(steps.c.total).label("total"),
        )
        .group_by(steps.c.unit_id, steps.c.period, since, steps.c.measure)
        .subquery()
    )
    map_on = bindparam("map_on", type_=Date)
    return (
        select(
            UnitClosure.ancestor_id, own.c.period, type_coerce(own.c.since, Date), own.c.measure, func.sum(own.c.total)
        )
        .join(UnitClosure, UnitClosure.descendant_id == own.c.unit_id)
        .where(UnitClosure.ancestor_id.in_(bindparam("unit_ids", expanding=True)), closure_on(map_on))
        .group_by(UnitClosure.ancestor_id, own.c.period, own.c.since, own.c.measure)
    )


def _entries_as_known() -> Select[*tuple[Any, ...]]:
    return select(
        CoverageEntry.unit_id, CoverageEntry.period, CoverageEntry.effective_on.label("since"), CoverageEntry.measure,
        CoverageEntry.sign.label("total"),
    ).where(
        *_of(CoverageEntry), CoverageEntry.effective_on <= bindparam("reference"),
        CoverageEntry.recorded_at <= bindparam("known_at"),
    )  # fmt: skip


def _of(table: type[CoverageEntry] | type[CoverageRollup]) -> tuple[Any, ...]:
    return (
        table.indicator_version_id == bindparam("version_id"),
        # Naming all measures lets the database use its indexes to the end.
        table.measure.in_(_MEASURES),
        table.period.in_(bindparam("periods", expanding=True)),
    )
