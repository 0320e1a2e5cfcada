"""Who is still missing: members of the roster without an earning completion, for those who may see people.

Listed by unit, by name within each. The balances tell how many are missing under every unit, so that people are looked
for only in the few units a page shows, wherever in the list it is.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Subquery, cast, except_, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.memory import remembered
from app.coverage.counting.amounts import Sums
from app.coverage.counting.figures import Figure
from app.coverage.counting.looked_up import sums_with_subtrees, units_with_others
from app.coverage.counting.standing_tree import book_of
from app.coverage.models import CoverageEntry
from app.identity.models import Person, UnitVersion
from app.identity.units import unit_queries
from app.identity.units.unit_queries import in_force

PER_PAGE = 50
# So many members of a roster are read as soon as it is found out in which units below they are.
FEW = 1000
# Its id, the name, and the unit that is missing it.
_Person = tuple[int, str, int]


@dataclass(frozen=True)
class MissingPerson:
    person_id: int
    name: str
    unit_name: str


@dataclass(frozen=True)
class MissingPeople:
    """One page of them, by unit and in Vietnamese name order in each; `total` counts all pages."""

    people: tuple[MissingPerson, ...]
    total: int
    page: int
    pages: int


def missing_people(
    db: Session, actor: Actor, found: Figure, page: int = 1, *, per_page: int = PER_PAGE, few: int = FEW
) -> MissingPeople:  # fmt: skip
    """Those under the figure's unit that the actor may see as people (`coverage.people`)."""
    first = (page - 1) * per_page
    with_others = _units_with_others(db, found)
    if with_others is None:
        people, total = _added_up(db, actor, found, first, per_page)
    else:
        people, total = _Balances(db, found, with_others, few).page(_seen_under(db, actor, found), first, per_page)
    return MissingPeople(people, total, page, max(1, -(-total // per_page)))


def _units_with_others(db: Session, found: Figure) -> frozenset[int] | None:
    """None where the balances do not know: of another map, or of what was known at some time."""
    if found.known_at is not None or found.period.year != found.reference_date.year:
        return None
    # What the actor may see goes by the map of today.
    return units_with_others(db, found.map_on) and units_with_others(db, clock.today())


def _seen_under(db: Session, actor: Actor, found: Figure) -> list[int]:
    """The figure's unit if the actor may see its people; else the highest units under it where that is so."""
    granted = actor.grants.get("coverage.people", frozenset())
    above: dict[int, set[int]] = defaultdict(set)
    pairs = select(UnitClosure.descendant_id, UnitClosure.ancestor_id).where(
        UnitClosure.descendant_id.in_(granted | {found.unit_id}),
        closure_on(clock.today()),
        UnitClosure.carried != "before",
    )
    for unit_id, ancestor_id in db.execute(pairs):
        above[unit_id].add(ancestor_id)
    if above[found.unit_id] & granted:
        return [found.unit_id]
    inside = {unit_id for unit_id in granted if found.unit_id in above[unit_id]}
    return sorted(unit_id for unit_id in inside if not (above[unit_id] - {unit_id}) & inside)


@dataclass(frozen=True)
class _Spot:
    """How many are on the roster and missing under a unit; with `children`, in what stands under none of them."""

    unit_id: int
    members: int
    missing: int
    children: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Balances:
    """Walks down the tree of the figure's map to those whom a page shows."""

    db: Session
    found: Figure
    with_others: frozenset[int]
    few: int

    def page(self, unit_ids: Sequence[int], first: int, count: int) -> tuple[tuple[MissingPerson, ...], int]:
        """`count` of the people missing under these units from the `first` on (0-based), and how many there are."""
        starts = self._spots(unit_ids)
        to_look_at, began, position = starts[::-1], 0, 0
        shown: list[_Spot] = []
        while to_look_at and position < first + count:
            spot = to_look_at.pop()
            if position + spot.missing <= first or not spot.missing:
                position += spot.missing
            elif inside := self._inside(spot):
                to_look_at += inside[::-1]
            else:
                began = began if shown else position
                shown.append(spot)
                position += spot.missing
        people = self._people(shown)[first - began :][:count] if shown else []
        return _named(self.db, people, self.found), sum(spot.missing for spot in starts)

    def _spots(self, unit_ids: Sequence[int]) -> list[_Spot]:
        version_id, day = self.found.definition.version_id, self.found.reference_date
        known = sums_with_subtrees(self.db, [version_id], unit_ids, [day], self.found.map_on)
        assert known is not None, "they are of this map"
        sums = [known[day][version_id].get(unit_id, Sums()) for unit_id in unit_ids]
        return [_Spot(unit_id, of.roster, of.roster - of.coverage) for unit_id, of in zip(unit_ids, sums, strict=True)]

    def _inside(self, spot: _Spot) -> list[_Spot]:
        """What stands under it, in order, and first what stands under none of that; nothing if few are to be read."""
        if spot.children or spot.members <= self.few or spot.unit_id not in self.with_others:
            return []
        children = [one.unit_id for one in unit_queries.children_on(self.db, spot.unit_id, self.found.map_on)]
        spots = self._spots(children)
        members, missing = (sum(getattr(one, name) for one in spots) for name in ("members", "missing"))
        own = _Spot(spot.unit_id, spot.members - members, spot.missing - missing, tuple(children))
        return [own, *spots] if children else []

    def _people(self, spots: Sequence[_Spot]) -> list[_Person]:
        """All who are missing there, in order."""
        place_of = self._units_of(spots)
        lacking = _lacking(self.found, CoverageEntry.unit_id.in_(place_of)).subquery()
        rows = self.db.execute(_with_names(lacking, self.found)).all()
        in_order = sorted(rows, key=lambda row: (place_of[row.unit_id], row.unit, row.unit_id, row.sort_name, row.id))
        return [(row.id, row.name, row.unit_id) for row in in_order]

    def _units_of(self, spots: Sequence[_Spot]) -> dict[int, int]:
        """By unit the place, in these spots, of the one its people are missing in."""
        place_of = {spot.unit_id: place for place, spot in enumerate(spots)}
        if whole := [spot.unit_id for spot in spots if not spot.children and spot.unit_id in self.with_others]:
            pairs = self._below(whole).add_columns(UnitClosure.ancestor_id)
            place_of |= {unit_id: place_of[above] for unit_id, above in self.db.execute(pairs)}
        for place, spot in enumerate(spots):
            if spot.children:
                place_of |= dict.fromkeys(self._under_no_child(spot), place)
        return place_of

    def _under_no_child(self, spot: _Spot) -> frozenset[int]:
        """The unit, and what stands below it but below none of its children, as abolished units may: hardly any."""
        book = book_of(self.db)
        assert book is not None, "these are its balances"
        others = except_(self._below([spot.unit_id]), self._below(spot.children))
        key = ("units under no child", spot.unit_id, book.map_number)
        return remembered(self.db, key, lambda: frozenset(self.db.scalars(others)))

    def _below(self, unit_ids: Collection[int]) -> Select[int]:
        """The units below these on the figure's map, and these."""
        below = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id.in_(unit_ids))
        return below.where(closure_on(self.found.map_on))


def _added_up(
    db: Session, actor: Actor, found: Figure, first: int, count: int
) -> tuple[tuple[MissingPerson, ...], int]:  # fmt: skip
    """The same without balances: all of them have to be found for one page of them, so they are counted by the way."""
    under = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id == found.unit_id, closure_on(found.map_on))
    lacking = _lacking(
        found, CoverageEntry.unit_id.in_(under), CoverageEntry.unit_id.in_(actor.units_with("coverage.people"))
    )
    counted = lacking.add_columns(func.count().over().label("total")).subquery()
    in_order = _with_names(counted, found).order_by("unit", counted.c.unit_id, Person.sort_name, Person.id)
    rows = db.execute(in_order.add_columns(counted.c.total).offset(first).limit(count)).all()
    total = rows[0].total if rows else db.scalar(select(func.count()).select_from(lacking.subquery())) or 0
    return _named(db, [(row.id, row.name, row.unit_id) for row in rows], found), total


def _lacking(found: Figure, *of_units: ColumnElement[bool]) -> Select[int, int]:
    """Person and unit of those who are on the roster of the figure and not covered."""
    definition = found.definition
    period = definition.entry_period(str(found.period.year))
    # Of wide numbers PostgreSQL sums to numeric, which is slow.
    sign = cast(CoverageEntry.sign, Integer)
    # One way down the index for each measure and unit, which naming both measures and all periods would make four.
    steps = union_all(
        *(
            select(CoverageEntry.person_id, CoverageEntry.unit_id, *of)
            .where(CoverageEntry.indicator_version_id == definition.version_id, CoverageEntry.measure == measure)
            .where(CoverageEntry.period == called, CoverageEntry.effective_on <= found.reference_date, *of_units)
            .where(CoverageEntry.recorded_at <= found.known_at if found.known_at else true())
            for measure, called, of in (
                ("roster", "", (sign.label("roster"), literal(0).label("covered"))),
                ("coverage", period, (literal(0), sign)),
            )
        )
    ).subquery()
    return (
        select(steps.c.person_id, steps.c.unit_id)
        .group_by(steps.c.person_id, steps.c.unit_id)
        .having(func.sum(steps.c.roster) > 0)
        .having(func.sum(steps.c.covered) == 0)
    )


def _with_names(lacking: Subquery, found: Figure) -> Select[*tuple[Any, ...]]:
    """Rows of id, name, unit_id, sort_name and, to sort by, unit."""
    unit_name = func.coalesce(UnitVersion.folded_name, "").label("unit")
    return (
        select(Person.id, Person.name, lacking.c.unit_id, Person.sort_name, unit_name)
        .join(lacking, lacking.c.person_id == Person.id)
        .outerjoin(UnitVersion, (UnitVersion.unit_id == lacking.c.unit_id) & in_force(found.reference_date))
    )


def _named(db: Session, people: Sequence[_Person], found: Figure) -> tuple[MissingPerson, ...]:
    units = unit_queries.units_by_id(db, {unit_id for _person_id, _name, unit_id in people}, found.reference_date)
    return tuple(MissingPerson(person_id, name, units[unit_id].name) for person_id, name, unit_id in people)
