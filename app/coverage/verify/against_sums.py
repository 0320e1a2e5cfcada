"""The roll-ups against the ledger, the closure against versions and edges, merged records against the merges."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.access import UnitClosure
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.coverage.models import CoverageEntry, CoverageRollup
from app.coverage.verify.facts import Rule
from app.coverage.verify.findings import Finding, Report
from app.coverage.verify.lineage import FOREVER, Counted, Lineage, StandsUnderItself, joined
from app.identity.models import MergedRecord, Person

# Units whose rows of the closure are compared at once.
_UNITS = 500


def rollups(db: Session, rule: Rule, lineage: Lineage, report: Report) -> None:
    """Of one version: what its entries add up to by unit and half-month (the 1st to the 14th, the 15th to the end)."""
    sums: dict[tuple[str, str, int], Counter[date]] = defaultdict(Counter)
    columns = CoverageEntry.measure, CoverageEntry.period, CoverageEntry.unit_id, CoverageEntry.effective_on
    for measure, period, unit_id, day, total, count in db.execute(
        select(*columns, func.sum(CoverageEntry.sign), func.count())
        .where(CoverageEntry.indicator_version_id == rule.id)
        .group_by(*columns)
    ):
        sums[measure, period, unit_id][date(day.year, day.month, 1 if day.day <= 14 else 15)] += int(total)
        report.entries += count
    kept: dict[tuple[str, str, int], Counter[date]] = defaultdict(Counter)
    for measure, period, unit_id, half, total in db.execute(
        select(
            CoverageRollup.measure, CoverageRollup.period, CoverageRollup.unit_id, CoverageRollup.half_month,
            CoverageRollup.total,
        ).where(CoverageRollup.indicator_version_id == rule.id)
    ):  # fmt: skip
        kept[measure, period, unit_id][half] = total
        report.rollups += 1
    for about in sorted({*sums, *kept}):
        report.add(_differing_halves(rule, lineage, about, kept[about], sums[about]))


def _differing_halves(
    rule: Rule, lineage: Lineage, about: tuple[str, str, int], kept: Counter[date], sums: Counter[date]
) -> Iterator[Finding]:
    """Where the whole is right, only the half-month is not."""
    measure, period, unit_id = about
    kind = "rollup" if kept.total() != sums.total() else "rollup_half_month"
    for half in sorted({*kept, *sums}):
        if kept[half] != sums[half]:
            code, name = lineage.called(unit_id, half)
            yield Finding(
                kind, str(kept[half]), str(sums[half]), rule.indicator, rule.number, measure, period, "", code, name,
                half,
            )  # fmt: skip


def closure(db: Session, lineage: Lineage, report: Report) -> None:
    """Both ways, some hundred units at a time."""
    unit_ids = sorted(lineage.lives)
    for at in range(0, len(unit_ids), _UNITS):
        some = unit_ids[at : at + _UNITS]
        kept = joined(
            Counted(above, unit_id, depth, carried, first, end or FOREVER)
            for above, unit_id, depth, carried, first, end in db.execute(
                select(
                    UnitClosure.ancestor_id, UnitClosure.descendant_id, UnitClosure.depth, UnitClosure.carried,
                    UnitClosure.valid_from, UnitClosure.valid_to,
                ).where(UnitClosure.descendant_id.in_(some))
            )
        )  # fmt: skip
        wanted: list[Counted] = []
        for unit_id in some:
            try:
                wanted += lineage.rows_of(unit_id)
            except StandsUnderItself as broken:
                code, name = lineage.called(broken.unit_id, broken.on)
                report.add([Finding("closure_broken", code, "–", unit=code, unit_name=name, day=broken.on)])
        report.closure_rows += len(kept)
        report.add(_told(lineage, "closure_missing", row) for row in sorted({*wanted} - {*kept}))
        report.add(_told(lineage, "closure_extra", row) for row in sorted({*kept} - {*wanted}))


def _told(lineage: Lineage, kind: str, row: Counted) -> Finding:
    code, name = lineage.called(row.descendant_id, row.first)
    above = " ".join(lineage.called(row.ancestor_id, row.first))
    days = {"above": above, "first": format_date(row.first), "end": format_date(row.end)}
    if row.end == FOREVER:
        there = _("thuộc %(above)s từ %(first)s", **days)
    else:
        there = _("thuộc %(above)s từ %(first)s đến trước %(end)s", **days)
    nothing = _("không")
    stands, should = (nothing, there) if kind == "closure_missing" else (there, nothing)
    return Finding(kind, stands, should, unit=code, unit_name=name, day=row.first)


def merged_records(db: Session, shown: dict[int, int]) -> Iterator[Finding]:
    kept = dict(db.execute(select(MergedRecord.person_id, MergedRecord.holder_id)).all())
    wrong = sorted(record for record in {*shown, *kept} if shown.get(record, record) != kept.get(record, record))
    if not wrong:
        return
    refs = dict(db.execute(select(Person.id, Person.ref)).all())
    for record in wrong:
        stands, should = refs[kept.get(record, record)], refs[shown.get(record, record)]
        yield Finding("merged", stands, should, person=refs[record])
