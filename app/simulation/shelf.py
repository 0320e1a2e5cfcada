"""The published courses as the simulated people meet them: lessons, videos, and quizzes with answers good and bad."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue import questions
from app.catalogue.lesson_rules import rule_of
from app.catalogue.markdown import READ
from app.catalogue.models import Course, CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.source import CompletionRule
from app.learning.quizzes import grade_paper, make_paper
from app.media.models import Asset

# So many differently shuffled papers of a quiz go round; drawing each anew would only cost time.
PAPERS = 12


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is asked of whoever takes the lesson. `videos`: block and seconds, 0 where one is still being prepared.

    `documents`: block and number of pages.
    """

    key: str
    minutes: int
    is_required: bool
    videos: tuple[tuple[str, float], ...]
    documents: tuple[tuple[str, int], ...]
    has_text: bool
    quiz: Mapping[str, Any] | None
    has_practical: bool


@dataclass(frozen=True, eq=False)
class Shelved:
    """A published course version."""

    course_id: int
    version_id: int
    code: str
    number: int
    title: str
    hours: float
    gives_certificate: bool
    certificate_title: str
    rule: CompletionRule
    programme: str | None
    tags: frozenset[str]
    audiences: frozenset[str]
    lessons: tuple[Lesson, ...]

    @property
    def can_be_finished(self) -> bool:
        """Online and alone, that is: it has lessons to do, no video is missing, no other person has to confirm."""
        return (
            any(lesson.is_required for lesson in self.lessons)
            and all(seconds for lesson in self.lessons for _block, seconds in lesson.videos)
            and not any(lesson.has_practical for lesson in self.lessons)
        )


@dataclass(frozen=True)
class Sheet:
    """One way to fill in a paper: the form's values, the answers kept, what they are graded."""

    given: Mapping[str, Sequence[str]]
    answers: Mapping[str, Any]
    result: Mapping[str, Any]


def read_shelf(db: Session) -> list[Shelved]:
    """All published courses in order of code."""
    playable = select(Asset.id, Asset.duration_s).where(Asset.state == "ready", Asset.duration_s > 0)
    seconds = dict(db.execute(playable).all())
    versions = db.execute(
        select(Course, CourseVersion)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .order_by(Course.code)
    )
    return [_shelved(db, course, version, seconds) for course, version in versions]


def _shelved(db: Session, course: Course, version: CourseVersion, seconds: Mapping[int, float | None]) -> Shelved:
    lessons = db.scalars(
        select(LessonVersion)
        .join(ModuleVersion, ModuleVersion.id == LessonVersion.module_version_id)
        .where(LessonVersion.course_version_id == version.id)
        .order_by(ModuleVersion.position, LessonVersion.position)
    )
    return Shelved(
        course_id=course.id, version_id=version.id, code=course.code, number=version.number, title=version.title,
        hours=version.hours, gives_certificate=version.certificate_rule != "none",
        certificate_title=version.certificate_title, rule=CompletionRule.of(version.completion_rule),
        programme=version.programme_code,
        tags=frozenset(version.tags), audiences=frozenset(version.audiences),
        lessons=tuple(_lesson(lesson, seconds) for lesson in lessons),
    )  # fmt: skip


def _lesson(lesson: LessonVersion, seconds: Mapping[int, float | None]) -> Lesson:
    rule = rule_of(lesson.completion_rule)
    documents = tuple(
        (block["id"], len(block["pages"]))
        for block in lesson.blocks
        if block["kind"] == "document" and block["pages"] and rule.pages
    )
    return Lesson(
        key=lesson.key, minutes=lesson.minutes, is_required=lesson.is_required,
        videos=tuple(
            (block["id"], seconds.get(block["asset_id"]) or 0.0)
            for block in lesson.blocks
            if block["kind"] == "video" and rule.watch
        ),
        documents=documents,
        # Opening a lesson leaves the row that reading it does, and so does the word that its documents were seen.
        has_text=(
            rule.open or bool(documents) or (rule.read and any(block["kind"] in READ for block in lesson.blocks))
        ),
        quiz=lesson.quiz if rule.quiz else None, has_practical=rule.practical is not None,
    )  # fmt: skip


# --- papers -------------------------------------------------------------------------------------------------------


def shuffle_of(lesson: Lesson, variant: int) -> Random:
    """What shuffles the paper of a variant, 0 to PAPERS - 1."""
    return Random(f"{lesson.key}:{variant}")  # noqa: S311


@lru_cache(maxsize=50_000)
def paper(lesson: Lesson, variant: int) -> dict[str, Any]:
    assert lesson.quiz is not None
    return make_paper(lesson.quiz, shuffle_of(lesson, variant))


@lru_cache(maxsize=50_000)
def sheet(lesson: Lesson, variant: int, *, passes: bool) -> Sheet:
    """Answers that pass, with a slip where the pass mark allows one, or answers that do not."""
    asked = paper(lesson, variant)["questions"]
    given = {question["id"]: questions.solution(question) for question in asked}
    slips = [question for question in asked if _wrong(question) != given[question["id"]]]
    if passes and variant % 3 == 0 and slips:
        slip = given | {slips[0]["id"]: _wrong(slips[0])}
        given = slip if _graded(lesson, variant, slip).result["passed"] else given
    if not passes:
        given |= {question["id"]: _wrong(question) for question in slips[variant % 2 :]}
        if _graded(lesson, variant, given).result["passed"]:
            given = {question["id"]: _wrong(question) for question in asked}
    return _graded(lesson, variant, given)


def _graded(lesson: Lesson, variant: int, given: Mapping[str, questions.Fields]) -> Sheet:
    frozen = paper(lesson, variant)
    answers = {
        question["id"]: questions.parse(question, given[question["id"]])
        for question in frozen["questions"]
        if given[question["id"]]
    }
    form = {
        questions.field_name(question_id, part): values
        for question_id, fields in given.items()
        for part, values in fields.items()
    }
    return Sheet(form, answers, grade_paper(frozen, answers))


def _wrong(question: questions.Question) -> dict[str, list[str]]:
    """One wrong option; nothing where all are right, or where there is nothing to tick."""
    wrong = [option["id"] for option in question.get("options", ()) if not option["right"]]
    return {"": wrong[:1]} if wrong else {}
