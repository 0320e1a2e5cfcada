"""What the course page and the lesson page show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import cast

from sqlalchemy import Table, bindparam, exists, select, union
from sqlalchemy.orm import Session

from app.catalogue import queries as catalogue
from app.catalogue.lesson_docs import LessonDoc, lesson
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, Outline, OutlineLesson
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.prepared import Prepared, loaded
from app.identity.records import belongs_to
from app.learning import stamps
from app.learning.going_on import going_on
from app.learning.models import Attempt, BlockProgress, Completion, CompletionAnnulment, Enrolment, Guest, LessonReading
from app.learning.parts import course_demands
from app.learning.policy import Learner
from app.learning.queries import finished_lesson_keys, lesson_state, lesson_states
from app.learning.rounds import EarlierRound, NewRound, earlier_rounds, next_round, results_of
from app.learning.rules import CourseDemand, LessonState, Requirement
from app.media.languages import language_in_words, language_name


@dataclass(frozen=True)
class Progress:
    """How far somebody is with a course version; lesson keys of that version only."""

    outline: Outline
    finished: frozenset[str]
    begun: frozenset[str] = frozenset()
    last_key: str | None = None

    @cached_property
    def required(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for lesson in self.outline.lessons if lesson.is_required)

    @property
    def done_count(self) -> int:
        """Required lessons finished."""
        return sum(lesson.key in self.finished for lesson in self.required)

    @cached_property
    def left(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for lesson in self.required if lesson.key not in self.finished)

    @property
    def percent(self) -> int:
        """Whole and rounded down: 100 means all."""
        return 100 * self.done_count // len(self.required) if self.required else 0

    def states(self, here: str = "") -> dict[str, str]:
        """By lesson key: done, now (the lesson one is at: `here`), half. What is not begun is left out."""
        return (
            dict.fromkeys(self.begun, "half") | ({here: "now"} if here else {}) | dict.fromkeys(self.finished, "done")
        )

    @property
    def next_lesson(self) -> OutlineLesson | None:
        """The lesson of last time if unfinished, else the first unfinished required one; None if none is left."""
        return next((lesson for lesson in self.left if lesson.key == self.last_key), next(iter(self.left), None))


@dataclass(frozen=True)
class CoursePage:
    """A course for anybody; `progress` says nothing is done for who is not enrolled.

    `missing`: of each required lesson that is not finished, what it still asks; empty for who is not enrolled.
    `round` is the one that goes on; `again` the next one, where it may begin; `earlier` those before.
    """

    course: CourseView
    cover_url: str | None
    progress: Progress
    missing: tuple[tuple[OutlineLesson, tuple[Requirement, ...]], ...]
    is_enrolled: bool
    completed_on: date | None
    valid_until: date | None
    demands: tuple[CourseDemand, ...]
    has_newer_version: bool
    round: int
    again: NewRound | None
    earlier: tuple[EarlierRound, ...]
    # Since when the course takes nobody new.
    retired_on: date | None

    @property
    def languages(self) -> list[str]:
        """What the course can be read and heard in, as a reader is told."""
        outline = self.progress.outline
        read = [
            _("%(language)s: %(count)s bài", language=language_name(code), count=count)
            for code, count in outline.translated_count.items()
        ]
        heard = [
            _("nghe %(language)s: %(count)s bài", language=language_in_words(code), count=count)
            for code, count in outline.recorded_count.items()
        ]
        return [language_name(self.course.language), *read, *heard]

    @property
    def demands_shown(self) -> list[dict[str, str]]:
        """As the outline part shows them."""
        return [
            {"title": demand.text, "url": "", "state": "done" if demand.is_done else "open", "note": ""}
            for demand in self.demands
        ]


@dataclass(frozen=True)
class LessonPage:
    """A lesson as one learner sees it. `stamp` is the server's word that the page was opened now.

    `is_begun`: there is an enrolment; in an open course the first act makes one.
    """

    course: CourseView
    lesson: LessonDoc
    state: LessonState
    progress: Progress
    stamp: str
    is_begun: bool
    completed_on: date | None
    # The language one would rather read in.
    wanted: str = ""

    @property
    def next_title(self) -> str:
        """Of the lesson after this one; empty after the last."""
        lessons = self.progress.outline.lessons
        return next((one.title_in(self.lesson.language) for one in lessons if one.key == self.lesson.next_key), "")

    @property
    def is_untranslated(self) -> bool:
        """There is no word of it in the language one would rather read."""
        return self.wanted not in ("", self.lesson.language)

    @property
    def wanted_in_words(self) -> str:
        return language_in_words(self.wanted)

    @property
    def original_in_words(self) -> str:
        return language_in_words(self.lesson.original_language)


@dataclass(frozen=True)
class LessonOffer:
    """What somebody sees of a lesson before taking the course."""

    course: CourseView
    lesson: OutlineLesson
    lesson_count: int
    retired_on: date | None


_ENROLMENT, _VIDEO, _READING, _ATTEMPT, _COMPLETION, _ANNULMENT = (
    cast(Table, model.__table__)
    for model in (Enrolment, BlockProgress, LessonReading, Attempt, Completion, CompletionAnnulment)
)
# Built once: every page of a course asks these.
_OF_COURSE = (
    select(_ENROLMENT)
    .join(Course, Course.id == _ENROLMENT.c.course_id)
    .where(Course.slug == bindparam("slug"), _ENROLMENT.c.counts_until.is_(None))
)
_OF_PERSON = Prepared(
    _OF_COURSE.where(belongs_to(_ENROLMENT.c.person_id, bindparam("person_id"))).order_by(*going_on())
)
_OF_GUEST = Prepared(_OF_COURSE.where(_ENROLMENT.c.guest_id == bindparam("guest_id")))
_BEGUN = Prepared(
    union(
        *(
            select(table.c.lesson_key).where(table.c.enrolment_id == bindparam("enrolment_id"))
            for table in (_VIDEO, _READING, _ATTEMPT)
        )
    )
)
_LAST_COMPLETION = Prepared(
    select(_COMPLETION.c.completed_on, _COMPLETION.c.valid_until)
    .where(
        belongs_to(_COMPLETION.c.person_id, bindparam("person_id")),
        _COMPLETION.c.course_version_id == bindparam("version_id"),
        _COMPLETION.c.completed_on.between(bindparam("since"), bindparam("until")),
        ~exists().where(_ANNULMENT.c.completion_id == _COMPLETION.c.id),
    )
    .order_by(_COMPLETION.c.completed_on.desc(), _COMPLETION.c.id.desc())
    .limit(1)
)


def find_enrolment(db: Session, learner: Learner, slug: str) -> Enrolment | None:
    """The learner's enrolment in the course of this address: the round that goes on."""
    if isinstance(learner, Guest):
        row = _OF_GUEST.first(db, slug=slug, guest_id=learner.id)
    else:
        row = _OF_PERSON.first(db, slug=slug, person_id=learner.person_id)
    return loaded(db, Enrolment, row) if row else None


def course_page(db: Session, slug: str, learner: Learner | None) -> CoursePage:
    """The published version for newcomers, one's own version for who is enrolled; raises NotFound."""
    published = catalogue.course_by_slug(db, slug)
    enrolment = find_enrolment(db, learner, slug) if learner else None
    version_id = enrolment.course_version_id if enrolment else published.version_id
    done = last_completion(db, enrolment) if enrolment else None
    course = published if version_id == published.version_id else catalogue.course_version(db, version_id)
    so_far = progress(db, enrolment) if enrolment else Progress(catalogue.outline(db, version_id), frozenset())
    mine = enrolment if enrolment and enrolment.person_id else None
    results = results_of(db, mine.person_id, course.course_id) if mine and mine.person_id else []
    return CoursePage(
        course=course,
        cover_url=catalogue.cover_url(db, course),
        progress=so_far,
        missing=_missing(db, enrolment, so_far.left) if enrolment else (),
        is_enrolled=enrolment is not None,
        completed_on=done.completed_on if done else None,
        valid_until=done.valid_until if done else None,
        demands=course_demands(db, enrolment) if enrolment and course.completion.as_json() else (),
        has_newer_version=version_id != published.version_id,
        round=enrolment.round if enrolment else 1,
        again=next_round(db, mine, results) if mine else None,
        earlier=earlier_rounds(db, mine, results) if mine else (),
        retired_on=catalogue.retired_on(db, course.course_id),
    )


def lesson_page(
    db: Session, enrolment: Enrolment, lesson_key: str, stamp: str = "", language: str = ""
) -> LessonPage:  # fmt: skip
    """Raises NotFound for a lesson that the enrolment's version does not have. `stamp`: keep this one, no new one.

    `language`: what one would rather read it in.
    """
    return LessonPage(
        course=catalogue.course_version(db, enrolment.course_version_id),
        lesson=lesson(db, enrolment.course_version_id, lesson_key, language),
        wanted=language,
        state=lesson_state(db, enrolment, lesson_key),
        progress=progress(db, enrolment),
        stamp=stamp or stamps.issue(enrolment.id, lesson_key),
        is_begun=bool(enrolment.id),
        completed_on=done.completed_on if (done := last_completion(db, enrolment)) else None,
    )


def lesson_offer(db: Session, slug: str, lesson_key: str) -> LessonOffer:
    """Raises NotFound unless the published version has the lesson."""
    course = catalogue.course_by_slug(db, slug)
    lessons = catalogue.outline(db, course.version_id).lessons
    lesson = next((lesson for lesson in lessons if lesson.key == lesson_key), None)
    if lesson is None:
        raise NotFound
    return LessonOffer(course, lesson, len(lessons), catalogue.retired_on(db, course.course_id))


def progress(db: Session, enrolment: Enrolment) -> Progress:
    """Two queries besides the outline, whatever the length of the course."""
    outline = catalogue.outline(db, enrolment.course_version_id)
    keys = {lesson.key for lesson in outline.lessons}
    finished = finished_lesson_keys(db, enrolment.id) & keys
    begun = set(_BEGUN.scalars(db, enrolment_id=enrolment.id)) & keys
    return Progress(outline, frozenset(finished), frozenset(begun - finished), enrolment.last_lesson_key)


def _missing(
    db: Session, enrolment: Enrolment, lessons: Sequence[OutlineLesson]
) -> tuple[tuple[OutlineLesson, tuple[Requirement, ...]], ...]:
    places = {lesson.key: (enrolment.id, enrolment.course_version_id, lesson.key) for lesson in lessons}
    states = lesson_states(db, list(places.values()))
    return tuple((lesson, states[places[lesson.key]].missing) for lesson in lessons)


@dataclass(frozen=True)
class Done:
    completed_on: date
    valid_until: date | None


def last_completion(db: Session, enrolment: Enrolment) -> Done | None:
    """When this enrolment's version was completed in its round, or last renewed, unless that was annulled."""
    if enrolment.person_id is None:
        return None
    row = _LAST_COMPLETION.first(
        db, person_id=enrolment.person_id, version_id=enrolment.course_version_id,
        since=enrolment.counts_from or date.min, until=enrolment.counts_until or date.max,
    )  # fmt: skip
    return Done(*row) if row else None
