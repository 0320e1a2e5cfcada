"""The declared figures that answer one question: results and denominators, carried to the map of the question."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.coverage.counting.periods import Period
from app.coverage.counting.standing_tree import while_tree_stands
from app.coverage.declared.figures_in_force import (
    Declared,
    Origin,
    history,
    in_force_for,
    in_time,
    last_shared,
    lineage,
)
from app.coverage.indicators.definitions import Definition
from app.coverage.indicators.plan_data import populations
from app.identity.models import UnitVersion
from app.identity.units.unit_queries import in_force

# What units came from, and the places under them.
_Scoped = tuple[dict[int, list[Origin]], dict[int, list[int]]]
# People live in places: an agency or a school declares none, and must not keep the places from adding up.
_PLACES = ("province", "district", "commune")


class DeclaredBook:
    """Reads what was declared once, and the lineage only if somebody needs it."""

    def __init__(
        self,
        db: Session,
        chosen: Sequence[Definition],
        period: Period,
        reference: date,
        known_at: datetime | None,
        map_on: date,
        also: Iterable[str] = (),
    ) -> None:
        """`also`: populations to read besides those the chosen definitions divide by."""
        self._db = db
        self._map_on = map_on
        subjects = {one.code for one in chosen if one.is_declared} | {
            one.population for one in chosen if one.population
        }
        subjects |= set(also)
        self._figures = figures = history(db, sorted(subjects)) if subjects else []
        self._known_at = known_at
        self._denominators = _by_subject(in_time(figures, reference, known_at))
        # A result of last year says nothing about what is counted anew each year.
        self._results = _by_subject(in_time(figures, reference, known_at, since=period.year_began))
        self._scoped: dict[str | None, _Scoped] = {}

    def on(self, reference: date) -> "DeclaredBook":
        """The same book open at another day, read no second time; its results are those of that day's year."""
        other = copy(self)
        other._denominators = _by_subject(in_time(self._figures, reference, self._known_at))
        since = date(reference.year, 1, 1)
        other._results = _by_subject(in_time(self._figures, reference, self._known_at, since=since))
        return other

    def denominator(self, definition: Definition, unit_id: int) -> Declared | None:
        return self.population(definition.population or "", unit_id)

    def population(self, code: str, unit_id: int) -> Declared | None:
        population = populations()[code]
        return self._find(self._denominators[population.code], unit_id, population.former_province, may_sum=True)

    def result(self, definition: Definition, unit_id: int) -> Declared | None:
        figures = self._results if definition.is_annual else self._denominators
        may_sum = definition.target_unit != "yes_no" and not definition.is_declared_in_percent
        return self._find(figures[definition.code], unit_id, definition.former_province, may_sum=may_sum)

    def _find(
        self, own: dict[int, list[Declared]], unit_id: int, province: str | None, *, may_sum: bool
    ) -> Declared | None:
        if not own:
            return None
        if unit_id in own and own[unit_id][-1].as_of >= self._last_shared.get(unit_id, date.min):
            return own[unit_id][-1]
        origins, children = self._tree_of(province)
        return in_force_for(unit_id, own, origins, children, may_sum=may_sum)

    @cached_property
    def _last_shared(self) -> dict[int, date]:
        return while_tree_stands(self._db, ("last shared", self._map_on), lambda: last_shared(self._db, self._map_on))

    def _tree_of(self, province: str | None) -> _Scoped:
        """What units came from and the places under them; of the former province only, if one is named."""
        if province not in self._scoped:
            key = ("declared tree", province, self._map_on)
            self._scoped[province] = while_tree_stands(self._db, key, lambda: self._work_out_tree(province))
        return self._scoped[province]

    def _work_out_tree(self, province: str | None) -> _Scoped:
        if province is None:
            return lineage(self._db, self._map_on), self._places_below()
        inside = set(self._db.scalars(select(UnitVersion.unit_id).where(UnitVersion.former_province_code == province)))
        origins, children = self._tree_of(None)
        return (
            {unit: [one for one in some if one.unit_id in inside] for unit, some in origins.items()},
            {unit: [one for one in some if one in inside] for unit, some in children.items()},
        )

    def _places_below(self) -> dict[int, list[int]]:
        rows = self._db.execute(
            select(UnitVersion.parent_id, UnitVersion.unit_id).where(
                UnitVersion.kind.in_(_PLACES), in_force(self._map_on)
            )
        )
        below: dict[int, list[int]] = defaultdict(list)
        for parent_id, unit_id in rows:
            if parent_id is not None:
                below[parent_id].append(unit_id)
        return below


def _by_subject(found: dict[tuple[str, int], list[Declared]]) -> dict[str, dict[int, list[Declared]]]:
    by: dict[str, dict[int, list[Declared]]] = defaultdict(dict)
    for (subject, unit_id), declared in found.items():
        by[subject][unit_id] = declared
    return by
