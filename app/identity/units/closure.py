"""Where every unit counts on every day: the closure of the unit tree, as pure computation.

What the rows mean is said at `app.core.access.UnitClosure`; the readings are DESIGN 5, "Maps" and corner 2.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app.core.errors import AppError
from app.core.i18n import lazy as _

IN_FORCE, AFTER, BEFORE = "", "after", "before"


class BrokenLineage(AppError):
    """The tables of units contradict themselves; nothing sensible can be computed from them."""

    status = 422
    title = _("Dữ liệu đơn vị mâu thuẫn")
    text = _("Đơn vị có id %(unit)s đứng dưới chính nó vào ngày %(day)s. Hãy xem lại cấp trên và quan hệ sáp nhập.")


@dataclass(frozen=True)
class Tenure:
    """A unit stood under `parent_id` from `valid_from` until the day before `valid_to`."""

    unit_id: int
    parent_id: int | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Passage:
    """On `on`, unit `source_id` went into `target_id`, or ended without a successor."""

    on: date
    source_id: int
    target_id: int | None


class ClosureRow(NamedTuple):
    """One row of UnitClosure; `valid_to` is the first day it no longer holds."""

    ancestor_id: int
    descendant_id: int
    depth: int
    carried: str
    valid_from: date
    valid_to: date | None


def closure_rows(
    tenures: Iterable[Tenure], passages: Iterable[Passage], of: Collection[int] | None = None, since: date | None = None
) -> list[ClosureRow]:
    """All rows of the closure, for all days from the first tenure on; every unit has a row at depth 0 on each of them.

    `of`: only the rows of these units. Then it is enough to know of the units that decide where they count (their
    parents, heirs and predecessors, and theirs), and `since`, the day of the very first tenure.
    Raises BrokenLineage if on some day a unit would count under itself.
    """
    known = _Lineage.of(tenures, passages, since)
    wanted = known.lives if of is None else [unit_id for unit_id in of if unit_id in known.lives]
    rows: list[ClosureRow] = []
    positions: dict[int, tuple[tuple[int, ...], str]] = {}
    # Per unit, what holds at the moment: (ancestor, depth, carried) and since when.
    holding: dict[int, dict[tuple[int, int, str], date]] = defaultdict(dict)
    for day in known.epochs:
        tree = _Tree(day, known)
        for unit_id in wanted:
            chain, carried = position = tree.chain(unit_id), tree.place(unit_id)[1]
            if positions.get(unit_id) == position:
                continue
            positions[unit_id] = position
            before = holding[unit_id]
            after = [(ancestor_id, depth, carried) for depth, ancestor_id in enumerate(chain)]
            holding[unit_id] = {key: before.pop(key, day) for key in after}
            rows += [
                ClosureRow(ancestor_id, unit_id, depth, how, since, day)
                for (ancestor_id, depth, how), since in before.items()
            ]
    return rows + [
        ClosureRow(ancestor_id, unit_id, depth, how, since, None)
        for unit_id, still in holding.items()
        for (ancestor_id, depth, how), since in still.items()
    ]


@dataclass(frozen=True)
class _Lineage:
    lives: Mapping[int, Sequence[Tenure]]
    leaving: Mapping[int, Sequence[Passage]]
    arriving: Mapping[int, Sequence[Passage]]
    epochs: Sequence[date]

    @classmethod
    def of(cls, tenures: Iterable[Tenure], passages: Iterable[Passage], since: date | None) -> "_Lineage":
        lives: dict[int, list[Tenure]] = defaultdict(list)
        leaving: dict[int, list[Passage]] = defaultdict(list)
        arriving: dict[int, list[Passage]] = defaultdict(list)
        days = {since} if since else set()
        for tenure in sorted(tenures, key=lambda tenure: tenure.valid_from):
            lives[tenure.unit_id].append(tenure)
            days |= {tenure.valid_from} | ({tenure.valid_to} if tenure.valid_to else set())
        first = min(days, default=date.max)
        for passage in passages:
            # A passage into itself says that the unit lives on: no way to follow.
            if passage.target_id is None or passage.target_id == passage.source_id:
                continue
            leaving[passage.source_id].append(passage)
            arriving[passage.target_id].append(passage)
            days.add(max(passage.on, first))
        return cls(dict(lives), dict(leaving), dict(arriving), sorted(days))


class _Tree:
    """The tree of one day, with the closed and the coming units carried along."""

    def __init__(self, day: date, known: _Lineage) -> None:
        self.day = day
        self.known = known
        self._places: dict[int, tuple[int | None, str]] = {}
        self._chains: dict[int, tuple[int, ...]] = {}

    def chain(self, unit_id: int) -> tuple[int, ...]:
        """The unit itself and whatever it counts under, upwards."""
        if unit_id not in self._chains:
            self._chains[unit_id] = ()  # an empty chain is one still being followed
            parent_id = self.place(unit_id)[0]
            self._chains[unit_id] = (unit_id, *(() if parent_id is None else self.chain(parent_id)))
        elif not self._chains[unit_id]:
            raise BrokenLineage(unit=unit_id, day=self.day.strftime("%d/%m/%Y"))
        return self._chains[unit_id]

    def place(self, unit_id: int) -> tuple[int | None, str]:
        """The unit directly above on this day, and how the unit came there."""
        if unit_id not in self._places:
            self._places[unit_id] = self._find_place(unit_id)
        return self._places[unit_id]

    def _find_place(self, unit_id: int) -> tuple[int | None, str]:
        latest = None
        for tenure in self.known.lives[unit_id]:
            if tenure.valid_from <= self.day:
                latest = tenure
        if latest is None:
            return self._shared_by_predecessors(unit_id), BEFORE
        if latest.valid_to is None or latest.valid_to > self.day:
            return latest.parent_id, IN_FORCE
        return self._heir(unit_id, latest.valid_to) or latest.parent_id, AFTER

    def _heir(self, unit_id: int, closed_on: date) -> int | None:
        """The one unit a closed unit went into, once that unit exists; a part given away earlier makes no heir."""
        heirs = {
            passage.target_id for passage in self.known.leaving.get(unit_id, ()) if closed_on <= passage.on <= self.day
        }  # fmt: skip
        heir_id = heirs.pop() if len(heirs) == 1 else None
        return heir_id if heir_id is not None and self.known.lives[heir_id][0].valid_from <= self.day else None

    def _shared_by_predecessors(self, unit_id: int) -> int | None:
        """The lowest unit above all the units that will go into this one when it begins."""
        begins_on = self.known.lives[unit_id][0].valid_from
        sources = {passage.source_id for passage in self.known.arriving.get(unit_id, ()) if passage.on <= begins_on}
        chains = [self.chain(source_id) for source_id in sorted(sources)]
        return next((above for above in chains[0] if all(above in chain for chain in chains)), None) if chains else None
