"""Where every unit counts on every day, worked out from its versions and edges alone (DESIGN 5, Maps; readings 2, 3).

identity/units/closure.py walks day by day through the whole tree. This goes unit by unit through time: where a unit
stood, stretch by stretch, and what the unit above counted under meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

FOREVER = date.max


@dataclass(frozen=True, slots=True)
class Version:
    """What a unit was from `first` until the day before `end`."""

    unit_id: int
    parent_id: int | None
    code: str
    name: str
    kind: str
    former_province: str | None
    first: date
    end: date


class Edge(NamedTuple):
    """On `on`, the unit `source` went into `target`."""

    on: date
    source: int
    target: int


class Stretch(NamedTuple):
    """From `first` until the day before `end` a unit counts under `chain`: itself and all above it, upwards."""

    first: date
    end: date
    chain: tuple[int, ...]
    carried: str


class Counted(NamedTuple):
    """A row of the closure, whole: from `first` until the day before `end`."""

    ancestor_id: int
    descendant_id: int
    depth: int
    carried: str
    first: date
    end: date


class StandsUnderItself(Exception):
    """The tables of units contradict themselves."""

    def __init__(self, unit_id: int, on: date) -> None:
        super().__init__(unit_id, on)
        self.unit_id, self.on = unit_id, on


class Lineage:
    """All units through all their days; `begins_on` is the first day of which the tables know anything."""

    def __init__(self, versions: Iterable[Version], edges: Iterable[Edge]) -> None:
        lives: dict[int, list[Version]] = defaultdict(list)
        for version in sorted(versions, key=lambda version: version.first):
            lives[version.unit_id].append(version)
        self.lives = dict(lives)
        self.begins_on = min((life[0].first for life in self.lives.values()), default=FOREVER)
        # An edge of a unit to itself says that it lives on: nothing goes anywhere.
        moves = [edge for edge in edges if edge.source != edge.target]
        self._into: dict[int, list[Edge]] = defaultdict(list)
        self._out_of: dict[int, list[Edge]] = defaultdict(list)
        for edge in moves:
            self._into[edge.target].append(edge)
            self._out_of[edge.source].append(edge)

    def version_on(self, unit_id: int, on: date) -> Version | None:
        """The version in force that day."""
        return next((one for one in reversed(self.lives.get(unit_id, ())) if one.first <= on < one.end), None)

    def called(self, unit_id: int, on: date) -> tuple[str, str]:
        """Code and name of that day, else the last before it, else the first."""
        life = self.lives.get(unit_id)
        if not life:
            return str(unit_id), "?"
        version = next((one for one in reversed(life) if one.first <= on), life[0])
        return version.code, version.name

    def stretches(self, unit_id: int) -> list[Stretch]:
        """Where the unit counts, without a gap; raises StandsUnderItself."""
        return list(self._between(unit_id, self.begins_on, FOREVER, ()))

    def chain_on(self, unit_id: int, on: date) -> Stretch:
        """The same for one day, not before `begins_on`."""
        return next(self._between(unit_id, on, min(on.fromordinal(on.toordinal() + 1), FOREVER), ()))

    def rows_of(self, unit_id: int) -> list[Counted]:
        """What the closure should hold of the unit; raises StandsUnderItself."""
        return joined(
            Counted(above, unit_id, depth, one.carried, one.first, one.end)
            for one in self.stretches(unit_id)
            for depth, above in enumerate(one.chain)
        )

    def _between(self, unit_id: int, since: date, until: date, below: tuple[int, ...]) -> Iterator[Stretch]:
        if unit_id in below:
            raise StandsUnderItself(unit_id, since)
        for first, end, parent_id, carried in self._places(unit_id, since, until, (*below, unit_id)):
            if parent_id is None:
                yield Stretch(first, end, (unit_id,), carried)
                continue
            for above in self._between(parent_id, first, end, (*below, unit_id)):
                yield Stretch(above.first, above.end, (unit_id, *above.chain), carried)

    def _places(
        self, unit_id: int, since: date, until: date, below: tuple[int, ...]
    ) -> Iterator[tuple[date, date, int | None, str]]:
        """What stood directly above, cut to [since, until)."""
        life = self.lives[unit_id]
        if since < life[0].first:
            yield from self._unborn(unit_id, since, min(life[0].first, until), below)
        ends = [*(later.first for later in life[1:]), FOREVER]
        for version, next_first in zip(life, ends, strict=True):
            places = [(version.first, min(version.end, next_first), version.parent_id, "")]
            if version.end < next_first:
                places += self._closed(version, next_first)
            for first, end, parent_id, carried in places:
                if max(first, since) < min(end, until):
                    yield max(first, since), min(end, until), parent_id, carried

    def _closed(self, last: Version, until: date) -> Iterator[tuple[date, date, int | None, str]]:
        """A closed unit counts under the one unit it went into, once that one exists; else under its last parent."""
        went = [edge for edge in self._out_of.get(last.unit_id, ()) if edge.on >= last.end]
        begins = {edge.target: self.lives[edge.target][0].first for edge in went}
        days = sorted({last.end} | {day for day in (*(edge.on for edge in went), *begins.values()) if day > last.end})
        for first, end in pairwise([*(day for day in days if day < until), until]):
            heirs = {edge.target for edge in went if edge.on <= first}
            heir = heirs.pop() if len(heirs) == 1 else None
            exists = heir is not None and begins[heir] <= first
            yield first, end, heir if exists else last.parent_id, "after"

    def _unborn(
        self, unit_id: int, since: date, until: date, below: tuple[int, ...]
    ) -> Iterator[tuple[date, date, int | None, str]]:
        """Before its time a unit counts under the lowest unit that all those share which will go into it."""
        begins_on = self.lives[unit_id][0].first
        sources = sorted({edge.source for edge in self._into.get(unit_id, ()) if edge.on <= begins_on})
        if not sources:
            yield since, until, None, "before"
            return
        pasts = [list(self._between(source, since, until, below)) for source in sources]
        days = sorted({one.first for past in pasts for one in past} | {until})
        for first, end in pairwise(days):
            chains = [next(one.chain for one in past if one.first <= first < one.end) for past in pasts]
            shared = [above for above in chains[0] if all(above in chain for chain in chains)]
            yield first, end, shared[0] if shared else None, "before"


def joined(rows: Iterable[Counted]) -> list[Counted]:
    """Rows about the same that follow each other without a gap become one."""
    whole: dict[tuple[int, int, int, str], list[Counted]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.first):
        so_far = whole[row[:4]]
        if so_far and so_far[-1].end == row.first:
            so_far[-1] = so_far[-1]._replace(end=row.end)
        else:
            so_far.append(row)
    return [row for rows_of_key in whole.values() for row in rows_of_key]


def places_of_province(lineage: Lineage, unit_id: int, province: str) -> Sequence[tuple[date, date]]:
    """When a unit counts in a former province: it, or a unit above it on the tree of that day, bears the code that day.

    In half-open intervals that may touch or overlap.
    """
    return [
        (max(one.first, version.first), min(one.end, version.end))
        for one in lineage.stretches(unit_id)
        for above in one.chain
        for version in lineage.lives[above]
        if version.former_province == province and max(one.first, version.first) < min(one.end, version.end)
    ]
