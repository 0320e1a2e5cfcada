"""What became of units that are gone: followed through lineage to units in force, one or several."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import UnitEdge
from app.identity.units.unit_queries import UnitOnDay, holds


class Successors:
    """Follows closed units to those in force on a day; reads the whole lineage once. `lives`: of every unit."""

    def __init__(self, db: Session, lives: Mapping[int, Sequence[UnitOnDay]], day: date) -> None:
        self._lives, self._day = lives, day
        self._went: dict[int, list[tuple[date, int]]] = {}
        self._found: dict[int, frozenset[int]] = {}
        passages = select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id)
        apart = UnitEdge.to_unit_id.is_not(None) & (UnitEdge.to_unit_id != UnitEdge.from_unit_id)
        for on, source_id, target_id in db.execute(passages.where(apart)):
            assert target_id is not None, "asked for"
            self._went.setdefault(source_id, []).append((on, target_id))

    def of(self, unit_id: int) -> frozenset[int]:
        """Ids of the units in force that a unit is or went into; several after a split, none if it left no heir."""
        if unit_id not in self._found:
            self._found[unit_id] = frozenset()  # a unit that is still being followed leads nowhere
            last = self._lives[unit_id][-1]
            if holds(last, self._day):
                self._found[unit_id] = frozenset({unit_id})
            elif last.valid_to is not None:
                # What it gave away while it lived made no heir.
                heirs = (to for on, to in self._went.get(unit_id, ()) if last.valid_to <= on <= self._day)
                self._found[unit_id] = frozenset().union(*map(self.of, heirs))
        return self._found[unit_id]
