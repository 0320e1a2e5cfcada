"""Random reorganisations of a small tree, one after another: whatever is allowed keeps the tree whole."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import get_args

import pytest
from sqlalchemy import delete, func, select

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Base, Session
from app.holdings import HOLDINGS
from app.identity.models import Affiliation, Unit, UnitAct, UnitEdge, UnitVersion
from app.identity.people.people import add_affiliation
from app.identity.policy import held_on
from app.identity.units import reorganising
from app.identity.units.closure_table import closure_of, rebuild_closure
from app.identity.units.reorganising import carry_out, preview, undo
from app.identity.units.unit_queries import holds, lives_of, units_by_id
from app.identity.units.wishes import (
    Absorb,
    Cede,
    Close,
    Create,
    Draft,
    Found,
    Merge,
    Move,
    Rename,
    Retype,
    Split,
    Wish,
)
from tests import factories

FIRST_DAY, MADE_ON, START = date(2025, 7, 1), date(2025, 12, 1), date(2026, 1, 1)
BACK = ("unit_version", "unit_edge", "unit_closure", "affiliation", "affiliation_audience", "role_grant")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    reorganising.wire_holdings(HOLDINGS)
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


@dataclass
class World:
    """A province of our own; `units` is every unit ever made under it."""

    db: Session
    chance: Random
    root: int
    units: list[int] = field(default_factory=list)
    codes: int = 0
    on: date = START
    # Each act with the tables as they were before it.
    done: list[tuple[UnitAct, dict[str, list[str]]]] = field(default_factory=list)

    def pick(self, count: int) -> int:
        return self.chance.randrange(count)

    def draft(self, parent_id: int) -> Draft:
        self.codes += 1
        return Draft(f"R{self.codes}", f"Xã {self.codes}", "commune", "Xã", parent_id)

    def some(self) -> int:
        return self.units[self.pick(len(self.units))]

    def parent(self) -> int:
        return [self.root, *self.units][self.pick(len(self.units) + 1)]

    def wish(self, verb: type[Wish], on: date) -> Wish:
        """The act on any of the units: most can be done, the others must be refused whole."""
        unit_id, other_id = self.some(), self.some()
        children = list(
            self.db.scalars(
                select(UnitVersion.unit_id)
                .where(UnitVersion.parent_id == unit_id, UnitVersion.valid_to.is_(None))
                .order_by(UnitVersion.unit_id)
            )
        )
        people = self.db.scalars(
            select(Affiliation.person_id).where(Affiliation.unit_id == unit_id, held_on(on)).order_by(Affiliation.id)
        )
        named = {person_id: self.pick(2) for person_id in people if self.pick(2)}
        parent_id = units_by_id(self.db, [unit_id], on)[unit_id].parent_id or self.root
        two = (self.draft(parent_id), self.draft(parent_id))
        made: dict[type[Wish], Callable[[], Wish]] = {
            Create: lambda: Create(self.draft(self.parent())),
            Found: lambda: Found((self.draft(self.parent()), self.draft(-1))),
            Rename: lambda: Rename(unit_id, f"N{self.codes}", f"Xã Mới {self.codes}"),
            Retype: lambda: Retype(unit_id, f"Phường {self.codes}", "commune", "Phường"),
            Move: lambda: Move(unit_id, self.parent()),
            Merge: lambda: Merge((unit_id, other_id), self.draft(parent_id)),
            Absorb: lambda: Absorb((unit_id,), other_id),
            Split: lambda: Split(unit_id, two, (0.25, 0.75), {child: self.pick(2) for child in children}, named),
            Cede: lambda: Cede(
                unit_id, (two[0], other_id), (0.25, 0.5),
                {child: self.pick(2) for child in children if self.pick(2)}, named,
            ),
            Close: lambda: Close(unit_id),
        }  # fmt: skip
        return made[verb]()


def tables(db: Session) -> dict[str, list[str]]:
    """Every row of what undoing must bring back; rows of the closure by what they say, not by id."""
    db.flush()
    db.expire_all()
    found = {}
    for name in BACK:
        columns = [one for one in Base.metadata.tables[name].columns if (name, one.name) != ("unit_closure", "id")]
        found[name] = sorted(repr(tuple(row)) for row in db.execute(select(*columns)))
    return found


def people_counted(db: Session, root: int, day: date) -> int:
    below = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id == root, closure_on(day))
    held = select(func.count(Affiliation.person_id.distinct())).where(Affiliation.unit_id.in_(below), held_on(day))
    return db.scalar(held) or 0


def check(world: World, people_count: int) -> None:
    db = world.db
    lives = lives_of(db, [world.root, *world.units])
    edges = db.scalars(select(UnitEdge).where(UnitEdge.from_unit_id.in_(lives)).order_by(UnitEdge.id)).all()
    stored = sorted(
        tuple(row)
        for row in db.execute(
            select(UnitClosure.ancestor_id, UnitClosure.descendant_id, UnitClosure.depth, UnitClosure.carried,
                   UnitClosure.valid_from, func.coalesce(UnitClosure.valid_to, date.max))
        )
    )  # fmt: skip
    assert stored == sorted((*row[:5], row.valid_to or date.max) for row in closure_of(db))
    days = {version.valid_from for life in lives.values() for version in life} - {FIRST_DAY, MADE_ON}
    for day in sorted({one + timedelta(days=more) for one in days for more in (-1, 0)}):
        in_force = {unit_id: [version for version in life if holds(version, day)] for unit_id, life in lives.items()}
        assert all(len(versions) <= 1 for versions in in_force.values()), "one state a day, so one parent"
        parents = {unit_id: one[0].parent_id for unit_id, one in in_force.items() if one}
        chains: dict[int, list[int]] = {}
        for ancestor_id, descendant_id in db.execute(
            select(UnitClosure.ancestor_id, UnitClosure.descendant_id)
            .where(UnitClosure.descendant_id.in_(lives), closure_on(day)).order_by(UnitClosure.depth)
        ):  # fmt: skip
            chains.setdefault(descendant_id, []).append(ancestor_id)
        for unit_id, parent_id in parents.items():
            above, line = parent_id, [unit_id]
            while above is not None:
                assert above not in line, "no unit stands under itself"
                line.append(above)
                assert above == world.root or above in parents, "what it stands under is in force"
                above = parents.get(above)
            assert chains[unit_id] == line
        over = {unit_id for unit_id, life in lives.items() if life[0].valid_from <= day} - parents.keys()
        assert all(chains[unit_id][-1] == world.root for unit_id in over), "what ended counts somewhere"
        codes = Counter(one[0].code for one in in_force.values() if one)
        assert max(codes.values()) == 1
        assert people_counted(db, world.root, day) == people_count
    leaving: dict[tuple[int, date], list[UnitEdge]] = {}
    for edge in edges:
        leaving.setdefault((edge.from_unit_id, edge.effective_on), []).append(edge)
    for (unit_id, on), parts in leaving.items():
        assert sum(part.share or 0 for part in parts) == pytest.approx(1)
        assert all(holds(life, on) for part in parts if part.to_unit_id
                   for life in [units_by_id(db, [part.to_unit_id], on)[part.to_unit_id]])  # fmt: skip
        assert unit_id in lives
    ended = {unit_id for unit_id, life in lives.items() if life[-1].valid_to is not None}
    assert ended == {
        unit_id
        for (unit_id, on), parts in leaving.items()
        if unit_id not in {part.to_unit_id for part in parts} and lives[unit_id][-1].valid_to == on
    }, "every unit that ended says on that day where to"


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_done_the_tree_stays_whole_and_undoing_brings_it_back(db: Session, seed: int) -> None:
    """Every verb in turn, in any order, and now and then the last act taken back."""
    world = made_world(db, Random(seed))
    people_count = people_counted(db, world.root, START)
    verbs = list(get_args(Wish))
    world.chance.shuffle(verbs)
    for verb in verbs:
        step(world, verb)
        check(world, people_count)
    while world.done:
        take_back(world)


def made_world(db: Session, chance: Random) -> World:
    """Nothing but a province with three communes and a village under the first, two people in each."""
    for table in (UnitClosure, UnitEdge, UnitVersion):
        db.execute(delete(table))
    db.add(root := Unit(key="root", created_at=clock.now()))
    db.flush()
    db.add(
        UnitVersion(
            unit_id=root.id, code="R", name="Tỉnh", folded_name="tinh", kind="province", type_name="Tỉnh",
            valid_from=FIRST_DAY, recorded_at=clock.now(),
        )
    )  # fmt: skip
    db.flush()
    rebuild_closure(db)
    world = World(db, chance, root.id)
    drafts = (*(world.draft(root.id) for _number in range(3)), world.draft(-1))
    act = carry_out(db, Found(drafts), MADE_ON, "1", account_id=None)
    world.units += act.wrote["units"]
    for unit_id in world.units:
        for _number in range(2):
            person = factories.person(db)
            add_affiliation(db, person, unit_id, title="Chuyên viên", audiences=["CBCC"], started_on=MADE_ON)
    return world


def step(world: World, verb: type[Wish]) -> None:
    """Such an act, on that day and those units of many tried where it can be done; one in five takes one back first."""
    if world.done and world.pick(5) == 0:
        take_back(world)
    for _try in range(50):
        world.on += timedelta(days=world.pick(2))
        wish = world.wish(verb, world.on)
        if not preview(world.db, wish, world.on).problems:
            break
    else:
        return
    before = tables(world.db)
    act = carry_out(world.db, wish, world.on, "2", account_id=None)
    world.units += act.wrote["units"]
    world.done.append((act, before))


def take_back(world: World) -> None:
    act, before = world.done.pop()
    undo(world.db, act, account_id=None)
    assert tables(world.db) == before
    world.units = [unit_id for unit_id in world.units if unit_id not in act.wrote["units"]]
