"""What pages and other domains ask of the catalogue. Everything returned is a frozen dataclass."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, TypeVar, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.catalogue.drawing import asked_count
from app.catalogue.lesson_rules import LessonRule, rule_of
from app.catalogue.markdown import READ
from app.catalogue.models import Course, CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.quiz_rules import QuizRule, quiz_rule
from app.catalogue.skills import SkillArea, skill_areas
from app.catalogue.source import CompletionRule
from app.core import clock
from app.core.errors import NotFound
from app.core.memory import A_MINUTE, FOR_EVER, is_known, remembered
from app.core.prepared import Prepared
from app.media.languages import language_order
from app.media.queries import asset_views

Value = TypeVar("Value")


@dataclass(frozen=True)
class CourseView:
    """What one version says of its course."""

    course_id: int
    version_id: int
    number: int
    state: str
    slug: str
    code: str
    unit_id: int
    title: str
    summary: str
    programme_code: str | None
    access: str
    hours: float
    language: str
    licence: str
    owner: str
    contact: str
    level: str
    audiences: tuple[str, ...]
    tags: tuple[str, ...]
    skills: tuple[str, ...]
    certificate_title: str  # empty: no certificate
    cover_asset_id: int | None
    completion: CompletionRule

    @property
    def skill_areas(self) -> tuple[SkillArea, ...]:
        """What it teaches of the national frameworks."""
        known = skill_areas()
        return tuple(known[code] for code in self.skills if code in known)


@dataclass(frozen=True)
class OutlineLesson:
    """One line of an outline."""

    key: str
    title: str
    minutes: int
    is_required: bool
    has_quiz: bool
    has_video: bool
    question_count: int
    # (language, title in it or "") of each translation; languages the lesson is read aloud in.
    titles: tuple[tuple[str, str], ...] = ()
    recorded: tuple[str, ...] = ()

    def title_in(self, language: str) -> str:
        return dict(self.titles).get(language) or self.title


@dataclass(frozen=True)
class OutlineModule:
    position: int
    folder: str
    title: str
    objective: str
    lessons: tuple[OutlineLesson, ...]

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)

    def states(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """How far each lesson is, by the `known` states of lesson keys; what is not known is open."""
        return tuple(known.get(lesson.key, "open") for lesson in self.lessons)


@dataclass(frozen=True)
class Outline:
    """A course version's modules and lessons in order, without their text."""

    version_id: int
    modules: tuple[OutlineModule, ...]

    @cached_property
    def lessons(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)

    @cached_property
    def translated_count(self) -> dict[str, int]:
        """How many lessons there are in each further language, in the order one offers them."""
        return _counted(name for lesson in self.lessons for name, _title in lesson.titles)

    @cached_property
    def recorded_count(self) -> dict[str, int]:
        """How many lessons can be heard in each language."""
        return _counted(name for lesson in self.lessons for name in lesson.recorded)


def _counted(languages: Iterable[str]) -> dict[str, int]:
    counts = Counter(languages)
    return {name: counts[name] for name in sorted(counts, key=language_order)}


@dataclass(frozen=True)
class VideoDemand:
    block_id: str
    title: str
    asset_id: int
    # A sound is counted as a video is.
    is_sound: bool = False


@dataclass(frozen=True)
class DocumentDemand:
    block_id: str
    title: str
    page_count: int


@dataclass(frozen=True)
class LessonDemands:
    """What a lesson holds that can be asked of a learner, and what of it is; `quiz` is None without one."""

    rule: LessonRule
    minutes: int
    videos: tuple[VideoDemand, ...]
    has_text: bool
    quiz: QuizRule | None
    question_count: int
    documents: tuple[DocumentDemand, ...] = ()


_COURSE, _VERSION, _MODULE, _LESSON = (
    cast(Table, model.__table__) for model in (Course, CourseVersion, ModuleVersion, LessonVersion)
)
# Built once: every page of a course asks the first of these, and the others once for each version.
_PUBLISHED = Prepared(select(_COURSE.c.published_version_id).where(_COURSE.c.slug == bindparam("slug")))
_ALL_PUBLISHED = Prepared(
    select(_COURSE.c.published_version_id).where(_COURSE.c.published_version_id.is_not(None)).order_by(_COURSE.c.code)
)
_OFFERED = Prepared(
    select(_COURSE.c.published_version_id)
    .where(_COURSE.c.published_version_id.is_not(None), _COURSE.c.retired_at.is_(None))
    .order_by(_COURSE.c.code)
)
_RETIRED = Prepared(select(_COURSE.c.retired_at).where(_COURSE.c.id == bindparam("course_id")))
_IS_PUBLISHED = Prepared(select(_VERSION.c.state == "published").where(_VERSION.c.id == bindparam("version_id")))
_VIEW = Prepared(
    select(
        _COURSE.c.id, _VERSION.c.id, _VERSION.c.number, _VERSION.c.state, _COURSE.c.slug, _COURSE.c.code,
        _COURSE.c.unit_id, *(_VERSION.c[name] for name in (
            "title", "summary", "programme_code", "access", "hours", "language", "licence", "owner", "contact", "level",
            "audiences", "tags", "skills", "certificate_title", "cover_asset_id",
            "completion_rule",
        )),
    )
    .join(_VERSION, _VERSION.c.course_id == _COURSE.c.id)
    .where(_VERSION.c.id == bindparam("version_id"))
)  # fmt: skip
_QUIZ = Prepared(
    select(_LESSON.c.quiz).where(
        _LESSON.c.course_version_id == bindparam("version_id"), _LESSON.c.key == bindparam("key")
    )
)
_MODULES = Prepared(
    select(_MODULE.c.id, _MODULE.c.position, _MODULE.c.folder, _MODULE.c.title, _MODULE.c.objective)
    .where(_MODULE.c.course_version_id == bindparam("version_id"))
    .order_by(_MODULE.c.position)
)
_LESSONS = Prepared(
    select(
        _LESSON.c.module_version_id, _LESSON.c.key, _LESSON.c.title, _LESSON.c.minutes, _LESSON.c.is_required,
        _LESSON.c.question_count > 0, _LESSON.c.has_video, _LESSON.c.question_count, _LESSON.c.titles,
        _LESSON.c.recordings,
    )
    .where(_LESSON.c.course_version_id == bindparam("version_id"))
    .order_by(_LESSON.c.position)
)  # fmt: skip


def course_by_slug(db: Session, slug: str) -> CourseView:
    """The published course of this address; raises NotFound. Which version that is, is asked each time."""
    version_id = _PUBLISHED.scalar(db, slug=slug)
    if version_id is None:
        raise NotFound
    return course_version(db, version_id)


def course_version(db: Session, version_id: int) -> CourseView:
    """What any version, drafts included, says of its course; raises NotFound."""
    view = of_version(db, version_id, "view", lambda: _course(db, version_id))
    if view is None:
        raise NotFound
    return view


def published_version_ids(db: Session) -> tuple[int, ...]:
    """Of every published course, by its code; those that take nobody new included."""
    return tuple(_ALL_PUBLISHED.scalars(db))


def offered_version_ids(db: Session) -> tuple[int, ...]:
    """Of every published course one may begin, by its code."""
    return tuple(_OFFERED.scalars(db))


def retired_on(db: Session, course_id: int) -> date | None:
    """Since which day the course takes nobody new; None for one that does."""
    at = _RETIRED.scalar(db, course_id=course_id)
    return clock.day_of(at) if at else None


def valid_until_of_task(db: Session, programme_code: str, completed_on: date) -> date | None:
    """Until when something else of a training task counts: as long as the longest of our published courses of it.

    None, for ever, where one of them counts for ever, or there is none.
    """
    published = (course_version(db, version_id) for version_id in published_version_ids(db))
    ends = [view.completion.valid_until(completed_on) for view in published if view.programme_code == programme_code]
    dated = [end for end in ends if end]
    return max(dated) if dated and len(dated) == len(ends) else None


def cover_url(db: Session, course: CourseView) -> str | None:
    """The course's picture; None for a course without one."""
    asset_id = course.cover_asset_id
    if asset_id is None:
        return None
    return remembered(db, ("cover", asset_id), lambda: asset_views(db, [asset_id])[asset_id].url, for_s=A_MINUTE)


def newest_version(db: Session, course: Course) -> CourseVersion:
    """The version an author goes on from; raises NotFound for a course without any."""
    version = db.scalar(
        select(CourseVersion).where(CourseVersion.course_id == course.id).order_by(CourseVersion.number.desc()).limit(1)
    )
    if version is None:
        raise NotFound
    return version


def newest_version_id(db: Session, slug: str) -> int | None:
    """The version with the highest number, published or not; None if there is no such course."""
    return db.scalar(
        select(CourseVersion.id).join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug == slug).order_by(CourseVersion.number.desc()).limit(1)
    )  # fmt: skip


def outline(db: Session, version_id: int) -> Outline:
    """Modules and lessons of a version in order; empty for a version that has none. Two queries."""
    return of_version(db, version_id, "outline", lambda: _outline(db, version_id))


def lesson_demands(db: Session, version_id: int, key: str) -> LessonDemands:
    """What the lesson asks; raises NotFound. At most two queries."""
    return of_version(db, version_id, ("demands", key), lambda: _lesson_demands(db, version_id, key))


def of_version(
    db: Session, version_id: int, what: Hashable, find: Callable[[], Value], *, for_s: float = FOR_EVER
) -> Value:
    """What was read of a published version is remembered: nothing of it ever changes (immutable.py)."""
    published = ("is published", version_id)
    # Known is what some reader saw: it was committed, so that nobody can roll it back.
    is_settled = is_known(db, published)
    if not remembered(db, published, lambda: _IS_PUBLISHED.scalar(db, version_id=version_id) or None):
        return find()
    return remembered(db, (what, version_id), find, for_s=for_s, is_settled=is_settled)


def _outline(db: Session, version_id: int) -> Outline:
    lessons: dict[int, list[OutlineLesson]] = {}
    for module_id, *line, titles, recordings in _LESSONS.all(db, version_id=version_id):
        line += [tuple(titles.items()), tuple(sorted(name.partition(".")[0] for name in recordings))]
        lessons.setdefault(module_id, []).append(OutlineLesson(*line))
    modules = _MODULES.all(db, version_id=version_id)
    return Outline(
        version_id,
        tuple(
            OutlineModule(position, folder, title, objective, tuple(lessons.get(module_id, ())))
            for module_id, position, folder, title, objective in modules
        ),
    )


def _lesson_demands(db: Session, version_id: int, key: str) -> LessonDemands:
    row = db.execute(
        select(LessonVersion.minutes, LessonVersion.blocks, LessonVersion.quiz, LessonVersion.completion_rule).where(
            LessonVersion.course_version_id == version_id, LessonVersion.key == key
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return LessonDemands(
        rule=rule_of(row.completion_rule),
        minutes=row.minutes,
        videos=tuple(
            VideoDemand(block["id"], block["title"], block["asset_id"], block.get("is_sound", False))
            for block in row.blocks
            if block["kind"] == "video"
        ),
        has_text=any(block["kind"] in READ for block in row.blocks),
        quiz=quiz_rule(row.quiz) if row.quiz else None,
        question_count=asked_count(row.quiz) if row.quiz else 0,
        documents=tuple(
            DocumentDemand(block["id"], block["title"], len(block["pages"]))
            for block in row.blocks
            # One that can only be downloaded has no pages to turn.
            if block["kind"] == "document" and block["pages"]
        ),
    )


def quiz_of(db: Session, version_id: int, key: str) -> dict[str, Any] | None:
    """The quiz of a lesson without the rest of it, not to be changed; None without a quiz, or without the lesson."""
    return of_version(db, version_id, ("quiz", key), lambda: _QUIZ.scalar(db, version_id=version_id, key=key))


def _course(db: Session, version_id: int) -> CourseView | None:
    row = _VIEW.first(db, version_id=version_id)
    if row is None:
        return None
    # The columns stand in the order of the fields; lists become tuples, so that nobody can change what is remembered.
    fields: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    fields[-1] = CompletionRule.of(fields[-1])
    return CourseView(*fields)
