"""Attempts at a lesson's quiz: start, answer, submit. The paper is frozen at the start, with its pass rule."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random, SystemRandom
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue import questions
from app.catalogue.models import LessonVersion
from app.catalogue.questions import Answer, Question
from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.i18n import lazy as _
from app.core.templating import format_datetime
from app.learning.models import Attempt, Enrolment
from app.learning.service import judge_lesson, mark_active


class AttemptClosed(Conflict):
    title = _("Bài đã nộp")
    text = _("Bài đã nộp lúc %(at)s. Câu trả lời gửi sau đó không được tính; hãy tải lại trang để xem kết quả.")


def start_attempt(db: Session, enrolment: Enrolment, lesson_key: str, rng: Random | None = None) -> Attempt:
    """A new attempt with its own shuffled paper, or the open one if there is one; NotFound if there is no quiz."""
    quiz: dict[str, Any] | None = db.scalar(
        select(LessonVersion.quiz).where(
            LessonVersion.course_version_id == enrolment.course_version_id, LessonVersion.key == lesson_key
        )
    )
    if quiz is None:
        raise NotFound
    mine = (Attempt.enrolment_id == enrolment.id, Attempt.lesson_key == lesson_key)
    opened = db.scalars(select(Attempt).where(*mine, Attempt.submitted_at.is_(None))).first()
    if opened is not None:
        return opened
    now = clock.now()
    attempt = Attempt(
        enrolment_id=enrolment.id, lesson_key=lesson_key, course_version_id=enrolment.course_version_id,
        number=1 + (db.scalar(select(func.max(Attempt.number)).where(*mine)) or 0),
        paper=make_paper(quiz, rng or SystemRandom()), answers={}, answer_seq={}, started_at=now, saved_at=now,
    )  # fmt: skip
    db.add(attempt)
    mark_active(enrolment, lesson_key)
    db.flush()
    return attempt


def make_paper(quiz: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """The quiz as one learner sees it: questions and options in the order shown, and the percentage to pass."""
    shuffle = quiz.get("shuffle", True)
    asked = list(quiz["questions"])
    if shuffle:
        rng.shuffle(asked)
    return {
        "pass_percent": quiz["pass_percent"],
        "questions": [
            {**question, "options": questions.present(question, rng if shuffle else None)} for question in asked
        ],
    }


def keep_answer(
    paper: Mapping[str, Any], answers: dict[str, Answer], sequences: dict[str, int], question_id: str,
    values: Sequence[str], sequence: int | None = None,
) -> bool:  # fmt: skip
    """Put one answer as given into `answers`; False if its sequence was passed already: a newer one is there.

    Raises NotFound for a question not on the paper, Invalid for an unknown option.
    """
    question = next((question for question in paper["questions"] if question["id"] == question_id), None)
    if question is None:
        raise NotFound
    answer = questions.parse(question, values)
    if sequence is not None:
        if sequence <= sequences.get(question_id, -1):
            return False
        sequences[question_id] = sequence
    answers[question_id] = answer
    return True


def submit_attempt(db: Session, attempt: Attempt, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Take the answers on the submitted page, grade once, judge the lesson; submitting again returns the first result.

    `given` maps question ids to the values of the form; a question missing there keeps the answer saved before.
    """
    if attempt.result is not None:
        return attempt.result
    answers: dict[str, Answer] = dict(attempt.answers)
    for question in attempt.paper["questions"]:
        if values := given.get(question["id"]):
            keep_answer(attempt.paper, answers, {}, question["id"], values)
            attempt.answers, attempt.saved_at = answers, clock.now()
    result = grade_paper(attempt.paper, attempt.answers)
    attempt.result, attempt.passed, attempt.submitted_at = result, result["passed"], clock.now()
    mark_active(attempt.enrolment, attempt.lesson_key)
    db.flush()
    judge_lesson(db, attempt.enrolment, attempt.lesson_key)
    return result


def require_open(submitted_at: datetime | None) -> None:
    """Raises AttemptClosed after submission."""
    if submitted_at is not None:
        raise AttemptClosed(at=format_datetime(submitted_at))


def grade_paper(paper: Mapping[str, Any], answers: Mapping[str, Answer]) -> dict[str, Any]:
    """One point per question; the percentage is rounded down, so that 69,96 % never looks like a passing 70 %."""
    asked: list[Question] = paper["questions"]
    scores = {question["id"]: questions.grade(question, answers.get(question["id"])) for question in asked}
    score = math.fsum(scores.values())
    percent = math.floor(1000 * score / len(asked) + 1e-6) / 10
    return {
        "score": round(score, 2),
        "max": len(asked),
        "percent": percent,
        "passed": percent >= paper["pass_percent"],
        "questions": {key: {"score": round(points, 2), "right": points == 1} for key, points in scores.items()},
    }
