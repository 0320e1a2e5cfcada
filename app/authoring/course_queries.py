"""What the studio's pages of a whole course show: beginning one, copying one, arranging one."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.authoring.folder.manifest import known_audiences
from app.authoring.policy import reviewed_courses
from app.catalogue.models import Course, CourseVersion
from app.catalogue.source import CourseSource
from app.catalogue.stored import source_of
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.identity.people.people_queries import audience_names
from app.identity.units.unit_queries import full_names


@dataclass(frozen=True)
class Copyable:
    """A course a new one may be copied from: the newest version of one's own, what learners see of others'."""

    slug: str
    title: str
    unit: str
    version_id: int


@dataclass(frozen=True)
class NewCoursePage:
    """What the form that begins a course offers; units by id, audiences by code, `titles` of courses by unit."""

    units: tuple[tuple[int, str], ...]
    audiences: tuple[tuple[str, str], ...]
    copyable: tuple[Copyable, ...]
    titles: Mapping[int, frozenset[str]]


def new_course_page(db: Session, actor: Actor) -> NewCoursePage:
    """Seven queries, however many courses there are."""
    roots = sorted(actor.grants.get("course.author", ()))
    names = full_names(db, roots, clock.today())
    titles: dict[int, set[str]] = {}
    known = select(Course.unit_id, CourseVersion.title).join(CourseVersion, _is_newest())
    for unit_id, title in db.execute(known.where(Course.unit_id.in_(roots))):
        titles.setdefault(unit_id, set()).add(title)
    return NewCoursePage(
        units=tuple((unit_id, names.get(unit_id, "")) for unit_id in roots),
        audiences=audiences_offered(db),
        copyable=copyable(db, actor),
        titles={unit_id: frozenset(found) for unit_id, found in titles.items()},
    )


def copyable(db: Session, actor: Actor) -> tuple[Copyable, ...]:
    """All courses this author may copy, by code."""
    own = set(db.scalars(select(Course.id).where(reviewed_courses(actor))))
    rows = db.execute(
        select(Course.id, Course.slug, Course.unit_id, Course.published_version_id, CourseVersion.id)
        .join(CourseVersion, _is_newest())
        .where(
            or_(and_(Course.published_version_id.is_not(None), Course.retired_at.is_(None)), reviewed_courses(actor))
        )
        .order_by(Course.code)
    ).all()
    shown = {
        course_id: newest if course_id in own else published for course_id, _slug, _unit, published, newest in rows
    }
    titles = dict(
        db.execute(select(CourseVersion.id, CourseVersion.title).where(CourseVersion.id.in_(shown.values()))).all()
    )
    names = full_names(db, list({unit_id for _id, _slug, unit_id, *_rest in rows}), clock.today())
    return tuple(
        Copyable(slug, titles[version_id], names.get(unit_id, ""), version_id)
        for course_id, slug, unit_id, *_rest in rows
        if (version_id := shown[course_id])
    )


def copy_source(db: Session, actor: Actor, slug: str) -> CourseSource:
    """The course somebody may copy; raises NotFound."""
    found = next((one for one in copyable(db, actor) if one.slug == slug), None)
    if found is None:
        raise NotFound
    return source_of(db, found.version_id)


def usual_contact(db: Session, unit_id: int) -> str:
    """Where the unit's course of last answers questions; empty for its first course."""
    newest = (
        select(CourseVersion.contact)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.unit_id == unit_id)
        .order_by(CourseVersion.id.desc())
        .limit(1)
    )
    return db.scalar(newest) or ""


def audiences_offered(db: Session) -> tuple[tuple[str, str], ...]:
    """Code and name of every audience, in the order identity ships them."""
    names = audience_names(db)
    return tuple((code, names[code]) for code in known_audiences() if code in names)


def _is_newest() -> ColumnElement[bool]:
    highest = select(func.max(CourseVersion.number)).where(CourseVersion.course_id == Course.id).correlate(Course)
    return and_(CourseVersion.course_id == Course.id, CourseVersion.number == highest.scalar_subquery())
