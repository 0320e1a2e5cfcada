"""Where somebody writes: a lesson of a course they take, or look after."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_by_slug, course_version, outline
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.web import Db, Me
from app.learning.page_queries import find_enrolment

MODERATE = "discussion.moderate"


@dataclass(frozen=True)
class CoursePlace:
    """A course as this reader has it: at their version if they take it. `moderates`: they look after it."""

    course: CourseView
    is_enrolled: bool
    moderates: bool


@dataclass(frozen=True)
class LessonPlace:
    course: CourseView
    key: str
    title: str
    is_enrolled: bool
    moderates: bool

    @property
    def url(self) -> str:
        return f"/learn/{self.course.slug}/{self.key}"


def course_place(db: Session, actor: Actor, slug: str) -> CoursePlace:
    """Raises NotFound for who neither takes the course nor looks after it."""
    course = course_by_slug(db, slug)
    enrolment = find_enrolment(db, actor, slug)
    moderates = looks_after(db, actor, course.course_id)
    if enrolment is None and not moderates:
        raise NotFound
    if enrolment is not None:
        course = course_version(db, enrolment.course_version_id)
    return CoursePlace(course, enrolment is not None, moderates)


def lesson_place(db: Session, actor: Actor, slug: str, lesson_key: str) -> LessonPlace:
    """Raises NotFound also for a lesson the course does not have."""
    place = course_place(db, actor, slug)
    lessons = outline(db, place.course.version_id).lessons
    lesson = next((one for one in lessons if one.key == lesson_key), None)
    if lesson is None:
        raise NotFound
    return LessonPlace(place.course, lesson.key, lesson.title, place.is_enrolled, place.moderates)


def looks_after(db: Session, actor: Actor, course_id: int) -> bool:
    """Whether the actor moderates in the unit the course belongs to."""
    if not actor.can(MODERATE):
        return False
    mine = select(Course.id).where(Course.id == course_id, Course.unit_id.in_(actor.units_with(MODERATE)))
    return db.scalar(mine) is not None


def lesson_title(db: Session, course_id: int, lesson_key: str) -> tuple[str, str, str]:
    """(slug, course title, lesson title) as published now; the key itself for a lesson that is no more."""
    slug = db.scalars(select(Course.slug).where(Course.id == course_id)).one()
    course = course_by_slug(db, slug)
    titles = {one.key: one.title for one in outline(db, course.version_id).lessons}
    return slug, course.title, titles.get(lesson_key, lesson_key)


def _here(slug: str, lesson_key: str, actor: Me, db: Db) -> LessonPlace:
    return lesson_place(db, actor, slug, lesson_key)


# The lesson an address names, of a course its reader takes or looks after; else 404.
LessonHere = Annotated[LessonPlace, Depends(_here)]
