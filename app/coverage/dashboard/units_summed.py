"""Which units of the past a unit's figures hold, and which former districts it lies in (DESIGN 5, Maps)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import UnitClosure, closure_on
from app.coverage.counting.sums import members_on
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

# Nghị quyết 1658/NQ-UBTVQH15 ended the district tier on 2025-07-01.
LAST_DAY_OF_DISTRICTS = date(2025, 6, 30)
_PLACES = ("province", "district", "commune")


@dataclass(frozen=True)
class SummedUnit:
    """A closed unit whose figures count under another one now; named as it was last."""

    unit: UnitOnDay
    parent_name: str


def summed_units(db: Session, unit_id: int, map_on: date) -> list[SummedUnit]:
    """The closed places that count directly in this unit on the map; the hundreds below a province are left out."""
    unit = unit_queries.unit_by_id(db, unit_id, map_on)
    if unit is None or unit.kind == "province":
        return []
    ids = db.scalars(
        select(UnitClosure.descendant_id).where(
            UnitClosure.ancestor_id == unit_id, UnitClosure.carried == "after", closure_on(map_on)
        )
    ).all()
    gone = [one for one in unit_queries.units_by_id(db, ids, map_on).values() if one.kind in _PLACES]
    parents = unit_queries.lives_of(db, {one.parent_id for one in gone if one.parent_id})
    return [
        SummedUnit(
            one,
            unit_queries.version_for(parents[one.parent_id], one.nearest_day(map_on)).name if one.parent_id else "",
        )
        for one in unit_queries.in_order(gone)
    ]


def former_districts(db: Session, unit_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """For communes of today the names of the districts they lay in on 2025-06-30; two for those that lie astride."""
    origins = members_on(db, sorted(unit_ids), LAST_DAY_OF_DISTRICTS)
    before = unit_queries.units_by_id(db, {one for some in origins.values() for one in some}, LAST_DAY_OF_DISTRICTS)
    districts = unit_queries.units_by_id(
        db, {one.parent_id for one in before.values() if one.parent_id}, LAST_DAY_OF_DISTRICTS
    )
    found = {}
    for unit_id, some in origins.items():
        parents = {before[one].parent_id for one in some if one in before}
        found[unit_id] = tuple(
            one.name
            for one in unit_queries.in_order(districts[parent] for parent in parents if parent in districts)
            if one.kind == "district"
        )
    return found
