"""The balances pages look figures up in, against the ledger: of each unit by itself, and with all that is under it.

A balance must be right on every day, not only on those it has a row for: each day on which the ledger or the table says
something new is asked both ways. What waits to be moved into them is known to be missing. The last one of each month
must stand by its month too, until the month before the next one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.coverage.models import CoverageBalance, CoverageBook, CoverageEntry, CoverageMonth, CoverageUnsettled
from app.coverage.verify.facts import Rule
from app.coverage.verify.findings import Finding, Report
from app.coverage.verify.lineage import Lineage

_MEASURES = ("roster", "coverage", "output")


class Step(NamedTuple):
    """What the ledger adds on a day to a measure of a period; "" is for ever."""

    day: date
    period: str
    measure: str


class Kept(NamedTuple):
    """A row of the balances."""

    day: date
    counts: tuple[int, ...]


Steps = Counter[Step]
# By the month until which they stand, its first day.
Months = dict[date, Kept]

_NO_END = date(9999, 12, 1)


def balances(db: Session, rule: Rule, lineage: Lineage, report: Report) -> None:
    """Of one version. Nothing is said where balances are not made yet, nor of subtrees while a change of the tree has
    not reached them: pages do not use them then."""
    book = db.get(CoverageBook, 1)
    if book is None or not book.is_made:
        return
    own = _own_steps(db, rule)
    report.add(_differing(db, rule, lineage, own, report, subtree=False))
    if book.map_number == book.tree_number and book.map_from:
        report.add(_differing(db, rule, lineage, _with_subtrees(own, lineage, book.map_from), report, subtree=True))


def _own_steps(db: Session, rule: Rule) -> dict[int, Steps]:
    steps: dict[int, Steps] = defaultdict(Counter)
    columns = CoverageEntry.unit_id, CoverageEntry.effective_on, CoverageEntry.period, CoverageEntry.measure
    for unit_id, day, period, measure, total in db.execute(
        select(*columns, func.sum(CoverageEntry.sign))
        .where(CoverageEntry.indicator_version_id == rule.id)
        .group_by(*columns)
    ):
        steps[unit_id][Step(day, period, measure)] += int(total)
    waiting = select(CoverageUnsettled).where(CoverageUnsettled.indicator_version_id == rule.id)
    for row in db.scalars(waiting):
        for measure in _MEASURES:
            for_ever = measure == "roster" or rule.recurrence != "annual"
            steps[row.unit_id][Step(row.day, "" if for_ever else str(row.day.year), measure)] -= getattr(row, measure)
    return steps


def _with_subtrees(own: Mapping[int, Steps], lineage: Lineage, map_on: date) -> dict[int, Steps]:
    """On the tree of a day; a unit with nothing under it is left out, for it is looked up by itself."""
    chains = {unit_id: lineage.chain_on(unit_id, max(map_on, lineage.begins_on)).chain for unit_id in lineage.lives}
    with_others = {above for unit_id, chain in chains.items() for above in chain if above != unit_id}
    totals: dict[int, Steps] = {above: Counter() for above in with_others}
    for unit_id, steps in own.items():
        for above in chains[unit_id]:
            if above in with_others:
                for step, total in steps.items():
                    totals[above][step] += total
    return totals


def _differing(
    db: Session, rule: Rule, lineage: Lineage, should: Mapping[int, Steps], report: Report, *, subtree: bool
) -> Iterator[Finding]:
    kept = {
        unit_id: [Kept(day, tuple(counts)) for _unit, day, *counts in of]
        for unit_id, of in groupby(db.execute(_of(CoverageBalance, rule, subtree)), key=lambda row: row.unit_id)
    }
    report.balances += sum(map(len, kept.values()))
    yield from _months_differing(db, rule, lineage, kept, subtree=subtree)
    # What stood above others once keeps its rows, which nobody looks at.
    asked = should.keys() if subtree else kept.keys() | should.keys()
    for unit_id in sorted(asked):
        rows_of, steps = kept.get(unit_id, []), should.get(unit_id, Counter())
        for day, measure, stands, wanted in _first_differing(rule, rows_of, steps):
            code, name = lineage.called(unit_id, day)
            yield Finding(
                "balance_subtree" if subtree else "balance", str(stands), str(wanted), rule.indicator, rule.number,
                measure, str(day.year), "", code, name, day,
            )  # fmt: skip


def _months_differing(
    db: Session, rule: Rule, lineage: Lineage, kept: Mapping[int, list[Kept]], *, subtree: bool
) -> Iterator[Finding]:
    """The first of each unit that is not the last balance of its month, or stands until another month."""
    months: dict[int, Months] = defaultdict(dict)
    rows = db.execute(_of(CoverageMonth, rule, subtree).add_columns(CoverageMonth.until))
    for unit_id, day, *counts, until in rows:
        months[unit_id][until] = Kept(day, tuple(counts))
    for unit_id in sorted(kept.keys() | months.keys()):
        stand, should = months[unit_id], _by_month(kept.get(unit_id, []))
        wrong = [until for until in sorted(stand.keys() | should.keys()) if stand.get(until) != should.get(until)]
        for until in wrong[:1]:
            stands, wanted = stand.get(until), should.get(until)
            day = (wanted or stands or Kept(until, ())).day
            code, name = lineage.called(unit_id, day)
            yield Finding(
                "balance_month", _said(stands), _said(wanted), rule.indicator, rule.number, "", str(day.year), "",
                code, name, day,
            )  # fmt: skip


def _by_month(kept: list[Kept]) -> Months:
    """The last of each month, by the month before that of the next one."""
    months: Months = {}
    for row, following in pairwise([*kept, None]):
        assert row is not None
        if following is None:
            months[_NO_END] = row
        elif following.day.replace(day=1) != row.day.replace(day=1):
            months[(following.day.replace(day=1) - timedelta(days=1)).replace(day=1)] = row
    return months


def _said(row: Kept | None) -> str:
    """Day, roster, coverage and output."""
    return "–" if row is None else " ".join([row.day.isoformat(), *map(str, row.counts)])


def _of(table: type[CoverageBalance] | type[CoverageMonth], rule: Rule, subtree: bool) -> Select[*tuple[Any, ...]]:
    """Unit, day and counts, in order."""
    return (
        select(table.unit_id, table.day, table.roster, table.coverage, table.output)
        .where(table.indicator_version_id == rule.id, table.is_subtree == subtree)
        .order_by(table.unit_id, table.day)
    )


def _first_differing(rule: Rule, kept: list[Kept], steps: Steps) -> Iterator[tuple[date, str, int, int]]:
    """The first day each measure is wrong: day, measure, what stands, what should."""
    told: set[str] = set()
    totals: Counter[tuple[str, str]] = Counter()
    in_order, at, row = sorted(steps.items()), 0, -1
    for day in sorted({one.day for one in kept} | {step.day for step in steps}):
        while at < len(in_order) and in_order[at][0].day == day:
            step, total = in_order[at]
            totals[step.period, step.measure] += total
            at += 1
        while row + 1 < len(kept) and kept[row + 1].day <= day:
            row += 1
        for measure, count in zip(_MEASURES, kept[row].counts if row >= 0 else (0, 0, 0), strict=True):
            is_over = measure != "roster" and rule.recurrence == "annual" and row >= 0 and kept[row].day.year < day.year
            stands = 0 if is_over else count
            wanted = totals["", measure] + totals[str(day.year), measure]
            if stands != wanted and measure not in told:
                told.add(measure)
                yield day, measure, stands, wanted
