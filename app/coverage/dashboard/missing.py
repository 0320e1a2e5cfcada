"""Who is still missing: members of the roster without an earning completion, for those who may see people."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, or_, select, true
from sqlalchemy.orm import Session

from app.core.access import Actor, UnitClosure, closure_on
from app.coverage.counting.figures import Figure
from app.coverage.models import CoverageEntry
from app.identity.models import Person, UnitVersion

PER_PAGE = 50


@dataclass(frozen=True)
class MissingPerson:
    person_id: int
    name: str
    unit_name: str


@dataclass(frozen=True)
class MissingPeople:
    """One page of them, in Vietnamese name order; `total` counts all pages."""

    people: tuple[MissingPerson, ...]
    total: int
    page: int
    pages: int


def missing_people(db: Session, actor: Actor, found: Figure, page: int = 1) -> MissingPeople:
    """Those under the figure's unit that the actor may see as people (`coverage.people`)."""
    reference = found.reference_date
    roster = func.sum(case((CoverageEntry.measure == "roster", CoverageEntry.sign), else_=0))
    covered = func.sum(case((CoverageEntry.measure == "coverage", CoverageEntry.sign), else_=0))
    lacking = (
        select(CoverageEntry.person_id, CoverageEntry.unit_id)
        .join(UnitClosure, UnitClosure.descendant_id == CoverageEntry.unit_id)
        .where(UnitClosure.ancestor_id == found.unit_id, closure_on(found.map_on))
        .where(CoverageEntry.unit_id.in_(actor.units_with("coverage.people")))
        .where(CoverageEntry.indicator_version_id == found.definition.version_id)
        .where(CoverageEntry.measure.in_(("roster", "coverage")), CoverageEntry.effective_on <= reference)
        .where(or_(CoverageEntry.period == "", CoverageEntry.period == str(found.period.year)))
        .where(CoverageEntry.recorded_at <= found.known_at if found.known_at else true())
        .group_by(CoverageEntry.person_id, CoverageEntry.unit_id)
        .having(roster > 0)
        .having(covered == 0)
    )
    # All of them have to be found for one page of them: so they are counted by the way.
    counted = lacking.add_columns(func.count().over().label("total")).subquery()
    rows = db.execute(
        select(Person.id, Person.name, UnitVersion.name, counted.c.total)
        .join(counted, counted.c.person_id == Person.id)
        .join(UnitVersion, UnitVersion.unit_id == counted.c.unit_id)
        .where(_version_of(reference))
        .order_by(Person.sort_name, Person.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    total = rows[0].total if rows else db.scalar(select(func.count()).select_from(lacking.subquery())) or 0
    people = tuple(MissingPerson(person_id, name, unit_name) for person_id, name, unit_name, _total in rows)
    return MissingPeople(people, total, page, max(1, -(-total // PER_PAGE)))


def _version_of(day: date) -> ColumnElement[bool]:
    return (UnitVersion.valid_from <= day) & or_(UnitVersion.valid_to.is_(None), UnitVersion.valid_to > day)
