"""The days on which the map of units changed, and where the districts of before lie in the communes of today."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.coverage.counting.standing_tree import while_tree_stands
from app.coverage.dashboard.units_summed import LAST_DAY_OF_DISTRICTS, former_districts
from app.identity.models import UnitEdge, UnitVersion
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay, in_force

_KINDS = ("province", "district", "commune", "agency")


@dataclass(frozen=True)
class MapDay:
    """A day on which places or agencies were merged, split or ended; counts by kind on the eve and on the day."""

    on: date
    before: dict[str, int]
    after: dict[str, int]
    resolutions: tuple[str, ...]

    @property
    def eve(self) -> date:
        return self.on - timedelta(days=1)

    @property
    def changed(self) -> list[tuple[str, int, int]]:
        """(kind, before, after) of the kinds whose number is another."""
        return [(kind, self.before[kind], self.after[kind]) for kind in _KINDS if self.before[kind] != self.after[kind]]


@dataclass(frozen=True)
class FormerDistrict:
    """Communes of the day that lie in it; `astride` those that lie partly in another one too."""

    name: str
    communes: tuple[UnitOnDay, ...]
    astride: tuple[UnitOnDay, ...]


def map_days(db: Session) -> list[MapDay]:
    """In order of time; days on which nothing but names changed are left out."""
    moved = UnitEdge.from_unit_id.is_distinct_from(UnitEdge.to_unit_id)
    acts: dict[date, set[str]] = defaultdict(set)
    for on, act in db.execute(select(UnitEdge.effective_on, UnitEdge.resolution).where(moved).distinct()):
        # An edge may name two acts, "1658/NQ-UBTVQH15; 202/2025/QH15".
        acts[on].update(part.strip() for part in act.split(";"))
    days = [
        MapDay(
            on, _numbers(db, on - timedelta(days=1)), _numbers(db, on), tuple(sorted(act for act in acts[on] if act))
        )
        for on in sorted(acts)
    ]
    return [day for day in days if day.changed]


def act_days(db: Session) -> tuple[date, ...]:
    """In order of time every day on which an act changed units, those of new names alone included."""
    return while_tree_stands(
        db,
        ("days of acts",),
        lambda: tuple(db.scalars(select(UnitEdge.effective_on).distinct().order_by(UnitEdge.effective_on))),
    )


def districts_of(db: Session, day: date) -> list[FormerDistrict]:
    """The districts of 2025-06-30 with the communes in force on a later day; empty before the districts had ended."""
    if day <= LAST_DAY_OF_DISTRICTS:
        return []
    communes = unit_queries.in_order(
        unit_queries.listed(db, unit_queries.unit_versions().where(UnitVersion.kind == "commune", in_force(day)))
    )
    lay_in = former_districts(db, [commune.unit_id for commune in communes])
    inside: dict[str, list[UnitOnDay]] = defaultdict(list)
    astride: dict[str, list[UnitOnDay]] = defaultdict(list)
    for commune in communes:
        names = lay_in[commune.unit_id]
        for name in names:
            (inside if len(names) == 1 else astride)[name].append(commune)
    return [
        FormerDistrict(name, tuple(inside[name]), tuple(astride[name]))
        for name in sorted(inside.keys() | astride.keys())
    ]


def _numbers(db: Session, day: date) -> dict[str, int]:
    rows = db.execute(
        select(UnitVersion.kind, func.count())
        .where(UnitVersion.kind.in_(_KINDS), in_force(day))
        .group_by(UnitVersion.kind)
    )
    return Counter(dict(rows.all()))
