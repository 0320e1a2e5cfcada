"""What those who mark see: answers that wait, an answer with its rubric, a learner's attempts at a quiz."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager

from app.catalogue import queries as catalogue
from app.catalogue import questions
from app.catalogue.inline import Said
from app.catalogue.questions.asking import ReviewedEssay
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.text import fold
from app.identity.models import Account, Person
from app.identity.records import holder_of
from app.learning.attempt_rules import Allowance
from app.learning.models import Attempt, AttemptGrant, Enrolment, Marking
from app.learning.policy import marked_enrolments
from app.learning.queries import lesson_state
from app.learning.quiz_texts import sayer
from app.learning.quizzes import find_allowance

PER_PAGE = 25


@dataclass(frozen=True)
class ToMark:
    """An answer that waits or was marked. `name` is empty unless the reader asked for names."""

    url: str
    course: str
    lesson: str
    question: str
    submitted_at: datetime
    name: str


@dataclass(frozen=True)
class MarkingQueue:
    """`total` counts attempts that wait, or marked answers."""

    rows: tuple[ToMark, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class WaitingElsewhere:
    """Papers that wait to be marked at a place of their own, as those of one exam sitting do."""

    title: str
    subject: str
    url: str
    count: int


@dataclass(frozen=True)
class MarkedLine:
    """A marking as it was given; the newest is the one that counts."""

    marked_at: datetime
    by: str
    points: tuple[float, ...]
    comment: str


@dataclass(frozen=True)
class AnswerPage:
    """One answer to mark, without a name. `points` are as typed, or the last given ones. Its files are fetched from
    `files_url`. `back`: the queue it stands in, (name, address). `is_exam`: the learner reads no comment.
    """

    files_url: str
    back: tuple[str, str]
    is_exam: bool
    course: str
    lesson: str
    submitted_at: datetime
    text: Said
    view: ReviewedEssay
    worth: float
    explanation: Said
    history: tuple[MarkedLine, ...]
    is_own: bool
    points: tuple[str, ...]
    comment: str
    errors: Mapping[str, str]


@dataclass(frozen=True)
class AttemptRow:
    id: int
    name: str
    course: str
    lesson: str
    number: int
    submitted_at: datetime
    percent: float | None
    passed: bool | None


@dataclass(frozen=True)
class AttemptList:
    rows: tuple[AttemptRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class GrantLine:
    kind: str
    granted_at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class LearnerAttempts:
    """One learner at one quiz: every attempt, what is left, and what was granted, the newest first."""

    attempt_id: int
    name: str
    course: str
    lesson: str
    attempts: tuple[AttemptRow, ...]
    allowance: Allowance
    most: int | None
    grants: tuple[GrantLine, ...]
    is_own: bool
    kind: str
    reason: str
    errors: Mapping[str, str]


def find_attempt(db: Session, actor: Actor, attempt_id: int, *, to_change: bool = False) -> Attempt:
    """One that was handed in, of somebody whom the actor may mark; else NotFound. `to_change` keeps others waiting."""
    within = (Attempt.id == attempt_id, Attempt.submitted_at.is_not(None), marked_enrolments(actor))
    if to_change:
        # The enrolment first, as everywhere (docs/architecture.md 4).
        db.execute(select(Enrolment.id).join(Attempt).where(*within).with_for_update(of=Enrolment))
    attempt = db.scalars(
        select(Attempt).join(Attempt.enrolment).options(contains_eager(Attempt.enrolment)).where(*within)
    ).one_or_none()
    if attempt is None:
        raise NotFound
    return attempt


def essay_of(
    paper: Mapping[str, Any], answers: Mapping[str, questions.Answer], question_id: str
) -> questions.Question:  # fmt: skip
    """The question of the paper whose answer a person marks; NotFound for any other, and for an empty answer."""
    for question in paper["questions"]:
        if question["id"] == question_id and questions.grade(question, answers.get(question_id)) is None:
            return question  # type: ignore[no-any-return]
    raise NotFound


def latest_marks(db: Session, attempt_id: int) -> dict[str, float]:
    """What persons gave, 0 to 1 by question."""
    rows = db.execute(
        select(Marking.question_id, Marking.credit).where(Marking.attempt_id == attempt_id).order_by(Marking.id)
    )
    return dict(rows.all())


def markings_of(db: Session, attempt_id: int) -> dict[str, tuple[MarkedLine, ...]]:
    """By question, the newest first."""
    rows = db.execute(
        select(Marking, Person.name)
        .join(Account, Account.id == Marking.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(Marking.attempt_id == attempt_id)
        .order_by(Marking.id.desc())
    )
    found: dict[str, tuple[MarkedLine, ...]] = {}
    for one, name in rows:
        line = MarkedLine(one.marked_at, name, tuple(one.points), one.comment)
        found[one.question_id] = (*found.get(one.question_id, ()), line)
    return found


def waiting_count(db: Session, actor: Actor) -> int:
    """Attempts that wait to be marked by the actor, or by somebody else who may."""
    return db.scalar(select(func.count()).select_from(Attempt).join(Attempt.enrolment).where(_waits(actor))) or 0


def waiting_answers(db: Session, actor: Actor, page: int, *, names: bool) -> MarkingQueue:
    """The oldest first; a page is of attempts, which are marked whole."""
    total = waiting_count(db, actor)
    page, pages = _within(page, total)
    attempts = db.execute(
        select(Attempt, Person.name)
        .join(Attempt.enrolment)
        .join(Person, Person.id == holder_of(Enrolment.person_id))
        .where(_waits(actor))
        .order_by(Attempt.submitted_at, Attempt.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    rows = tuple(
        _to_mark(db, attempt, question, name if names else "")
        for attempt, name in attempts
        for question in attempt.paper["questions"]
        if (attempt.result or {})["questions"][question["id"]]["score"] is None
    )
    return MarkingQueue(rows, total, page, pages)


def marked_answers(db: Session, actor: Actor, page: int, *, names: bool) -> MarkingQueue:
    """The last marked first, each answer once."""
    newest = select(func.max(Marking.id)).group_by(Marking.attempt_id, Marking.question_id)
    found = (
        select(Marking.question_id, Attempt, Person.name)
        .join(Attempt, Attempt.id == Marking.attempt_id)
        .join(Attempt.enrolment)
        .join(Person, Person.id == holder_of(Enrolment.person_id))
        .where(Marking.id.in_(newest), marked_enrolments(actor))
    )
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    page, pages = _within(page, total)
    rows = db.execute(found.order_by(Marking.id.desc()).offset((page - 1) * PER_PAGE).limit(PER_PAGE)).all()
    return MarkingQueue(
        tuple(
            _to_mark(db, attempt, essay_of(attempt.paper, attempt.answers, question_id), name if names else "")
            for question_id, attempt, name in rows
        ),
        total, page, pages,
    )  # fmt: skip


def answer_page(
    db: Session, actor: Actor, attempt: Attempt, question_id: str, *, points: Sequence[str] | None = None,
    comment: str | None = None, errors: Mapping[str, str] = {},
) -> AnswerPage:  # fmt: skip
    """`points` and `comment` as typed, if something in them has to be mended."""
    course, lesson = _titles(db, attempt)
    assert attempt.submitted_at is not None
    return marked_page(
        db, attempt.paper, attempt.answers, question_id, markings_of(db, attempt.id).get(question_id, ()),
        course=course, lesson=lesson, submitted_at=attempt.submitted_at,
        is_own=attempt.enrolment.person_id in actor.records, files_url=f"/marking/{attempt.id}/files",
        points=points, comment=comment, errors=errors,
    )  # fmt: skip


def marked_page(
    db: Session, paper: Mapping[str, Any], answers: Mapping[str, questions.Answer], question_id: str,
    history: tuple[MarkedLine, ...], *, course: str, lesson: str, submitted_at: datetime, is_own: bool,
    files_url: str = "", back: tuple[str, str] | None = None, points: Sequence[str] | None = None,
    comment: str | None = None, errors: Mapping[str, str] = {},
) -> AnswerPage:  # fmt: skip
    """One answer of any paper; with `back` of an exam's. Raises NotFound for what no person marks."""
    question = essay_of(paper, answers, question_id)
    say_it = sayer(db, paper)
    view = questions.review(question, answers.get(question_id), say_it)
    assert isinstance(view, ReviewedEssay)
    last = history[0] if history else None
    return AnswerPage(
        files_url=files_url, back=back or (_("Chấm bài"), "/marking"), is_exam=back is not None, course=course,
        lesson=lesson, submitted_at=submitted_at, text=say_it(question["text"]), view=view,
        worth=questions.points(question), explanation=say_it(question["explanation"]), history=history, is_own=is_own,
        points=tuple(points) if points is not None else tuple(f"{one:g}".replace(".", ",") for one in last.points)
        if last else ("",) * len(question["rubric"]),
        comment=comment if comment is not None else last.comment if last else "", errors=errors,
    )  # fmt: skip


def handed_in(db: Session, actor: Actor, search: str, page: int) -> AttemptList:
    """Attempts the actor may see, the newest first; those whose learner's name holds `search`."""
    chosen = marked_enrolments(actor) & Attempt.submitted_at.is_not(None)
    if words := fold(search).strip():
        chosen &= Person.folded_name.contains(words, autoescape=True)
    found = (
        select(Attempt, Person.name)
        .join(Attempt.enrolment)
        .join(Person, Person.id == holder_of(Enrolment.person_id))
        .where(chosen)
    )
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    page, pages = _within(page, total)
    newest = found.order_by(Attempt.submitted_at.desc(), Attempt.id.desc())
    rows = db.execute(newest.offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return AttemptList(tuple(_row(db, attempt, name) for attempt, name in rows), total, page, pages)


def learner_attempts(
    db: Session, actor: Actor, attempt: Attempt, *, kind: str = "", reason: str = "", errors: Mapping[str, str] = {}
) -> LearnerAttempts:  # fmt: skip
    """Of the learner and the quiz of `attempt`; `kind` and `reason` as typed, if something has to be mended."""
    enrolment, key = attempt.enrolment, attempt.lesson_key
    name = db.scalar(select(Person.name).where(Person.id == holder_of(enrolment.person_id))) or ""
    attempts = db.scalars(
        select(Attempt)
        .where(Attempt.enrolment_id == enrolment.id, Attempt.lesson_key == key, Attempt.submitted_at.is_not(None))
        .order_by(Attempt.number.desc())
    )
    grants = db.execute(
        select(AttemptGrant.kind, AttemptGrant.granted_at, Person.name, AttemptGrant.reason)
        .join(Account, Account.id == AttemptGrant.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(AttemptGrant.enrolment_id == enrolment.id, AttemptGrant.lesson_key == key)
        .order_by(AttemptGrant.id.desc())
    )
    course, lesson = _titles(db, attempt)
    try:
        quiz = lesson_state(db, enrolment, key).quiz
    except NotFound:
        quiz = None
    return LearnerAttempts(
        attempt_id=attempt.id, name=name, course=course, lesson=lesson,
        attempts=tuple(_row(db, one, name) for one in attempts),
        allowance=find_allowance(db, enrolment.id, key, quiz.rule) if quiz else Allowance(0),
        most=quiz.rule.attempts if quiz else 0, grants=tuple(GrantLine(*one) for one in grants),
        is_own=enrolment.person_id in actor.records, kind=kind, reason=reason, errors=errors,
    )  # fmt: skip


def _waits(actor: Actor) -> ColumnElement[bool]:
    """Nobody marks their own."""
    return (
        marked_enrolments(actor)
        & Enrolment.person_id.not_in(actor.records)
        & Attempt.submitted_at.is_not(None)
        & Attempt.passed.is_(None)
    )


def _within(page: int, total: int) -> tuple[int, int]:
    pages = max(1, -(-total // PER_PAGE))
    return min(max(page, 1), pages), pages


def _to_mark(db: Session, attempt: Attempt, question: questions.Question, name: str) -> ToMark:
    course, lesson = _titles(db, attempt)
    assert attempt.submitted_at is not None
    text = sayer(db, attempt.paper)(question["text"]).plain
    return ToMark(f"/marking/{attempt.id}/{question['id']}", course, lesson, text, attempt.submitted_at, name)


def _row(db: Session, attempt: Attempt, name: str) -> AttemptRow:
    course, lesson = _titles(db, attempt)
    assert attempt.submitted_at is not None
    result: dict[str, Any] = attempt.result or {}
    return AttemptRow(
        attempt.id, name, course, lesson, attempt.number, attempt.submitted_at, result["percent"], attempt.passed
    )


def _titles(db: Session, attempt: Attempt) -> tuple[str, str]:
    lessons = catalogue.outline(db, attempt.course_version_id).lessons
    lesson = next((one.title for one in lessons if one.key == attempt.lesson_key), attempt.lesson_key)
    return catalogue.course_version(db, attempt.course_version_id).title, lesson
