"""What the quiz pages show: before, during and after an attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.catalogue import queries as catalogue
from app.catalogue import questions
from app.catalogue.inline import Said
from app.catalogue.questions import Question, Review, Say, View
from app.catalogue.questions.asking import Essay, Gaps, ReviewedGaps
from app.catalogue.quiz_rules import QuizRule, quiz_rule
from app.core import clock
from app.core.errors import NotFound
from app.core.prepared import Prepared
from app.learning.answering import SavedAnswers, saved_answers
from app.learning.attempt_rules import Allowance, is_over
from app.learning.marking_queries import MarkedLine, markings_of
from app.learning.models import Attempt, Enrolment
from app.learning.page_queries import last_completion
from app.learning.queries import lesson_state
from app.learning.quiz_texts import sayer
from app.learning.quizzes import find_allowance
from app.learning.rules import LessonState
from app.media.languages import language_in_words


@dataclass(frozen=True)
class PastAttempt:
    """`percent` and `passed` are None while the attempt waits to be marked; where the quiz shows no score, `percent` is
    None for good.
    """

    id: int
    number: int
    submitted_at: datetime
    percent: float | None
    passed: bool | None


@dataclass(frozen=True)
class QuizPlace:
    """Where a quiz belongs: its course, whose it is, its lesson, and where to go from it."""

    slug: str
    course_title: str
    owner: str
    contact: str
    lesson_key: str
    lesson_title: str
    next_key: str | None
    next_title: str
    # What its questions are written in.
    language: str

    @property
    def language_in_words(self) -> str:
        return language_in_words(self.language)

    @property
    def lesson_url(self) -> str:
        return f"/learn/{self.slug}/{self.lesson_key}"


@dataclass(frozen=True)
class QuizPage:
    """A quiz before an attempt: its rules, what is left of them, and the attempts so far, the newest first."""

    place: QuizPlace
    rule: QuizRule
    allowance: Allowance
    question_count: int
    open_attempt_id: int | None
    passed: bool
    past: tuple[PastAttempt, ...]


@dataclass(frozen=True)
class QuestionView:
    """One question on an open paper; nothing in it knows what is right. `points` is None where all count alike."""

    number: int
    id: str
    text: Said
    points: float | None
    view: View


@dataclass(frozen=True)
class AttemptPage:
    """An open attempt. `left_s` until `deadline_at`, below zero after it; both None without a time limit.

    `may_add_files`: a guest has to sign in for that; `file_errors` by question, of files just chosen.
    """

    place: QuizPlace
    attempt_id: int
    number: int
    pass_percent: int
    deadline_at: datetime | None
    left_s: float | None
    is_over: bool
    questions: tuple[QuestionView, ...]
    saved: SavedAnswers
    may_add_files: bool
    file_errors: Mapping[str, str]

    @property
    def has_words(self) -> bool:
        """Whether words can be dragged somewhere."""
        return any(isinstance(question.view, Gaps) and question.view.words for question in self.questions)

    @property
    def takes_files(self) -> bool:
        return any(isinstance(question.view, Essay) and question.view.most_files for question in self.questions)


@dataclass(frozen=True)
class ReviewedQuestion:
    """One question after submission. `outcome`: right, partly, wrong, empty, waiting (to be marked).

    `explanation` is None while it waits: it may tell what a marker looks for. `marked` is what a person gave.
    """

    number: int
    text: Said
    outcome: str
    earned: float
    points: float
    view: Review
    explanation: Said | None
    marked: MarkedLine | None


@dataclass(frozen=True)
class ResultPage:
    """A submitted attempt: what came of it, question by question, and what is next.

    `percent` and `passed` are None while it waits to be marked; `score` is then what is certain. `rule` is the one the
    paper froze, but for `allowance`: whether there is a next attempt. `questions` is empty where they are not shown.
    """

    place: QuizPlace
    attempt_id: int
    number: int
    rule: QuizRule
    allowance: Allowance
    is_timed_out: bool
    submitted_at: datetime
    score: float
    max: float
    percent: float | None
    passed: bool | None
    questions: tuple[ReviewedQuestion, ...]
    lesson: LessonState
    completed_on: date | None


_ATTEMPT = cast(Table, Attempt.__table__)
# Built once: every page before an attempt asks it.
_HANDED_IN = Prepared(
    select(
        _ATTEMPT.c.id, _ATTEMPT.c.number, _ATTEMPT.c.submitted_at, _ATTEMPT.c.passed,
        _ATTEMPT.c.result["percent"].as_float().label("percent"),
        _ATTEMPT.c.paper["review"].as_string().label("review"),
    )
    .where(
        _ATTEMPT.c.enrolment_id == bindparam("enrolment_id"), _ATTEMPT.c.lesson_key == bindparam("lesson_key"),
        _ATTEMPT.c.submitted_at.is_not(None),
    )
    .order_by(_ATTEMPT.c.number.desc())
)  # fmt: skip


def quiz_page(db: Session, enrolment: Enrolment, lesson_key: str) -> QuizPage:
    """Raises NotFound if the lesson has no quiz."""
    state = lesson_state(db, enrolment, lesson_key)
    if state.quiz is None:
        raise NotFound
    return QuizPage(
        place=_place(db, enrolment.course_version_id, lesson_key),
        rule=state.quiz.rule,
        allowance=find_allowance(db, enrolment.id, lesson_key, state.quiz.rule),
        question_count=state.quiz.question_count,
        open_attempt_id=state.quiz.open_attempt_id,
        passed=state.quiz.passed,
        past=tuple(
            PastAttempt(
                row.id, row.number, row.submitted_at, None if row.review == "never" else row.percent, row.passed
            )
            for row in _HANDED_IN.all(db, enrolment_id=enrolment.id, lesson_key=lesson_key)
        ),
    )


def attempt_page(db: Session, attempt: Attempt, file_errors: Mapping[str, str] = MappingProxyType({})) -> AttemptPage:
    """An attempt that is still open."""
    deadline_at, now = attempt.deadline_at, clock.now()
    return AttemptPage(
        place=_place(db, attempt.course_version_id, attempt.lesson_key),
        attempt_id=attempt.id,
        number=attempt.number,
        pass_percent=attempt.paper["pass_percent"],
        deadline_at=deadline_at,
        left_s=(deadline_at - now).total_seconds() if deadline_at else None,
        is_over=is_over(deadline_at, now),
        questions=asked_questions(db, attempt.paper, attempt.answers),
        saved=saved_answers(attempt.paper, attempt.answers, attempt.saved_at),
        may_add_files=attempt.enrolment.person_id is not None,
        file_errors=file_errors,
    )


def asked_questions(
    db: Session, paper: Mapping[str, Any], answers: Mapping[str, questions.Answer]
) -> tuple[QuestionView, ...]:
    """The questions of an open paper, with what was answered so far."""
    say_it = sayer(db, paper)
    worths = {questions.points(question) for question in paper["questions"]}
    return tuple(
        question_view(number, question, answers.get(question["id"]), say_it, is_weighed=worths != {1})
        for number, question in enumerate(paper["questions"], start=1)
    )


def result_page(db: Session, attempt: Attempt) -> ResultPage:
    """An attempt that was submitted; raises NotFound for an open one."""
    result = attempt.result
    if result is None or attempt.submitted_at is None:
        raise NotFound
    rule, lesson = quiz_rule(attempt.paper), lesson_state(db, attempt.enrolment, attempt.lesson_key)
    return ResultPage(
        place=_place(db, attempt.course_version_id, attempt.lesson_key),
        attempt_id=attempt.id,
        number=attempt.number,
        rule=rule,
        allowance=_allowance_now(db, attempt, lesson),
        is_timed_out=attempt.is_timed_out,
        submitted_at=attempt.submitted_at,
        score=result["score"],
        max=result["max"],
        percent=result["percent"],
        passed=result["passed"],
        questions=_reviews(db, attempt, result) if _shows_questions(rule, attempt, lesson) else (),
        lesson=lesson,
        completed_on=done.completed_on if (done := last_completion(db, attempt.enrolment)) else None,
    )


def _shows_questions(rule: QuizRule, attempt: Attempt, lesson: LessonState) -> bool:
    if rule.review == "after_pass":
        return bool(attempt.passed or (lesson.quiz and lesson.quiz.passed))
    return rule.review == "after_submit"


def _allowance_now(db: Session, attempt: Attempt, lesson: LessonState) -> Allowance:
    """By the rule of the version the learner is at; none left where that has no quiz any more."""
    if lesson.quiz is None:
        return Allowance(left=0)
    return find_allowance(db, attempt.enrolment_id, attempt.lesson_key, lesson.quiz.rule)


def _reviews(db: Session, attempt: Attempt, result: dict[str, Any]) -> tuple[ReviewedQuestion, ...]:
    say_it, credits, asked = sayer(db, attempt.paper), result["questions"], attempt.paper["questions"]
    marked = markings_of(db, attempt.id) if any(question["kind"] == "essay" for question in asked) else {}
    return tuple(
        reviewed_question(
            number, question, attempt.answers.get(question["id"]), credits[question["id"]]["score"], say_it,
            next(iter(marked.get(question["id"], ())), None),
        )
        for number, question in enumerate(asked, start=1)
    )  # fmt: skip


def _place(db: Session, version_id: int, lesson_key: str) -> QuizPlace:
    course = catalogue.course_version(db, version_id)
    lessons = catalogue.outline(db, version_id).lessons
    at = next(place for place, lesson in enumerate(lessons) if lesson.key == lesson_key)
    following = lessons[at + 1] if at + 1 < len(lessons) else None
    return QuizPlace(
        slug=course.slug,
        course_title=course.title,
        owner=course.owner,
        contact=course.contact,
        lesson_key=lesson_key,
        lesson_title=lessons[at].title,
        next_key=following.key if following else None,
        next_title=following.title if following else "",
        language=course.language,
    )


def question_view(
    number: int, question: Question, answer: questions.Answer, say_it: Say, *, is_weighed: bool
) -> QuestionView:
    """A frozen question as an open paper shows it."""
    view = questions.present(question, answer, say_it)
    text = Said.plainly(view.title) if isinstance(view, Gaps) else say_it(question["text"])
    return QuestionView(number, question["id"], text, questions.points(question) if is_weighed else None, view)


def reviewed_question(
    number: int, question: Question, answer: questions.Answer, score: float | None, say_it: Say,
    marked: MarkedLine | None = None,
) -> ReviewedQuestion:  # fmt: skip
    """A frozen question as a result shows it."""
    view = questions.review(question, answer, say_it)
    if score is None:
        outcome = "waiting"
    else:
        outcome = "right" if score == 1 else "partly" if score > 0 else "empty" if answer is None else "wrong"
    points = questions.points(question)
    return ReviewedQuestion(
        number=number,
        text=Said.plainly(view.title) if isinstance(view, ReviewedGaps) else say_it(question["text"]),
        outcome=outcome,
        earned=points * (score or 0),
        points=points,
        view=view,
        explanation=None if score is None else say_it(question["explanation"]),
        marked=marked,
    )
