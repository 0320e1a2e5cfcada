"""What somebody has to learn, is learning and has learned."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple, cast

from sqlalchemy import Row, Table, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from app.catalogue.queries import (
    CourseView,
    course_version,
    cover_url,
    offered_version_ids,
    outline,
    published_version_ids,
)
from app.core import clock
from app.core.prepared import Prepared
from app.identity.models import Affiliation, AffiliationAudience
from app.identity.records import belongs_to
from app.learning.going_on import going_on
from app.learning.models import Completion, CompletionAnnulment, Enrolment, LessonFinish
from app.learning.queries import lesson_states
from app.learning.rounds import RENEWAL_NOTICE, Reason, why_again
from app.learning.rules import Requirement


@dataclass(frozen=True)
class NextLesson:
    """`missing` is what the lesson still asks, once I am enrolled."""

    key: str
    title: str
    minutes: int
    missing: tuple[Requirement, ...] = ()


@dataclass(frozen=True)
class MyCourse:
    """A course of mine, at my version if I am enrolled; counts are of required lessons, `next` None if none is left.

    All of it is of the round that goes on; `earlier_on` is when it was completed before, in another. `may_repeat`: a
    new round may begin (rounds.py).
    """

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
    round: int = 1
    earlier_on: date | None = None
    may_repeat: bool = False

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

    slug: str
    title: str
    valid_until: date
    by: CourseView | None
    may_repeat: bool


@dataclass(frozen=True)
class LearnedElsewhere:
    """A class of a training task, or what evidence proved; `how` as in Completion."""

    title: str
    how: str
    completed_on: date
    hours: float
    valid_until: date | None


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
_POSTS_TODAY = Prepared(
    select(_POST.c.id, _POST.c.title, _POST.c.unit_id, _AUDIENCE.c.audience_code)
    .outerjoin(_AUDIENCE, _AUDIENCE.c.affiliation_id == _POST.c.id)
    .where(
        belongs_to(_POST.c.person_id, bindparam("person_id")),
        _POST.c.started_on <= bindparam("today"),
        or_(_POST.c.ended_on.is_(None), _POST.c.ended_on >= bindparam("today")),
    )
    .order_by(_POST.c.started_on, _POST.c.id)
)
_ENROLMENTS = Prepared(
    select(
        _ENROLMENT.c.id, _ENROLMENT.c.course_id, _ENROLMENT.c.course_version_id, _ENROLMENT.c.last_lesson_key,
        _ENROLMENT.c.round, _ENROLMENT.c.counts_from,
    )
    .where(belongs_to(_ENROLMENT.c.person_id, bindparam("person_id")), _ENROLMENT.c.counts_until.is_(None))
    .order_by(*going_on())
)  # fmt: skip
_FINISHED = Prepared(
    select(_FINISH.c.enrolment_id, _FINISH.c.lesson_key)
    .join(_ENROLMENT, _ENROLMENT.c.id == _FINISH.c.enrolment_id)
    .where(belongs_to(_ENROLMENT.c.person_id, bindparam("person_id")), _ENROLMENT.c.counts_until.is_(None))
)
# What completed courses, any version; annulled completions do not count.
_COMPLETED = Prepared(
    select(
        _COMPLETION.c.course_id, _COMPLETION.c.enrolment_id, _COMPLETION.c.completed_on, _COMPLETION.c.valid_until
    )
    .where(
        _COMPLETION.c.course_id.is_not(None),
        belongs_to(_COMPLETION.c.person_id, bindparam("person_id")),
        ~exists().where(_ANNULMENT.c.completion_id == _COMPLETION.c.id),
    )
    .order_by(_COMPLETION.c.completed_on, _COMPLETION.c.id)
)  # fmt: skip


_ELSEWHERE = Prepared(
    select(
        _COMPLETION.c.title, _COMPLETION.c.how, _COMPLETION.c.completed_on, _COMPLETION.c.hours,
        _COMPLETION.c.valid_until,
    )
    .where(
        belongs_to(_COMPLETION.c.person_id, bindparam("person_id")),
        _COMPLETION.c.title.is_not(None),
        ~exists().where(_ANNULMENT.c.completion_id == _COMPLETION.c.id),
    )
    .order_by(_COMPLETION.c.completed_on.desc(), _COMPLETION.c.id.desc())
)  # fmt: skip


def my_learning(db: Session, person_id: int, assigned: Collection[int] = ()) -> MyLearning:
    """Eleven queries at most, however many courses there are, and what is not remembered of their versions.

    `assigned`: ids of courses required of this person beside those for their groups.
    """
    today = clock.today()
    posts: dict[int, tuple[str, int]] = {}
    audiences = set()
    for post_id, title, unit_id, audience in _POSTS_TODAY.all(db, person_id=person_id, today=today):
        posts[post_id] = (title, unit_id)
        audiences.add(audience)
    enrolments: dict[int, Row[*tuple[Any, ...]]] = {}
    for row in _ENROLMENTS.all(db, person_id=person_id):
        enrolments.setdefault(row.course_id, row)
    finished: dict[int, set[str]] = {}
    for enrolment_id, key in _FINISHED.all(db, person_id=person_id):
        finished.setdefault(enrolment_id, set()).add(key)
    completed: dict[int, list[_Result]] = {}
    for course_id, *result in _COMPLETED.all(db, person_id=person_id):
        completed.setdefault(course_id, []).append(_Result(*result))
    published = {view.course_id: view for view in map(partial(course_version, db), published_version_ids(db))}
    offered = set(offered_version_ids(db))
    required_ids = [
        view.course_id
        for view in published.values()
        if view.course_id in assigned
        or (
            view.access == "assigned"
            and not audiences.isdisjoint(view.audiences)
            and (view.version_id in offered or view.course_id in enrolments)
        )
    ]

    def mine(course_id: int) -> MyCourse:
        enrolment, results = enrolments.get(course_id), completed.get(course_id, [])
        view = course_version(db, enrolment.course_version_id) if enrolment else published[course_id]
        course = _my_course(db, view, finished.get(enrolment.id, set()) if enrolment else set(), enrolment, results)
        is_over = enrolment and course.next is None and any(one.enrolment_id == enrolment.id for one in results)
        return replace(course, may_repeat=bool(is_over and is_offered(course_id) and why(course_id)))

    def is_offered(course_id: int) -> bool:
        return course_id in published and published[course_id].version_id in offered

    def why(course_id: int) -> Reason | None:
        return why_again([one[1:] for one in completed[course_id]], published[course_id].completion, today)

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
        renewals=_renewals(published, completed, all_mine, today),
        elsewhere=tuple(LearnedElsewhere(*row) for row in _ELSEWHERE.all(db, person_id=person_id)),
        posts=tuple(posts.values()),
    )


class _Result(NamedTuple):
    enrolment_id: int | None
    completed_on: date
    valid_until: date | None


def _my_course(
    db: Session, view: CourseView, done: Collection[str], enrolment: Row[*tuple[Any, ...]] | None,
    results: Sequence[_Result],
) -> MyCourse:  # fmt: skip
    """`results` come in the order of their days."""
    since = enrolment.counts_from if enrolment else None
    here = [one for one in results if since is None or one.completed_on >= since]
    earlier = [one for one in results if one not in here]
    last_key = enrolment.last_lesson_key if enrolment else None
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
        is_enrolled=enrolment is not None,
        completed_on=here[-1].completed_on if here else None,
        valid_until=_counts_until(here) if here else None,
        round=enrolment.round if enrolment else 1,
        earlier_on=earlier[-1].completed_on if earlier else None,
    )


def _counts_until(results: Sequence[_Result]) -> date | None:
    ends = [one.valid_until for one in results if one.valid_until]
    return max(ends) if len(ends) == len(results) else None


def _renewals(
    published: Mapping[int, CourseView], completed: Mapping[int, Sequence[_Result]], mine: Mapping[int, MyCourse],
    today: date,
) -> tuple[Renewal, ...]:  # fmt: skip
    by_slug = {view.slug: view for view in published.values()}
    due = [
        Renewal(
            view.slug, view.title, valid_until, by_slug.get(view.completion.renewal), mine[course_id].may_repeat
        )
        for course_id, results in completed.items()
        if (valid_until := _counts_until(results)) and valid_until < today + RENEWAL_NOTICE
        and (view := published.get(course_id))
    ]  # fmt: skip
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
