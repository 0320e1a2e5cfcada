"""What the quiz pages show: before, during and after an attempt."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue import queries as catalogue
from app.catalogue import questions
from app.catalogue.questions import ReviewedOption
from app.core.errors import NotFound
from app.learning.answering import SavedAnswers, saved_answers
from app.learning.models import Attempt, Enrolment
from app.learning.page_queries import last_completion
from app.learning.queries import lesson_state
from app.learning.rules import LessonState


@dataclass(frozen=True)
class PastAttempt:
    id: int
    number: int
    submitted_at: datetime
    percent: float
    passed: bool


@dataclass(frozen=True)
class QuizPlace:
    """Where a quiz belongs: its course and lesson, and where to go from it."""

    slug: str
    course_title: str
    lesson_key: str
    lesson_title: str
    next_key: str | None
    next_title: str

    @property
    def lesson_url(self) -> str:
        return f"/learn/{self.slug}/{self.lesson_key}"


@dataclass(frozen=True)
class QuizPage:
    """A quiz before an attempt: its rules, and the attempts so far, the newest first."""

    place: QuizPlace
    pass_percent: int
    question_count: int
    open_attempt_id: int | None
    passed: bool
    past: tuple[PastAttempt, ...]


@dataclass(frozen=True)
class QuestionView:
    """One question on an open paper. `options` are (id, text), `chosen` ids of them; `input_type` radio or checkbox."""

    number: int
    id: str
    text: str
    input_type: str
    options: tuple[tuple[str, str], ...]
    chosen: frozenset[str]


@dataclass(frozen=True)
class AttemptPage:
    """An open attempt."""

    place: QuizPlace
    attempt_id: int
    number: int
    pass_percent: int
    questions: tuple[QuestionView, ...]
    saved: SavedAnswers


@dataclass(frozen=True)
class ReviewedQuestion:
    """One question after submission. `outcome`: right, partly, wrong, empty."""

    number: int
    text: str
    outcome: str
    input_type: str
    options: tuple[ReviewedOption, ...]
    explanation: str


@dataclass(frozen=True)
class ResultPage:
    """A submitted attempt: what came of it, question by question, and what is next."""

    place: QuizPlace
    number: int
    submitted_at: datetime
    score: float
    max: int
    percent: float
    pass_percent: int
    passed: bool
    questions: tuple[ReviewedQuestion, ...]
    lesson: LessonState
    completed_on: date | None


def quiz_page(db: Session, enrolment: Enrolment, lesson_key: str) -> QuizPage:
    """Raises NotFound if the lesson has no quiz."""
    state = lesson_state(db, enrolment, lesson_key)
    if state.quiz is None:
        raise NotFound
    rows = db.execute(
        select(Attempt.id, Attempt.number, Attempt.submitted_at, Attempt.result)
        .where(
            Attempt.enrolment_id == enrolment.id, Attempt.lesson_key == lesson_key, Attempt.submitted_at.is_not(None)
        )
        .order_by(Attempt.number.desc())
    )
    return QuizPage(
        place=_place(db, enrolment.course_version_id, lesson_key),
        pass_percent=state.quiz.pass_percent,
        question_count=state.quiz.question_count,
        open_attempt_id=state.quiz.open_attempt_id,
        passed=state.quiz.passed,
        past=tuple(
            PastAttempt(row.id, row.number, row.submitted_at, row.result["percent"], row.result["passed"])
            for row in rows
        ),
    )


def attempt_page(db: Session, attempt: Attempt) -> AttemptPage:
    """An attempt that is still open."""
    return AttemptPage(
        place=_place(db, attempt.course_version_id, attempt.lesson_key),
        attempt_id=attempt.id,
        number=attempt.number,
        pass_percent=attempt.paper["pass_percent"],
        questions=tuple(
            _question(number, question, attempt.answers.get(question["id"]))
            for number, question in enumerate(attempt.paper["questions"], start=1)
        ),
        saved=saved_answers(attempt.paper, attempt.answers, attempt.saved_at),
    )


def result_page(db: Session, attempt: Attempt) -> ResultPage:
    """An attempt that was submitted; raises NotFound for an open one."""
    result = attempt.result
    if result is None or attempt.submitted_at is None:
        raise NotFound
    return ResultPage(
        place=_place(db, attempt.course_version_id, attempt.lesson_key),
        number=attempt.number,
        submitted_at=attempt.submitted_at,
        score=result["score"],
        max=result["max"],
        percent=result["percent"],
        pass_percent=attempt.paper["pass_percent"],
        passed=result["passed"],
        questions=tuple(
            _reviewed(
                number, question, attempt.answers.get(question["id"]), result["questions"][question["id"]]["score"]
            )
            for number, question in enumerate(attempt.paper["questions"], start=1)
        ),
        lesson=lesson_state(db, attempt.enrolment, attempt.lesson_key),
        completed_on=done.completed_on if (done := last_completion(db, attempt.enrolment)) else None,
    )


def _place(db: Session, version_id: int, lesson_key: str) -> QuizPlace:
    course = catalogue.course_version(db, version_id)
    lessons = catalogue.outline(db, version_id).lessons
    at = next(place for place, lesson in enumerate(lessons) if lesson.key == lesson_key)
    following = lessons[at + 1] if at + 1 < len(lessons) else None
    return QuizPlace(
        slug=course.slug,
        course_title=course.title,
        lesson_key=lesson_key,
        lesson_title=lessons[at].title,
        next_key=following.key if following else None,
        next_title=following.title if following else "",
    )


def _question(number: int, question: dict[str, Any], answer: questions.Answer) -> QuestionView:
    options = questions.describe(question, answer)
    return QuestionView(
        number=number,
        id=question["id"],
        text=question["text"],
        input_type=questions.input_type(question),
        # Which option is right must not reach the page of an open attempt.
        options=tuple((option.id, option.text) for option in options),
        chosen=frozenset(option.id for option in options if option.chosen),
    )


def _reviewed(number: int, question: dict[str, Any], answer: questions.Answer, score: float) -> ReviewedQuestion:
    outcome = "right" if score == 1 else "partly" if score > 0 else "empty" if answer is None else "wrong"
    return ReviewedQuestion(
        number=number,
        text=question["text"],
        outcome=outcome,
        input_type=questions.input_type(question),
        options=tuple(questions.describe(question, answer)),
        explanation=question["explanation"],
    )
