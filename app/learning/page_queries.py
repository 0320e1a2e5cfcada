"""What the course page and the lesson page show."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.catalogue import queries as catalogue
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, LessonDoc, Outline, OutlineLesson
from app.core.access import Actor
from app.core.errors import NotFound
from app.learning import stamps
from app.learning.models import Attempt, Completion, CompletionAnnulment, Enrolment, LessonReading, VideoProgress
from app.learning.policy import own_enrolments
from app.learning.queries import finished_lesson_keys, lesson_state
from app.learning.rules import LessonState
from app.media.queries import asset_views


@dataclass(frozen=True)
class Progress:
    """How far somebody is with a course version; lesson keys of that version only."""

    outline: Outline
    finished: frozenset[str]
    begun: frozenset[str] = frozenset()
    last_key: str | None = None

    @property
    def required(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for lesson in self.outline.lessons if lesson.is_required)

    @property
    def done_count(self) -> int:
        """Required lessons finished."""
        return sum(lesson.key in self.finished for lesson in self.required)

    @property
    def left(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for lesson in self.required if lesson.key not in self.finished)

    @property
    def percent(self) -> int:
        """Whole and rounded down: 100 means all."""
        return 100 * self.done_count // len(self.required) if self.required else 0

    @property
    def next_lesson(self) -> OutlineLesson | None:
        """The lesson of last time if unfinished, else the first unfinished required one; None if none is left."""
        return next((lesson for lesson in self.left if lesson.key == self.last_key), next(iter(self.left), None))


@dataclass(frozen=True)
class CoursePage:
    """A course for anybody; `progress` says nothing is done for who is not enrolled."""

    course: CourseView
    cover_url: str | None
    progress: Progress
    is_enrolled: bool
    completed_on: date | None
    has_newer_version: bool


@dataclass(frozen=True)
class LessonPage:
    """A lesson as one learner sees it. `stamp` is the server's word that the page was opened now."""

    course: CourseView
    lesson: LessonDoc
    state: LessonState
    progress: Progress
    stamp: str
    completed_on: date | None

    @property
    def next_title(self) -> str:
        """Of the lesson after this one; empty after the last."""
        return next((one.title for one in self.progress.outline.lessons if one.key == self.lesson.next_key), "")


@dataclass(frozen=True)
class LessonOffer:
    """What somebody sees of a lesson before taking the course."""

    course: CourseView
    lesson: OutlineLesson
    lesson_count: int


def find_enrolment(db: Session, actor: Actor, slug: str) -> Enrolment | None:
    """The actor's enrolment in the course of this address."""
    return db.scalars(
        select(Enrolment)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.slug == slug, own_enrolments(actor))
    ).one_or_none()


def course_page(db: Session, slug: str, actor: Actor | None) -> CoursePage:
    """The published version for newcomers, one's own version for who is enrolled; raises NotFound."""
    published = catalogue.course_by_slug(db, slug)
    enrolment = find_enrolment(db, actor, slug) if actor else None
    version_id = enrolment.course_version_id if enrolment else published.version_id
    course = published if version_id == published.version_id else catalogue.course_version(db, version_id)
    return CoursePage(
        course=course,
        cover_url=_cover_url(db, course),
        progress=progress(db, enrolment) if enrolment else Progress(catalogue.outline(db, version_id), frozenset()),
        is_enrolled=enrolment is not None,
        completed_on=completed_on(db, enrolment) if enrolment else None,
        has_newer_version=version_id != published.version_id,
    )


def lesson_page(db: Session, enrolment: Enrolment, lesson_key: str, stamp: str = "") -> LessonPage:
    """Raises NotFound for a lesson that the enrolment's version does not have. `stamp`: keep this one, no new one."""
    return LessonPage(
        course=catalogue.course_version(db, enrolment.course_version_id),
        lesson=catalogue.lesson(db, enrolment.course_version_id, lesson_key),
        state=lesson_state(db, enrolment, lesson_key),
        progress=progress(db, enrolment),
        stamp=stamp or stamps.issue(enrolment.id, lesson_key),
        completed_on=completed_on(db, enrolment),
    )


def lesson_offer(db: Session, slug: str, lesson_key: str) -> LessonOffer:
    """Raises NotFound unless the published version has the lesson."""
    course = catalogue.course_by_slug(db, slug)
    lessons = catalogue.outline(db, course.version_id).lessons
    lesson = next((lesson for lesson in lessons if lesson.key == lesson_key), None)
    if lesson is None:
        raise NotFound
    return LessonOffer(course, lesson, len(lessons))


def progress(db: Session, enrolment: Enrolment) -> Progress:
    """Six queries, whatever the length of the course."""
    outline = catalogue.outline(db, enrolment.course_version_id)
    keys = {lesson.key for lesson in outline.lessons}
    finished = finished_lesson_keys(db, enrolment.id) & keys
    return Progress(
        outline, frozenset(finished), frozenset(_begun(db, enrolment.id) & keys - finished), enrolment.last_lesson_key
    )


def completed_on(db: Session, enrolment: Enrolment) -> date | None:
    """The day this enrolment's version was completed, unless that was annulled."""
    return db.scalar(
        select(Completion.completed_on).where(
            Completion.person_id == enrolment.person_id,
            Completion.course_version_id == enrolment.course_version_id,
            ~exists().where(CompletionAnnulment.completion_id == Completion.id),
        )
    )


def _begun(db: Session, enrolment_id: int) -> set[str]:
    rows: set[str] = set()
    for table in (VideoProgress, LessonReading, Attempt):
        rows |= set(db.scalars(select(table.lesson_key).where(table.enrolment_id == enrolment_id).distinct()))
    return rows


def _cover_url(db: Session, course: CourseView) -> str | None:
    if course.cover_asset_id is None:
        return None
    return asset_views(db, [course.cover_asset_id])[course.cover_asset_id].url
