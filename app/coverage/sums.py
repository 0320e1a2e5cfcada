"""Sums of the ledger, carried to the unit tree of a map date: one statement, whatever the number of people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.access import UnitClosure, closure_on
from app.coverage.models import CoverageEntry, CoverageRollup
from app.coverage.periods import half_month, is_last_of_half_month
from app.identity.models import UnitEdge, UnitVersion


@dataclass(frozen=True)
class Slice:
    """Which entries: one version and period up to a reference date, and only what was recorded until `known_at`."""

    version_id: int
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


def sums_under(db: Session, part: Slice, unit_ids: Iterable[int], map_on: date) -> dict[int, Sums]:
    """For each unit what counts in its subtree on the map date; closed units count where they were carried to."""
    return _grouped(db, part, UnitClosure.ancestor_id, and_(UnitClosure.ancestor_id.in_(list(unit_ids))), map_on)


def sums_of_unborn(db: Session, part: Slice, map_on: date) -> dict[int, Sums]:
    """Units that did not exist yet on the map date but have something to count, with their own sums."""
    clause = and_(UnitClosure.carried == "before", UnitClosure.depth == 0)
    return {unit: sums for unit, sums in _grouped(db, part, UnitClosure.descendant_id, clause, map_on).items() if sums}


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
    in_force = set(
        db.scalars(
            select(UnitVersion.unit_id).where(
                UnitVersion.valid_from <= day, or_(UnitVersion.valid_to.is_(None), UnitVersion.valid_to > day)
            )
        )
    )
    return {unit_id: frozenset(_origins(unit_id, edges, in_force, set())) for unit_id in unit_ids}


def above_on(db: Session, unit_ids: Iterable[int], day: date) -> dict[int, set[int]]:
    """For each unit itself and all units above it in the tree of a day."""
    above: dict[int, set[int]] = defaultdict(set)
    query = select(UnitClosure.descendant_id, UnitClosure.ancestor_id).where(
        UnitClosure.descendant_id.in_(list(unit_ids)), closure_on(day)
    )
    for unit_id, ancestor_id in db.execute(query):
        above[unit_id].add(ancestor_id)
    return above


def _origins(unit_id: int, edges: dict[int, set[int]], in_force: set[int], seen: set[int]) -> set[int]:
    if unit_id in in_force:
        return {unit_id}
    if unit_id in seen:
        return set()
    seen.add(unit_id)
    found: set[int] = set()
    for origin in edges.get(unit_id, ()):
        found |= _origins(origin, edges, in_force, seen)
    return found


def _grouped(
    db: Session, part: Slice, key: InstrumentedAttribute[int], clause: ColumnElement[bool], map_on: date
) -> dict[int, Sums]:
    steps = _steps(part).subquery()
    rows = db.execute(
        select(key, steps.c.measure, func.sum(steps.c.total))
        .select_from(steps)
        .join(UnitClosure, UnitClosure.descendant_id == steps.c.unit_id)
        .where(closure_on(map_on), clause)
        .group_by(key, steps.c.measure)
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for unit_id, measure, total in rows:
        found[unit_id][measure] = int(total)
    return {unit_id: Sums(**measures) for unit_id, measures in found.items()}


def _steps(part: Slice) -> CompoundSelect[Any]:
    """Whole half-months from the roll-ups, the rest from the ledger; `known_at` reads the ledger only."""
    ledger = select(CoverageEntry.unit_id, CoverageEntry.measure, CoverageEntry.sign.label("total")).where(
        _of_version(CoverageEntry, part), CoverageEntry.effective_on <= part.reference
    )
    if part.known_at is not None:
        return union_all(ledger.where(CoverageEntry.recorded_at <= part.known_at))
    boundary = half_month(part.reference)
    whole = CoverageRollup.half_month < boundary
    if is_last_of_half_month(part.reference):
        whole = CoverageRollup.half_month <= boundary
        ledger = ledger.where(literal(False))
    rollups = select(CoverageRollup.unit_id, CoverageRollup.measure, CoverageRollup.total).where(
        _of_version(CoverageRollup, part), whole
    )
    return union_all(rollups, ledger.where(CoverageEntry.effective_on >= boundary))


def _of_version(table: type[CoverageEntry] | type[CoverageRollup], part: Slice) -> ColumnElement[bool]:
    return and_(
        table.indicator_version_id == part.version_id,
        or_(
            and_(table.measure == "roster", table.period == ""),
            and_(table.measure.in_(("coverage", "output")), table.period == part.period),
        ),
    )
