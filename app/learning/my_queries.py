"""What somebody has to learn, is learning and has learned."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion, LessonVersion, ModuleVersion
from app.core import clock
from app.identity.people_queries import posts_on
from app.learning.models import Completion, CompletionAnnulment, Enrolment, LessonFinish
from app.media.queries import asset_views


@dataclass(frozen=True)
class NextLesson:
    key: str
    title: str
    minutes: int


@dataclass(frozen=True)
class MyCourse:
    """A course of mine, at my version if I am enrolled; counts are of required lessons, `next` None if none is left."""

    slug: str
    title: str
    cover_url: str | None
    hours: float
    done_count: int
    lesson_count: int
    next: NextLesson | None
    is_enrolled: bool
    completed_on: date | None

    @property
    def percent(self) -> int:
        """Whole and rounded down: 100 means all."""
        return 100 * self.done_count // self.lesson_count if self.lesson_count else 0


@dataclass(frozen=True)
class MyLearning:
    """`required`: assigned to a group I belong to today, unfinished first. `in_progress`: others I have begun.

    `titles` are my posts of today, as (title, unit id).
    """

    year: int
    required: tuple[MyCourse, ...]
    in_progress: tuple[MyCourse, ...]
    completed: tuple[MyCourse, ...]
    posts: tuple[tuple[str, int], ...]


def my_learning(db: Session, person_id: int) -> MyLearning:
    """A fixed number of queries, however many courses there are."""
    today = clock.today()
    posts = posts_on(db, person_id, today)
    audiences = {code for post in posts for code in post.audiences}
    enrolments = {
        enrolment.course_id: enrolment
        for enrolment in db.scalars(
            select(Enrolment).where(Enrolment.person_id == person_id).order_by(Enrolment.last_active_at.desc())
        )
    }
    required_ids = _required_courses(db, audiences)
    courses = _my_courses(db, person_id, enrolments, required_ids)
    required = [courses[course_id] for course_id in required_ids]
    others = [courses[course_id] for course_id in enrolments if course_id not in set(required_ids)]
    return MyLearning(
        year=today.year,
        required=tuple(sorted(required, key=lambda course: course.completed_on is not None)),
        in_progress=tuple(course for course in others if course.completed_on is None),
        completed=tuple(course for course in others if course.completed_on is not None),
        posts=tuple((post.title, post.unit_id) for post in posts),
    )


def _required_courses(db: Session, audiences: Collection[str]) -> list[int]:
    rows = db.execute(
        select(Course.id, CourseVersion.audiences)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(CourseVersion.access == "assigned")
        .order_by(Course.code)
    )
    return [course_id for course_id, meant_for in rows if set(meant_for) & set(audiences)]


def _my_courses(
    db: Session, person_id: int, enrolments: dict[int, Enrolment], also: Iterable[int]
) -> dict[int, MyCourse]:
    """By course id: everything I am enrolled in, and the courses `also`."""
    course_ids = {*enrolments, *also}
    published = dict(db.execute(select(Course.id, Course.published_version_id).where(Course.id.in_(course_ids))).all())
    version_of = {
        course_id: enrolments[course_id].course_version_id if course_id in enrolments else published[course_id]
        for course_id in course_ids
    }
    versions = {
        version.course_id: (version, slug)
        for version, slug in db.execute(
            select(CourseVersion, Course.slug)
            .join(Course, Course.id == CourseVersion.course_id)
            .where(CourseVersion.id.in_(version_of.values()))
        )
    }
    lessons = _required_lessons(db, version_of.values())
    finished = _finished(db, [enrolment.id for enrolment in enrolments.values()])
    completed = _completed(db, person_id)
    covers = asset_views(db, [version.cover_asset_id for version, _slug in versions.values() if version.cover_asset_id])
    courses = {}
    for course_id, (version, slug) in versions.items():
        enrolment = enrolments.get(course_id)
        done = finished.get(enrolment.id, set()) if enrolment else set()
        mine = lessons.get(version.id, [])
        left = [lesson for lesson in mine if lesson.key not in done]
        last_key = enrolment.last_lesson_key if enrolment else None
        cover = covers.get(version.cover_asset_id) if version.cover_asset_id else None
        courses[course_id] = MyCourse(
            slug=slug,
            title=version.title,
            cover_url=cover.url if cover else None,
            hours=version.hours,
            done_count=len(mine) - len(left),
            lesson_count=len(mine),
            next=next((lesson for lesson in left if lesson.key == last_key), left[0] if left else None),
            is_enrolled=enrolment is not None,
            completed_on=completed.get(course_id),
        )
    return courses


def _required_lessons(db: Session, version_ids: Iterable[int | None]) -> dict[int, list[NextLesson]]:
    found: dict[int, list[NextLesson]] = {}
    rows = db.execute(
        select(LessonVersion.course_version_id, LessonVersion.key, LessonVersion.title, LessonVersion.minutes)
        .join(ModuleVersion, ModuleVersion.id == LessonVersion.module_version_id)
        .where(LessonVersion.course_version_id.in_(list(version_ids)), LessonVersion.is_required)
        .order_by(ModuleVersion.position, LessonVersion.position)
    )
    for version_id, key, title, minutes in rows:
        found.setdefault(version_id, []).append(NextLesson(key, title, minutes))
    return found


def _finished(db: Session, enrolment_ids: Collection[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    rows = db.execute(
        select(LessonFinish.enrolment_id, LessonFinish.lesson_key).where(LessonFinish.enrolment_id.in_(enrolment_ids))
    )
    for enrolment_id, key in rows:
        found.setdefault(enrolment_id, set()).add(key)
    return found


def _completed(db: Session, person_id: int) -> dict[int, date]:
    """The latest day each course was completed, any version; annulled completions do not count."""
    rows = db.execute(
        select(Completion.course_id, func.max(Completion.completed_on))
        .where(
            Completion.person_id == person_id,
            ~exists().where(CompletionAnnulment.completion_id == Completion.id),
        )
        .group_by(Completion.course_id)
    )
    return dict(rows.all())
