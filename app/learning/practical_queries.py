"""What waits for somebody to confirm, and whether they may."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from app.catalogue.lesson_rules import CONFIRMING_ROLES
from app.catalogue.models import Course, CourseVersion, LessonVersion
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.identity.models import Person
from app.identity.people.people_queries import units_held
from app.identity.policy import visible_records
from app.identity.records import holder_of
from app.identity.units.unit_queries import full_names
from app.learning.models import Enrolment, PracticalReport, PracticalVerdict

# More is no list to work through; the rest follows as these are done.
SHOWN = 50


@dataclass(frozen=True)
class WaitingReport:
    """One report: who did what, where, in which lesson."""

    id: int
    learner: str
    units: tuple[str, ...]
    course_title: str
    lesson_title: str
    task: str
    note: str
    reported_at: datetime


@dataclass(frozen=True)
class WaitingPage:
    """The oldest reports first; `total` counts all."""

    reports: tuple[WaitingReport, ...]
    total: int


def may_confirm(actor: Actor) -> bool:
    """Anywhere at all."""
    return any(actor.can(f"practical.{role}") for role in CONFIRMING_ROLES)


def visible_reports(actor: Actor) -> ColumnElement[bool]:
    """Of people in units where the actor holds the role the lesson names; one's own included, to be told why not."""
    reach = [
        and_(PracticalReport.role == role, Enrolment.person_id.in_(_people(actor, role)))
        for role in CONFIRMING_ROLES
        if actor.can(f"practical.{role}")
    ]
    return or_(false(), *reach)


def report_for(db: Session, actor: Actor, report_id: int) -> PracticalReport:
    """Raises NotFound for a report the actor may not see."""
    found = db.scalars(
        select(PracticalReport)
        .join(PracticalReport.enrolment)
        .options(contains_eager(PracticalReport.enrolment))
        .where(PracticalReport.id == report_id, visible_reports(actor))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def waiting_count(db: Session, actor: Actor) -> int:
    """How many reports wait for this actor, or for somebody else who may."""
    waiting = select(func.count()).select_from(PracticalReport).join(PracticalReport.enrolment).where(_waits(actor))
    return db.scalar(waiting) or 0


def waiting_page(db: Session, actor: Actor) -> WaitingPage:
    """What waits for this actor."""
    rows = db.execute(
        select(PracticalReport, Person.id, Person.name, CourseVersion.title, LessonVersion.title)
        .select_from(PracticalReport)
        .join(Enrolment, Enrolment.id == PracticalReport.enrolment_id)
        .join(Person, Person.id == holder_of(Enrolment.person_id))
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.course_version_id)
        .outerjoin(
            LessonVersion,
            and_(
                LessonVersion.course_version_id == Enrolment.course_version_id,
                LessonVersion.key == PracticalReport.lesson_key,
            ),
        )
        .where(_waits(actor))
        .order_by(PracticalReport.reported_at, PracticalReport.id)
        .limit(SHOWN)
    ).all()
    units = _units(db, {person_id for _report, person_id, *_rest in rows})
    return WaitingPage(
        tuple(
            WaitingReport(
                report.id, name, units.get(person_id, ()), course, lesson or report.lesson_key, report.task,
                report.note, report.reported_at,
            )
            for report, person_id, name, course, lesson in rows
        ),
        waiting_count(db, actor),
    )  # fmt: skip


def _waits(actor: Actor) -> ColumnElement[bool]:
    """One's own work waits for somebody else."""
    return and_(
        visible_reports(actor), Enrolment.person_id.not_in(actor.records),
        ~exists().where(PracticalVerdict.report_id == PracticalReport.id),
    )  # fmt: skip


def _people(actor: Actor, role: str) -> Select[int]:
    return visible_records(actor, f"practical.{role}")


def _units(db: Session, person_ids: set[int]) -> dict[int, tuple[str, ...]]:
    units = units_held(db, person_ids, clock.today())
    names = full_names(db, {unit_id for held in units.values() for unit_id in held}, clock.today())
    return {person_id: tuple(names.get(unit_id, "") for unit_id in held) for person_id, held in units.items()}
