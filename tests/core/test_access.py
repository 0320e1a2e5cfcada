"""Permissions come with a unit and flow down the tree of today."""

from datetime import date

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor, UnitClosure
from app.core.errors import Forbidden
from app.identity.models import Unit
from tests.core.conftest import NOON

YEAR = date(2026, 1, 1)
SUMMER = date(2026, 7, 1)


def an_actor(**grants: frozenset[int]) -> Actor:
    dotted = {name.replace("_", "."): units for name, units in grants.items()}
    return Actor(account_id=1, person_id=1, name="Nguyễn Thị Thu Hà", session_id=1, grants=dotted)


@pytest.fixture
def units(db: Session) -> list[int]:
    """province, district, commune; another commune beside them."""
    made = [Unit(key=f"thu:{number}", created_at=clock.now()) for number in range(4)]
    db.add_all(made)
    db.flush()
    return [unit.id for unit in made]


def under(
    db: Session, ancestor: int, descendant: int, *, since: date = YEAR, until: date | None = None, carried: str = ""
) -> None:
    db.execute(
        insert(UnitClosure).values(
            ancestor_id=ancestor, descendant_id=descendant, depth=int(ancestor != descendant), carried=carried,
            valid_from=since, valid_to=until,
        )
    )  # fmt: skip


def reach(db: Session, actor: Actor, permission: str = "people.view") -> set[int]:
    with clock.frozen(NOON):
        return set(db.scalars(actor.units_with(permission)))


def test_a_permission_reaches_its_unit_and_what_lies_below(db: Session, units: list[int]) -> None:
    province, district, commune, other = units
    for unit in units:
        under(db, unit, unit)
    for ancestor, descendant in ((province, district), (province, commune), (district, commune), (province, other)):
        under(db, ancestor, descendant)
    assert reach(db, an_actor(people_view=frozenset({district}))) == {district, commune}
    assert reach(db, an_actor(people_view=frozenset({province}))) == set(units)
    assert reach(db, an_actor(people_view=frozenset({commune, other}))) == {commune, other}
    assert reach(db, an_actor(people_view=frozenset({province})), "course.author") == set()
    assert reach(db, an_actor()) == set()


def test_the_tree_of_today_decides(db: Session, units: list[int]) -> None:
    old, new, commune, closed = units
    under(db, old, commune, until=SUMMER)
    under(db, new, commune, since=SUMMER)
    under(db, new, closed, since=SUMMER, carried="after")
    under(db, old, closed, carried="before")
    under(db, old, new, since=date(2027, 1, 1))
    assert reach(db, an_actor(people_view=frozenset({old}))) == set(), "what left, or comes later, is not reached"
    assert reach(db, an_actor(people_view=frozenset({new}))) == {commune, closed}, "a closed unit follows its successor"


def test_a_permission_one_has_nowhere_is_refused_in_words() -> None:
    actor = an_actor(people_view=frozenset({1}), course_author=frozenset())
    actor.require("people.view")
    for missing in ("course.author", "jobs.view"):
        assert not actor.can(missing)
        with pytest.raises(Forbidden, match="chưa được giao quyền"):
            actor.require(missing)


def test_people_are_called_by_their_given_name() -> None:
    assert (an_actor().short_name, an_actor().initials) == ("Hà", "TH")
