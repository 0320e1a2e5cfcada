"""Sums of the ledger, carried to the unit tree of a map date: one statement, whatever the number of people."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.access import UnitClosure, closure_on
from app.coverage.judging import in_scope
from app.coverage.models import CoverageEntry, CoverageRollup
from app.coverage.periods import half_month, is_last_of_half_month
from app.identity import unit_queries
from app.identity.models import UnitEdge, UnitVersion
from app.identity.unit_queries import in_force


@dataclass(frozen=True)
class Slice:
    """Which entries: some versions and a period up to a reference date, and only what was recorded until `known_at`."""

    version_ids: tuple[int, ...]
    period: str
    reference: date
    known_at: datetime | None = None


@dataclass(frozen=True)
class Sums:
    """Whole people at one place of the tree."""

    roster: int = 0
    coverage: int = 0
    output: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.roster + other.roster, self.coverage + other.coverage, self.output + other.output)

    def __bool__(self) -> bool:
        return bool(self.roster or self.coverage or self.output)


# Version id -> unit id -> what counts there.
VersionSums = dict[int, dict[int, Sums]]


def sums_under(db: Session, part: Slice, unit_ids: Iterable[int], map_on: date) -> VersionSums:
    """For each unit what counts in its subtree on the map date; closed units count where they were carried to."""
    return _grouped(db, part, UnitClosure.ancestor_id, UnitClosure.ancestor_id.in_(list(unit_ids)), map_on)


def sums_of_unborn(db: Session, part: Slice, map_on: date) -> VersionSums:
    """Units that did not exist yet on the map date but have something to count, with their own sums."""
    clause = and_(UnitClosure.carried == "before", UnitClosure.depth == 0)
    found = _grouped(db, part, UnitClosure.descendant_id, clause, map_on)
    return {version: {unit: sums for unit, sums in of.items() if sums} for version, of in found.items()}


def units_with_coverage(db: Session, part: Slice, kinds: Iterable[str], map_on: date) -> set[int]:
    """The units of these kinds on the map in which somebody is covered: a member counts for the nearest one above.

    For a slice of one version. What belongs to units the map does not know yet is left out.
    """
    steps = _steps(part).subquery()
    rows = db.execute(
        select(steps.c.unit_id, UnitClosure.ancestor_id, func.sum(steps.c.total))
        .select_from(steps)
        .join(UnitClosure, UnitClosure.descendant_id == steps.c.unit_id)
        .join(UnitVersion, UnitVersion.unit_id == UnitClosure.ancestor_id)
        .where(steps.c.measure == "coverage", closure_on(map_on), UnitClosure.carried != "before")
        .where(UnitVersion.kind.in_(list(kinds)), in_force(map_on))
        .group_by(steps.c.unit_id, UnitClosure.ancestor_id)
        .order_by(func.min(UnitClosure.depth))
    )
    nearest: dict[int, tuple[int, int]] = {}
    for unit_id, ancestor_id, total in rows:
        nearest.setdefault(unit_id, (ancestor_id, int(total)))
    return {ancestor_id for ancestor_id, total in nearest.values() if total > 0}


def units_of_kinds(db: Session, kinds: Iterable[str], province: str | None, map_on: date) -> set[int]:
    """Units of these kinds in force on the map, those of the former province only if one is named."""
    found = set(db.scalars(select(UnitVersion.unit_id).where(UnitVersion.kind.in_(list(kinds)), in_force(map_on))))
    if province is None:
        return found
    scope = unit_queries.former_province_stays(db, found, province)
    return {unit_id for unit_id in found if in_scope(scope, unit_id, map_on)}


def count_under(db: Session, unit_ids: Iterable[int], members: Collection[int], map_on: date) -> Counter[int]:
    """For each unit how many of `members` lie in its subtree on the map, itself included."""
    rows = db.execute(
        select(UnitClosure.ancestor_id, func.count())
        .where(UnitClosure.ancestor_id.in_(list(unit_ids)), UnitClosure.descendant_id.in_(members))
        .where(closure_on(map_on))
        .group_by(UnitClosure.ancestor_id)
    )
    return Counter(dict(rows.all()))


def members_on(db: Session, unit_ids: Sequence[int], day: date) -> dict[int, frozenset[int]]:
    """For units that began after `day`: the units in force that day which they were made of, through all edges."""
    edges: dict[int, set[int]] = defaultdict(set)
    for origin, target in db.execute(
        select(UnitEdge.from_unit_id, UnitEdge.to_unit_id).where(
            UnitEdge.effective_on > day, UnitEdge.from_unit_id != UnitEdge.to_unit_id
        )
    ):
        if target is not None:
            edges[target].add(origin)
    there = set(db.scalars(select(UnitVersion.unit_id).where(in_force(day))))
    return {unit_id: frozenset(_origins(unit_id, edges, there, set())) for unit_id in unit_ids}


def above_on(db: Session, unit_ids: Iterable[int], day: date) -> dict[int, set[int]]:
    """For each unit itself and all units above it in the tree of a day."""
    above: dict[int, set[int]] = defaultdict(set)
    query = select(UnitClosure.descendant_id, UnitClosure.ancestor_id).where(
        UnitClosure.descendant_id.in_(list(unit_ids)), closure_on(day)
    )
    for unit_id, ancestor_id in db.execute(query):
        above[unit_id].add(ancestor_id)
    return above


def _origins(unit_id: int, edges: dict[int, set[int]], there: set[int], seen: set[int]) -> set[int]:
    if unit_id in there:
        return {unit_id}
    if unit_id in seen:
        return set()
    seen.add(unit_id)
    found: set[int] = set()
    for origin in edges.get(unit_id, ()):
        found |= _origins(origin, edges, there, seen)
    return found


def _grouped(
    db: Session, part: Slice, key: InstrumentedAttribute[int], clause: ColumnElement[bool], map_on: date
) -> VersionSums:
    steps = _steps(part).subquery()
    rows = db.execute(
        select(steps.c.version_id, key, steps.c.measure, func.sum(steps.c.total))
        .select_from(steps)
        .join(UnitClosure, UnitClosure.descendant_id == steps.c.unit_id)
        .where(closure_on(map_on), clause)
        .group_by(steps.c.version_id, key, steps.c.measure)
    )
    found: dict[int, dict[int, dict[str, int]]] = {version_id: defaultdict(dict) for version_id in part.version_ids}
    for version_id, unit_id, measure, total in rows:
        found[version_id][unit_id][measure] = int(total)
    return {
        version_id: {unit_id: Sums(**measures) for unit_id, measures in of.items()} for version_id, of in found.items()
    }


def _steps(part: Slice) -> CompoundSelect[Any]:
    """Whole half-months from the roll-ups, the rest from the ledger; `known_at` reads the ledger only."""
    ledger = select(
        CoverageEntry.indicator_version_id.label("version_id"), CoverageEntry.unit_id, CoverageEntry.measure,
        CoverageEntry.sign.label("total"),
    ).where(_of_versions(CoverageEntry, part), CoverageEntry.effective_on <= part.reference)  # fmt: skip
    if part.known_at is not None:
        return union_all(ledger.where(CoverageEntry.recorded_at <= part.known_at))
    boundary = half_month(part.reference)
    whole = CoverageRollup.half_month < boundary
    if is_last_of_half_month(part.reference):
        whole = CoverageRollup.half_month <= boundary
        ledger = ledger.where(literal(False))
    rollups = select(
        CoverageRollup.indicator_version_id.label("version_id"), CoverageRollup.unit_id, CoverageRollup.measure,
        CoverageRollup.total,
    ).where(_of_versions(CoverageRollup, part), whole)  # fmt: skip
    return union_all(rollups, ledger.where(CoverageEntry.effective_on >= boundary))


def _of_versions(table: type[CoverageEntry] | type[CoverageRollup], part: Slice) -> ColumnElement[bool]:
    # "" is the period of the roster and of what counts once; a version has either that or years. Naming all measures
    # lets the database use its indexes to the end.
    return and_(
        table.indicator_version_id.in_(part.version_ids),
        table.measure.in_(("roster", "coverage", "output")),
        table.period.in_(("", part.period)),
    )
