"""What the form that assigns offers, and whom an order would name."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments import policy
from app.assignments.forms import AssignForm
from app.assignments.rules import named
from app.assignments.service import Order
from app.catalogue.models import Course, CourseVersion
from app.core import clock
from app.core.access import Actor
from app.identity.models import Person, UnitVersion
from app.identity.people.people_queries import audience_names
from app.identity.units.unit_queries import UnitOnDay, in_force, in_order, unit_versions, units_by_id


@dataclass(frozen=True)
class Preview:
    """Whom an order names now: how many, in which units most, and a few names."""

    total: int
    nominated_count: int
    units: tuple[tuple[str, int], ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class AssignPage:
    """The form with what it offers: courses (slug, title), units (id, name), audiences (code, name)."""

    form: AssignForm
    courses: list[tuple[str, str]]
    units: list[tuple[int, str]]
    audiences: list[tuple[str, str]]
    preview: Preview | None = None


def assign_page(db: Session, actor: Actor, form: AssignForm, order: Order | None = None) -> AssignPage:
    """The form; with an order, whom it names."""
    courses = db.execute(
        select(Course.slug, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Course.retired_at.is_(None))
        .order_by(CourseVersion.title)
    ).all()
    units = _assigning_units(db, actor)
    form.unit = form.unit or str(units[0][0])
    return AssignPage(
        form=form,
        courses=[(slug, title) for slug, title in courses],
        units=units,
        audiences=list(audience_names(db).items()),
        preview=_preview(db, order) if order else None,
    )


def _preview(db: Session, order: Order) -> Preview:
    today = clock.today()
    found = named(db, order.rule, today)
    nominated = [person_id for person_id in order.person_ids if person_id not in found]
    per_unit = Counter(found.values())
    most = per_unit.most_common(10)
    units = units_by_id(db, [unit_id for unit_id, _count in most], today)
    names = db.scalars(
        select(Person.name).where(Person.id.in_([*found, *nominated][:200])).order_by(Person.sort_name).limit(10)
    )
    return Preview(
        total=len(found) + len(nominated), nominated_count=len(nominated),
        units=tuple((units[unit_id].name, count) for unit_id, count in most), names=tuple(names),
    )  # fmt: skip


def _assigning_units(db: Session, actor: Actor) -> list[tuple[int, str]]:
    """Units one assigns in, those given to one first; villages and teams are reached through the units above them."""
    today = clock.today()
    given = actor.grants.get(policy.PERMISSION, frozenset())
    reached = unit_versions().where(
        UnitVersion.unit_id.in_(actor.units_with(policy.PERMISSION)), in_force(today),
        UnitVersion.kind.not_in(("village", "team")),
    )  # fmt: skip
    units = in_order(UnitOnDay(*row) for row in db.execute(reached))
    return [(unit.unit_id, unit.name) for unit in sorted(units, key=lambda unit: unit.unit_id not in given)]
