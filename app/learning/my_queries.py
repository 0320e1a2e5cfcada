"""What somebody has to learn, is learning and has learned."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.queries import CourseView, course_version, cover_url, outline, published_version_ids
from app.core import clock
from app.identity.models import Affiliation, AffiliationAudience
from app.learning.models import Completion, CompletionAnnulment, Enrolment, LessonFinish
from app.learning.queries import lesson_states
from app.learning.rules import Requirement

# How long before its end a completion asks to be renewed.
RENEWAL_NOTICE = timedelta(days=60)


@dataclass(frozen=True)
class NextLesson:
    """`missing` is what the lesson still asks, once I am enrolled."""

    key: str
    title: str
    minutes: int
    missing: tuple[Requirement, ...] = ()


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
    valid_until: date | None = None

    @property
    def has_expired(self) -> bool:
        return self.valid_until is not None and self.valid_until < clock.today()

    @property
    def percent(self) -> int:
        """Whole and rounded down: 100 means all."""
        return 100 * self.done_count // self.lesson_count if self.lesson_count else 0


@dataclass(frozen=True)
class Renewal:
    """What I completed stops counting soon, or has; `by` is the course that renews it, None where there is none."""

    title: str
    valid_until: date
    by: CourseView | None


@dataclass(frozen=True)
class LearnedElsewhere:
    """A class of a training task, or what evidence proved; `how` as in Completion."""

    title: str
    how: str
    completed_on: date
    hours: float


@dataclass(frozen=True)
class MyLearning:
    """`required`: assigned to a group I belong to today, unfinished first. `in_progress`: others I have begun.
    `renewals`: what ends within RENEWAL_NOTICE or has ended, the earliest first.

    `titles` are my posts of today, as (title, unit id).
    """

    year: int
    required: tuple[MyCourse, ...]
    in_progress: tuple[MyCourse, ...]
    completed: tuple[MyCourse, ...]
    renewals: tuple[Renewal, ...]
    elsewhere: tuple[LearnedElsewhere, ...]
    posts: tuple[tuple[str, int], ...]


_POST, _AUDIENCE, _ENROLMENT, _FINISH, _COMPLETION, _ANNULMENT = (
    cast(Table, model.__table__)
    for model in (Affiliation, AffiliationAudience, Enrolment, LessonFinish, Completion, CompletionAnnulment)
)
# Built once: everybody begins the day with this page.
_POSTS_TODAY = (
    select(_POST.c.id, _POST.c.title, _POST.c.unit_id, _AUDIENCE.c.audience_code)
    .outerjoin(_AUDIENCE, _AUDIENCE.c.affiliation_id == _POST.c.id)
    .where(
        _POST.c.person_id == bindparam("person_id"),
        _POST.c.started_on <= bindparam("today"),
        or_(_POST.c.ended_on.is_(None), _POST.c.ended_on >= bindparam("today")),
    )
    .order_by(_POST.c.started_on, _POST.c.id)
)
_ENROLMENTS = (
    select(_ENROLMENT.c.id, _ENROLMENT.c.course_id, _ENROLMENT.c.course_version_id, _ENROLMENT.c.last_lesson_key)
    .where(_ENROLMENT.c.person_id == bindparam("person_id"))
    .order_by(_ENROLMENT.c.last_active_at.desc())
)
_FINISHED = (
    select(_FINISH.c.enrolment_id, _FINISH.c.lesson_key)
    .join(_ENROLMENT, _ENROLMENT.c.id == _FINISH.c.enrolment_id)
    .where(_ENROLMENT.c.person_id == bindparam("person_id"))
)
# The latest day each course was completed, any version, until when that counts and whether for ever; annulled
# completions do not count.
_COMPLETED = (
    select(
        _COMPLETION.c.course_id,
        func.max(_COMPLETION.c.completed_on),
        func.max(_COMPLETION.c.valid_until),
        func.max(case((_COMPLETION.c.valid_until.is_(None), 1), else_=0)),
    )
    .where(
        _COMPLETION.c.course_id.is_not(None),
        _COMPLETION.c.person_id == bindparam("person_id"),
        ~exists().where(_ANNULMENT.c.completion_id == _COMPLETION.c.id),
    )
    .group_by(_COMPLETION.c.course_id)
)


_ELSEWHERE = (
    select(_COMPLETION.c.title, _COMPLETION.c.how, _COMPLETION.c.completed_on, _COMPLETION.c.hours)
    .where(
        _COMPLETION.c.person_id == bindparam("person_id"),
        _COMPLETION.c.title.is_not(None),
        ~exists().where(_ANNULMENT.c.completion_id == _COMPLETION.c.id),
    )
    .order_by(_COMPLETION.c.completed_on.desc(), _COMPLETION.c.id.desc())
)


def my_learning(db: Session, person_id: int, assigned: Collection[int] = ()) -> MyLearning:
    """Eleven queries at most, however many courses there are, and what is not remembered of their versions.

    `assigned`: ids of courses required of this person beside those for their groups.
    """
    today = clock.today()
    ask, me = db.connection().execute, {"person_id": person_id}
    posts: dict[int, tuple[str, int]] = {}
    audiences = set()
    for post_id, title, unit_id, audience in ask(_POSTS_TODAY, {**me, "today": today}):
        posts[post_id] = (title, unit_id)
        audiences.add(audience)
    enrolments = {row.course_id: row for row in ask(_ENROLMENTS, me)}
    finished: dict[int, set[str]] = {}
    for enrolment_id, key in ask(_FINISHED, me):
        finished.setdefault(enrolment_id, set()).add(key)
    completed: dict[int, tuple[date, date | None]] = {
        course_id: (completed_on, None if is_for_ever else valid_until)
        for course_id, completed_on, valid_until, is_for_ever in ask(_COMPLETED, me)
    }
    published = {view.course_id: view for view in map(partial(course_version, db), published_version_ids(db))}
    required_ids = [
        view.course_id
        for view in published.values()
        if view.course_id in assigned or (view.access == "assigned" and not audiences.isdisjoint(view.audiences))
    ]

    def mine(course_id: int) -> MyCourse:
        enrolment = enrolments.get(course_id)
        view = course_version(db, enrolment.course_version_id) if enrolment else published[course_id]
        done = finished.get(enrolment.id, set()) if enrolment else set()
        last_key = enrolment.last_lesson_key if enrolment else None
        return _my_course(db, view, done, last_key, enrolment is not None, *completed.get(course_id, (None, None)))

    # What was completed in a class has no enrolment.
    begun = dict.fromkeys((*enrolments, *(course_id for course_id in completed if course_id in published)))
    all_mine = {course_id: mine(course_id) for course_id in (*required_ids, *begun)}
    all_mine |= _with_missing(db, all_mine, enrolments)
    required = [all_mine[course_id] for course_id in required_ids]
    others = [all_mine[course_id] for course_id in begun if course_id not in set(required_ids)]
    return MyLearning(
        year=today.year,
        required=tuple(sorted(required, key=lambda course: course.completed_on is not None)),
        in_progress=tuple(course for course in others if course.completed_on is None),
        completed=tuple(course for course in others if course.completed_on is not None),
        renewals=_renewals(published, completed, today),
        elsewhere=tuple(LearnedElsewhere(*row) for row in ask(_ELSEWHERE, me)),
        posts=tuple(posts.values()),
    )


def _my_course(
    db: Session, view: CourseView, done: Collection[str], last_key: str | None, is_enrolled: bool,
    completed_on: date | None, valid_until: date | None,
) -> MyCourse:  # fmt: skip
    lessons = [lesson for lesson in outline(db, view.version_id).lessons if lesson.is_required]
    left = [lesson for lesson in lessons if lesson.key not in done]
    following = next((lesson for lesson in left if lesson.key == last_key), left[0] if left else None)
    return MyCourse(
        slug=view.slug,
        title=view.title,
        cover_url=cover_url(db, view),
        hours=view.hours,
        done_count=len(lessons) - len(left),
        lesson_count=len(lessons),
        next=NextLesson(following.key, following.title, following.minutes) if following else None,
        is_enrolled=is_enrolled,
        completed_on=completed_on,
        valid_until=valid_until,
    )


def _renewals(
    published: Mapping[int, CourseView], completed: Mapping[int, tuple[date, date | None]], today: date
) -> tuple[Renewal, ...]:
    by_slug = {view.slug: view for view in published.values()}
    due = [
        Renewal(view.title, valid_until, by_slug.get(view.completion.renewal))
        for course_id, (_on, valid_until) in completed.items()
        if valid_until and valid_until < today + RENEWAL_NOTICE and (view := published.get(course_id))
    ]
    return tuple(sorted(due, key=lambda renewal: (renewal.valid_until, renewal.title)))


def _with_missing(
    db: Session, courses: Mapping[int, MyCourse], enrolments: Mapping[int, Row[*tuple[Any, ...]]]
) -> dict[int, MyCourse]:  # fmt: skip
    """Of these courses those I am in, with what the lesson to go on with still asks; done ones are left out."""
    places = {
        course_id: (enrolments[course_id].id, enrolments[course_id].course_version_id, course.next.key)
        for course_id, course in courses.items()
        if course.next and course.completed_on is None and course_id in enrolments
    }
    states = lesson_states(db, list(places.values()))
    return {
        course_id: replace(course, next=replace(course.next, missing=states[places[course_id]].missing))
        for course_id, course in courses.items()
        if course.next and course_id in places
    }
