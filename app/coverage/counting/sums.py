"""What counts under units on the tree of a map date: looked up in the balances where they are those of this map, else
summed from the ledger; one statement either way, whatever the number of people."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, CompoundSelect, Date, Select, Subquery, bindparam, func, select, union_all
from sqlalchemy.orm import Session

from app.core.access import UnitClosure, closure_on
from app.coverage.counting.amounts import Slice, Sums, VersionSums
from app.coverage.counting.judging import in_scope
from app.coverage.counting.looked_up import sums_alone, sums_with_subtrees
from app.coverage.counting.periods import half_month, is_last_of_half_month
from app.coverage.counting.standing_tree import Chains, chains_of_kinds, is_any_to_come, while_tree_stands
from app.coverage.models import CoverageEntry, CoverageRollup
from app.identity.models import UnitEdge, UnitVersion
from app.identity.units import unit_queries
from app.identity.units.unit_queries import in_force

_Statement = Select[*tuple[Any, ...]]


def sums_under(db: Session, part: Slice, unit_ids: Iterable[int], map_on: date) -> VersionSums:
    """For each unit what counts in its subtree on the map date; closed units count where they were carried to."""
    asked = list(unit_ids)
    # A reference before its year has begun is asked for nothing of that year.
    if part.known_at is None and part.period == str(part.reference.year):
        known = sums_with_subtrees(db, part.version_ids, asked, [part.reference], map_on)
        if known is not None:
            return known[part.reference]
    return added_up(db, part, asked, map_on)


def added_up(db: Session, part: Slice, unit_ids: Iterable[int], map_on: date) -> VersionSums:
    """`sums_under` without balances: for other maps than the one in force, and for what was known at some time."""
    tree = {"unit_ids": list(unit_ids), "map_on": map_on}
    # Below a commune the ledger is asked for its few hundred units; below a province it is read from end to end.
    is_small = db.connection().scalar(_BEYOND, tree) is None
    return _collected(db, part, _sums_under(_shape(part), is_small=is_small), tree)


def sums_of_unborn(db: Session, part: Slice, map_on: date) -> VersionSums:
    """Units that did not exist yet on the map date but have something to count, with their own sums."""
    if not is_any_to_come(db, map_on):
        return {version_id: {} for version_id in part.version_ids}
    found = None
    if part.known_at is None and part.period == str(part.reference.year):
        unborn = db.scalars(select(UnitClosure.descendant_id).where(*_UNBORN), {"map_on": map_on}).all()
        found = sums_alone(db, part.version_ids, unborn, part.reference)
    if found is None:
        found = _collected(db, part, _sums_of_unborn(_shape(part)), {"map_on": map_on})
    return {version: {unit: sums for unit, sums in of.items() if sums} for version, of in found.items()}


def units_with_coverage(db: Session, part: Slice, kinds: Iterable[str], map_on: date) -> set[int]:
    """The units of these kinds on the map in which somebody is covered: a member counts for the nearest one above.

    For a slice of one version. What belongs to units the map does not know yet is left out.
    """
    (version_id,) = part.version_ids
    if not is_any_to_come(db, map_on):
        chains = chains_of_kinds(db, frozenset(kinds), map_on)
        return _with_own(sums_under(db, part, chains, map_on)[version_id], chains)
    steps = _steps(_shape(part)).subquery()
    rows = db.execute(
        select(steps.c.unit_id, UnitClosure.ancestor_id, func.sum(steps.c.total))
        .select_from(steps)
        .join(UnitClosure, UnitClosure.descendant_id == steps.c.unit_id)
        .join(UnitVersion, UnitVersion.unit_id == UnitClosure.ancestor_id)
        .where(steps.c.measure == "coverage", closure_on(map_on), UnitClosure.carried != "before")
        .where(UnitVersion.kind.in_(list(kinds)), in_force(map_on))
        .group_by(steps.c.unit_id, UnitClosure.ancestor_id)
        .order_by(func.min(UnitClosure.depth)),
        _asked(part),
    )
    nearest: dict[int, tuple[int, int]] = {}
    for unit_id, ancestor_id, total in rows:
        nearest.setdefault(unit_id, (ancestor_id, int(total)))
    return {ancestor_id for ancestor_id, total in nearest.values() if total > 0}


def carried_up(db: Session, own: Mapping[int, Sums], unit_ids: Collection[int], map_on: date) -> dict[int, Sums]:
    """What `sums_under` says, from sums of units by themselves instead of the ledger."""
    rows = db.execute(
        select(UnitClosure.ancestor_id, UnitClosure.descendant_id).where(
            UnitClosure.ancestor_id.in_(unit_ids), closure_on(map_on)
        )
    )
    found: dict[int, Sums] = defaultdict(Sums)
    for ancestor_id, unit_id in rows:
        if unit_id in own:
            found[ancestor_id] += own[unit_id]
    return dict(found)


def nearest_of_kinds(db: Session, unit_ids: Collection[int], kinds: Iterable[str], map_on: date) -> set[int]:
    """The units of these kinds that these units count for on the map, as in `units_with_coverage`."""
    rows = db.execute(
        select(UnitClosure.descendant_id, UnitClosure.ancestor_id)
        .join(UnitVersion, UnitVersion.unit_id == UnitClosure.ancestor_id)
        .where(UnitClosure.descendant_id.in_(unit_ids), closure_on(map_on), UnitClosure.carried != "before")
        .where(UnitVersion.kind.in_(list(kinds)), in_force(map_on))
        .order_by(UnitClosure.depth)
    )
    nearest: dict[int, int] = {}
    for unit_id, ancestor_id in rows:
        nearest.setdefault(unit_id, ancestor_id)
    return set(nearest.values())


def _with_own(sums: Mapping[int, Sums], chains: Chains) -> set[int]:
    """Of places with what counts under each those that have somebody covered who is not in another place inside."""
    covered = {unit_id: of.coverage for unit_id, of in sums.items() if of.coverage > 0}
    own = Counter(covered)
    for unit_id, people in covered.items():
        above = next((one for one in chains[unit_id][1:] if one in covered), None)
        if above is not None:
            own[above] -= people
    return {unit_id for unit_id, people in own.items() if people > 0}


def units_of_kinds(db: Session, kinds: Iterable[str], province: str | None, map_on: date) -> set[int]:
    """Units of these kinds in force on the map, those of the former province only if one is named."""
    found = set(chains_of_kinds(db, frozenset(kinds), map_on))
    if province is None:
        return found

    def work_out() -> set[int]:
        scope = unit_queries.former_province_stays(db, found, province)
        return {unit_id for unit_id in found if in_scope(scope, unit_id, map_on)}

    return while_tree_stands(db, ("of kinds", frozenset(kinds), province, map_on), work_out)


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


def _collected(db: Session, part: Slice, statement: _Statement, tree: dict[str, Any]) -> VersionSums:
    """From rows of version, unit, measure and sum."""
    found: dict[int, dict[int, dict[str, int]]] = {version_id: defaultdict(dict) for version_id in part.version_ids}
    for version_id, unit_id, measure, total in db.connection().execute(statement, _asked(part) | tree):
        found[version_id][unit_id][measure] = int(total)
    return {
        version_id: {unit_id: Sums(**measures) for unit_id, measures in of.items()} for version_id, of in found.items()
    }


# --- statements, each built once ----------------------------------------------------------------------------------

# All the ledger as it was known; or roll-ups of whole half-months, alone or with the ledger of the one begun.
_Shape = Literal["known", "whole", "begun"]
_MAP_ON = bindparam("map_on", type_=Date)
_UNDER = (UnitClosure.ancestor_id.in_(bindparam("unit_ids", expanding=True)), closure_on(_MAP_ON))
_UNBORN = (UnitClosure.carried == "before", UnitClosure.depth == 0, closure_on(_MAP_ON))
_BEYOND = select(UnitClosure.id).where(*_UNDER).offset(2000).limit(1)


def _shape(part: Slice) -> _Shape:
    if part.known_at is not None:
        return "known"
    return "whole" if is_last_of_half_month(part.reference) else "begun"


def _asked(part: Slice) -> dict[str, Any]:
    # "" is the period of the roster and of what counts once; a version has either that or years.
    asked = {"version_ids": part.version_ids, "periods": ("", part.period), "reference": part.reference}
    if part.known_at is not None:
        return asked | {"known_at": part.known_at}
    return asked | {"half_month": half_month(part.reference)}


@lru_cache
def _sums_under(shape: _Shape, *, is_small: bool) -> _Statement:
    own = _own_sums(shape, select(UnitClosure.descendant_id).where(*_UNDER) if is_small else None)
    return (
        select(own.c.version_id, UnitClosure.ancestor_id, own.c.measure, func.sum(own.c.total))
        .join(UnitClosure, UnitClosure.descendant_id == own.c.unit_id)
        .where(*_UNDER)
        .group_by(own.c.version_id, UnitClosure.ancestor_id, own.c.measure)
    )


@lru_cache
def _sums_of_unborn(shape: _Shape) -> _Statement:
    own = _own_sums(shape)
    return (
        select(own.c.version_id, own.c.unit_id, own.c.measure, own.c.total)
        .join(UnitClosure, UnitClosure.descendant_id == own.c.unit_id)
        .where(*_UNBORN)
    )


def _own_sums(shape: _Shape, units: Select[int] | None = None) -> Subquery:
    """Of each unit by itself: ten steps of the ledger or more become one row before the tree is asked about it."""
    steps = _steps(shape, units).subquery()
    return (
        select(steps.c.version_id, steps.c.unit_id, steps.c.measure, func.sum(steps.c.total).label("total"))
        .group_by(steps.c.version_id, steps.c.unit_id, steps.c.measure)
        .subquery()
    )


def _steps(shape: _Shape, units: Select[int] | None = None) -> CompoundSelect[Any]:
    """Whole half-months from the roll-ups, the rest from the ledger; what was known at some time from the ledger only.

    Of all units, or of `units`.
    """
    ledger = select(
        CoverageEntry.indicator_version_id.label("version_id"), CoverageEntry.unit_id, CoverageEntry.measure,
        CoverageEntry.sign.label("total"),
    ).where(*_of_slice(CoverageEntry, units), CoverageEntry.effective_on <= bindparam("reference"))  # fmt: skip
    if shape == "known":
        return union_all(ledger.where(CoverageEntry.recorded_at <= bindparam("known_at")))
    boundary = bindparam("half_month", type_=Date)
    rollups = select(
        CoverageRollup.indicator_version_id.label("version_id"), CoverageRollup.unit_id, CoverageRollup.measure,
        CoverageRollup.total,
    ).where(*_of_slice(CoverageRollup, units))  # fmt: skip
    if shape == "whole":
        return union_all(rollups.where(CoverageRollup.half_month <= boundary))
    return union_all(
        rollups.where(CoverageRollup.half_month < boundary), ledger.where(CoverageEntry.effective_on >= boundary)
    )


def _of_slice(
    table: type[CoverageEntry] | type[CoverageRollup], units: Select[int] | None
) -> tuple[ColumnElement[bool], ...]:
    clauses = (
        table.indicator_version_id.in_(bindparam("version_ids", expanding=True)),
        # Naming all measures lets the database use its indexes to the end.
        table.measure.in_(("roster", "coverage", "output")),
        table.period.in_(bindparam("periods", expanding=True)),
    )
    return clauses if units is None else (*clauses, table.unit_id.in_(units))
