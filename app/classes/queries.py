"""Classes as those who record them see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion, Programme
from app.classes.models import Attendance, HeldClass
from app.classes.service import COURSE, PERMISSION, TASK
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.identity.models import Person
from app.identity.records import holder_of
from app.identity.units.unit_queries import full_names, unit_by_id

PER_PAGE = 30


@dataclass(frozen=True)
class ClassView:
    """`subject`: the training task or the course, `course` its code; `attendees` without the removed ones."""

    id: int
    title: str
    subject: str
    course: str
    first_on: date
    last_on: date
    place: str
    hours: float
    unit: str
    teachers: str
    attendees: int


@dataclass(frozen=True)
class ClassList:
    rows: list[ClassView]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class AttendeeView:
    """`removed_at` and `reason` for who was recorded by mistake."""

    id: int
    ref: str
    name: str
    recorded_at: datetime
    removed_at: datetime | None
    reason: str


def visible_classes(actor: Actor) -> ColumnElement[bool]:
    """Held by a unit one records classes for."""
    return HeldClass.unit_id.in_(actor.units_with(PERMISSION))


def find_class(db: Session, actor: Actor, class_id: int) -> HeldClass:
    """Raises NotFound for one outside of one's scope."""
    held = db.scalars(select(HeldClass).where(HeldClass.id == class_id, visible_classes(actor))).one_or_none()
    if held is None:
        raise NotFound
    return held


def find_attendance(db: Session, held: HeldClass, attendance_id: int) -> Attendance:
    attendance = db.get(Attendance, attendance_id)
    if attendance is None or attendance.class_id != held.id:
        raise NotFound
    return attendance


def class_list(db: Session, actor: Actor, page: int = 1) -> ClassList:
    """The latest first; five queries whatever the length."""
    seen = visible_classes(actor)
    total = db.scalar(select(func.count()).select_from(HeldClass).where(seen)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    found = db.scalars(
        select(HeldClass).where(seen).order_by(HeldClass.last_on.desc(), HeldClass.id.desc())
        .offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    ).all()  # fmt: skip
    return ClassList(_views(db, found), total, page, pages)


def class_view(db: Session, held: HeldClass) -> ClassView:
    return _views(db, [held])[0]


def attendees(db: Session, held: HeldClass) -> list[AttendeeView]:
    """Everybody ever recorded, in Vietnamese name order, the removed ones last; who was there, once."""
    rows = db.execute(
        select(Attendance, Person.ref, Person.name)
        .select_from(Attendance)
        .join(Person, Person.id == holder_of(Attendance.person_id))
        .where(Attendance.class_id == held.id)
        .order_by(Attendance.withdrawn_at.is_not(None), Person.sort_name, Attendance.id)
    )
    views: dict[object, AttendeeView] = {}
    for one, ref, name in rows:
        # Two merged records may both have been recorded as present.
        key = ref if one.withdrawn_at is None else one.id
        views.setdefault(key, AttendeeView(one.id, ref, name, one.recorded_at, one.withdrawn_at, one.reason))
    return list(views.values())


def people_present(class_id: int) -> Select[int]:
    """The ids of those who took part."""
    return select(Attendance.person_id).where(Attendance.class_id == class_id, Attendance.withdrawn_at.is_(None))


def subject_choices(db: Session) -> list[tuple[str, str]]:
    """What a class may have taught: the training tasks, then the published courses."""
    tasks = db.execute(select(Programme.code, Programme.task_no, Programme.title).order_by(Programme.code))
    courses = db.execute(
        select(Course.code, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .order_by(Course.code)
    )
    return [
        *((f"{TASK}{code}", f"{number}. {title}") for code, number, title in tasks),
        *((f"{COURSE}{code}", f"{code}. {title}") for code, title in courses),
    ]


def own_unit_code(db: Session, actor: Actor) -> str:
    """The code of the first unit the actor's role was given at: what the form begins with."""
    granted = sorted(actor.grants.get(PERMISSION, ()))
    unit = unit_by_id(db, granted[0], clock.today()) if granted else None
    return unit.code if unit else ""


def _views(db: Session, found: Sequence[HeldClass]) -> list[ClassView]:
    counts = dict(
        db.execute(
            select(Attendance.class_id, func.count(holder_of(Attendance.person_id).distinct()))
            .where(Attendance.class_id.in_([held.id for held in found]), Attendance.withdrawn_at.is_(None))
            .group_by(Attendance.class_id)
        ).all()
    )
    tasks = dict(db.execute(select(Programme.code, Programme.title)).all())
    versions = {held.course_version_id for held in found}
    courses = {
        id_: (code, title)
        for id_, code, title in db.execute(
            select(CourseVersion.id, Course.code, CourseVersion.title)
            .join(Course, Course.id == CourseVersion.course_id)
            .where(CourseVersion.id.in_(versions))
        )
    }
    units = full_names(db, {held.unit_id for held in found}, clock.today())
    nothing = ("", "")
    views = []
    for held in found:
        code, title = courses.get(held.course_version_id or 0, nothing)
        views.append(
            ClassView(
                held.id, held.title, tasks.get(held.programme_code or "") or title, code, held.first_on, held.last_on,
                held.place, held.hours, units[held.unit_id], held.teachers, counts.get(held.id, 0),
            )
        )  # fmt: skip
    return views
