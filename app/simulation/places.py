"""The map the simulated people live on: units through time and what became of each that ended."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import UnitEdge
from app.identity.units.unit_queries import UnitOnDay, joined_name, unit_versions, version_for
from app.simulation.shares import FIRST_DAY


@dataclass(frozen=True)
class Stretch:
    """Days [first, end) spent at a unit; no end means until today and on."""

    unit_id: int
    first: date
    end: date | None

    def cut(self, first: date, end: date | None) -> "Stretch":
        """The part within [first, end)."""
        ends = [day for day in (self.end, end) if day]
        return Stretch(self.unit_id, max(self.first, first), min(ends, default=None))


class Map:
    """All units with all their versions, and the successors of those that ended. Read once, asked in memory."""

    def __init__(self, lives: Mapping[int, Sequence[UnitOnDay]], edges: Sequence[tuple[date, int, int | None]]) -> None:
        self.lives = lives
        self._by_key = {life[0].key: unit_id for unit_id, life in lives.items()}
        self._edges: dict[int, list[tuple[date, int]]] = defaultdict(list)
        for on, source, target in edges:
            if target is not None and target != source:
                self._edges[source].append((on, target))
        # Between two of these days nothing changes its name or its place.
        self._epochs = sorted({version.valid_from for life in lives.values() for version in life})
        self._names: dict[tuple[int, int], str] = {}
        self._heirs: dict[int, list[int]] = {}
        self.first_communes = self._first("commune")
        self.first_districts = self._first("district")
        self.agencies = self._first("agency")

    @classmethod
    def read(cls, db: Session) -> "Map":
        lives: dict[int, list[UnitOnDay]] = defaultdict(list)
        for row in db.execute(unit_versions()):
            lives[row[0]].append(UnitOnDay(*row))
        edges = select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id).order_by(UnitEdge.id)
        return cls(dict(lives), [(on, source, target) for on, source, target in db.execute(edges)])

    def unit(self, key: str) -> int:
        return self._by_key[key]

    def department(self, code: str, province: str) -> int:
        """The department of an old province."""
        return self._by_key[f"a-{code}-{province}"]

    def key(self, unit_id: int) -> str:
        """The unit's own text key, the same in every database."""
        return self.lives[unit_id][0].key

    def name(self, unit_id: int) -> str:
        return self.lives[unit_id][0].name

    def bare_name(self, unit_id: int) -> str:
        """Without the word for its type: Phường Đa Mai is Đa Mai."""
        first = self.lives[unit_id][0]
        return first.name.removeprefix(first.type_name).strip()

    def full_name(self, unit_id: int, day: date) -> str:
        """As `unit_queries.full_name`."""
        at = unit_id, bisect_right(self._epochs, day)
        if at not in self._names:
            self._names[at] = joined_name(self.lives, unit_id, day)
        return self._names[at]

    def province_of(self, unit_id: int) -> str:
        """The old province a unit of the beginning lay in, 24 or 27; "" for a unit of the merged province."""
        on = self.lives[unit_id][0].valid_from
        above: int | None = unit_id
        while above is not None:
            version = version_for(self.lives[above], on)
            if version.former_province_code:
                return version.former_province_code
            above = version.parent_id
        return ""

    def end_of(self, unit_id: int) -> date | None:
        """The first day a unit is no more."""
        return self.lives[unit_id][-1].valid_to

    def heirs(self, unit_id: int) -> list[int]:
        """Where the people of an ended unit went: its successors; of a district, the communes of its area."""
        if unit_id not in self._heirs:
            self._heirs[unit_id] = self._find_heirs(unit_id)
        return self._heirs[unit_id]

    def _find_heirs(self, unit_id: int) -> list[int]:
        end = self.end_of(unit_id)
        assert end is not None
        heirs = [target for on, target in self._edges[unit_id] if on >= end]
        return heirs or [
            target
            for commune in self._by_parent(unit_id)
            for on, target in self._edges[commune]
            if on >= end and self.lives[target][0].valid_from <= end
        ]

    def follow(self, unit_id: int, first: date) -> list[Stretch]:
        """The unit from `first` on, then its first successor, and so on."""
        stretches: list[Stretch] = []
        while True:
            end = self.end_of(unit_id)
            if end is None or end > first:
                stretches.append(Stretch(unit_id, first, end))
            heirs = self.heirs(unit_id) if end else []
            if end is None or not heirs:
                return stretches
            unit_id, first = heirs[0], max(first, end)

    def of_kind(self, kind: str, *types: str) -> list[int]:
        """Units of a kind, made ones included, in order of key; `types` narrows by the word of the type."""
        found = [
            (life[0].key, unit_id)
            for unit_id, life in self.lives.items()
            if life[0].kind == kind and (not types or life[0].type_name in types)
        ]
        return [unit_id for _key, unit_id in sorted(found)]

    def _first(self, kind: str) -> list[int]:
        return [unit_id for unit_id in self.of_kind(kind) if self.lives[unit_id][0].valid_from <= FIRST_DAY]

    def _by_parent(self, parent_id: int) -> list[int]:
        """Units whose last parent this was."""
        return sorted(unit_id for unit_id, life in self.lives.items() if life[-1].parent_id == parent_id)
