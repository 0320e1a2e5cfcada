"""What counts where on a map: the unit asked for, its children, and what cannot be told apart (DESIGN 5, Maps)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.coverage.counting.amounts import Slice, Sums
from app.coverage.counting.standing_tree import chains_of_kinds
from app.coverage.counting.sums import (
    above_on,
    carried_up,
    members_on,
    nearest_of_kinds,
    sums_of_unborn,
    sums_under,
    units_of_kinds,
    units_with_coverage,
)
from app.coverage.indicators.definitions import Definition
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay


@dataclass(frozen=True)
class Row:
    """One line under the unit asked for; `group` are the codes of units that only have a figure together."""

    unit: UnitOnDay
    sums: Sums
    group: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class Tree:
    """One indicator version at the unit and its children.

    `unborn`: sums of units that begin only after the map date; `members`: the units of the map each was merged from;
    `above`: for each unit of the map it was made of, by merger or split, that unit itself and all above it.
    """

    unit: UnitOnDay
    children: Sequence[UnitOnDay]
    sums: dict[int, Sums]
    unborn: dict[int, Sums] = field(default_factory=dict)
    members: dict[int, frozenset[int]] = field(default_factory=dict)
    above: dict[int, list[set[int]]] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    counts_units: bool = False

    def own(self) -> tuple[Sums, tuple[str, ...]]:
        """A unit that went into a later one which has figures of its own is answered for by the whole group."""
        for born, members in _merge(self.members):
            if self.unit.unit_id in members and not self.counts_units:
                total = sum((self.sums.get(member, Sums()) for member in members), Sums())
                return sum((self.unborn[unit] for unit in born), total), self._codes(members)
        return self.sums.get(self.unit.unit_id, Sums()), ()

    def is_torn(self, unit_id: int) -> bool:
        """Whether a later unit with figures of its own was made partly, but not wholly, of what lies under this one.

        Units that are counted themselves cannot be carried back at all: any such later unit tears the figure.
        """
        inside = [(sum(unit_id in place for place in places), len(places)) for places in self.above.values()]
        return any(here > 0 and (here < all_ or self.counts_units) for here, all_ in inside)

    def rows(self) -> list[Row]:
        """The children; those that cannot be told apart as one row, what sits at the unit itself as another."""
        if self.counts_units:
            return [Row(child, self.sums.get(child.unit_id, Sums())) for child in self.children]
        shown: list[Row] = []
        by_id = {child.unit_id: child for child in self.children}
        grouped: set[int] = set()
        for born, members in _merge(self.members):
            if members and members <= by_id.keys():
                sums = sum((self.sums.get(member, Sums()) for member in members), Sums())
                sums = sum((self.unborn[unit] for unit in born), sums)
                first, *_others = members_in_order = sorted(members, key=lambda unit_id: by_id[unit_id].code)
                name = " + ".join(by_id[member].name for member in members_in_order)
                shown.append(Row(by_id[first], sums, self._codes(members), name))
                grouped |= members
        singles = [
            Row(child, self.sums.get(child.unit_id, Sums())) for child in self.children if child.unit_id not in grouped
        ]
        rows = [*singles, *shown]
        direct = self.sums.get(self.unit.unit_id, Sums()) - sum((row.sums for row in rows), Sums())
        if direct and self.children:
            rows.append(Row(self.unit, direct, (), _("Trực thuộc %(unit)s", unit=self.unit.name)))
        return rows

    def _codes(self, members: frozenset[int]) -> tuple[str, ...]:
        return tuple(sorted(self.codes[member] for member in members))


def trees_for(
    db: Session, chosen: Sequence[Definition], part: Slice, unit: UnitOnDay, children: Sequence[UnitOnDay], map_on: date
) -> dict[int, Tree]:
    """A tree for each counted version of `part`; a fixed number of queries for all that count people together."""
    versions = {definition.version_id: definition for definition in chosen if definition.is_counted}
    if not versions:
        return {}
    unborn = sums_of_unborn(db, part, map_on)
    strangers = {unit_id for of in unborn.values() for unit_id in of}
    members = members_on(db, sorted(strangers), map_on) if strangers else {}
    all_members = {member for some in members.values() for member in some}
    above = above_on(db, all_members, map_on) if all_members else {}
    codes = {unit_id: found.code for unit_id, found in unit_queries.units_by_id(db, all_members, map_on).items()}
    asked = {unit.unit_id} | {child.unit_id for child in children}
    # A unit of a group is answered for by all the others of it, wherever they stand.
    sums = sums_under(db, part, asked | all_members, map_on)
    trees: dict[int, Tree] = {}
    for version_id, definition in versions.items():
        made_of = {born: members[born] for born in unborn[version_id]}
        # What a single unit was split into counts there already: the closure carries it.
        merged = {born: of for born, of in made_of.items() if len(of) > 1}
        tree = Tree(
            unit, children, sums[version_id], unborn[version_id], merged,
            {born: [above[member] for member in of] for born, of in made_of.items()}, codes,
        )  # fmt: skip
        if definition.measure == "units":
            covered = units_with_coverage(db, replace(part, version_ids=(version_id,)), definition.unit_kinds, map_on)
            tree = _counting_units(db, definition, tree, covered, asked, map_on)
        trees[version_id] = tree
    return trees


def tree_of(
    db: Session, definition: Definition, own: Mapping[int, Sums], unit: UnitOnDay, children: Sequence[UnitOnDay],
    map_on: date,
) -> Tree:  # fmt: skip
    """The tree of what was worked out apart from the ledger; `own`: what counts at each unit by itself.

    For a map as new as the sums: nothing in them was made of later units.
    """
    asked = {unit.unit_id} | {child.unit_id for child in children}
    tree = Tree(unit, children, carried_up(db, own, asked, map_on))
    if definition.measure == "units":
        covered = nearest_of_kinds(
            db, [at for at, sums in own.items() if sums.coverage > 0], definition.unit_kinds, map_on
        )
        tree = _counting_units(db, definition, tree, covered, asked, map_on)
    return tree


def _counting_units(
    db: Session, definition: Definition, tree: Tree, covered: set[int], asked: set[int], map_on: date
) -> Tree:
    """The same tree with units instead of people in roster and coverage; output stays people.

    `covered`: units of the right kinds with somebody covered in them.
    """
    members = units_of_kinds(db, definition.unit_kinds, definition.former_province, map_on)
    covered = members & covered
    chains = chains_of_kinds(db, definition.unit_kinds, map_on)
    roster, reached = (Counter(above for unit_id in of for above in chains[unit_id]) for of in (members, covered))
    sums = {
        unit_id: Sums(roster[unit_id], reached[unit_id], tree.sums.get(unit_id, Sums()).output) for unit_id in asked
    }
    return replace(tree, sums=sums, counts_units=True)


def _merge(members: dict[int, frozenset[int]]) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Groups that share a member are one: (later units, the units they were made of)."""
    groups: list[tuple[frozenset[int], frozenset[int]]] = []
    for unit_id, origins in sorted(members.items()):
        born, made_of = frozenset({unit_id}), origins
        apart = []
        for group in groups:
            if group[1] & made_of:
                born, made_of = born | group[0], made_of | group[1]
            else:
                apart.append(group)
        groups = [*apart, (born, made_of)]
    return groups
