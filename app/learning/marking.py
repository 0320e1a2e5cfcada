"""What persons do with attempts: mark answers by their rubric, correct a mark, grant another attempt."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue import questions
from app.catalogue.queries import outline
from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_number, format_percent
from app.core.text import several_lines
from app.learning.attempt_rules import AFRESH, ONE_MORE
from app.learning.marking_queries import essay_of, latest_marks
from app.learning.models import Attempt, AttemptGrant, Marking
from app.learning.quizzes import grade_paper
from app.learning.service import judge_lesson
from app.notices.service import notify

LONGEST_COMMENT = 2000
LONGEST_REASON = 300
_POINTS = re.compile(r"\d{1,4}(?:[.,]\d{1,2})?", re.ASCII)


def mark(
    db: Session, actor: Actor, attempt: Attempt, question_id: str, points: Sequence[str], comment: str
) -> Marking:  # fmt: skip
    """Mark one answer, or correct its mark: a row of its own. The attempt is graded anew and its lesson judged.

    What was finished with a better mark stays finished. `points` are as typed, one per criterion. Raises Invalid with
    a message per field ("points-0", "comment"), NotFound, and Forbidden for one's own.
    """
    _must_be_others(actor, attempt)
    question = essay_of(attempt.paper, attempt.answers, question_id)
    given = read_points(question, points, comment)
    marking = Marking(
        attempt_id=attempt.id, question_id=question_id, points=given, credit=credit_of(question, given),
        comment=several_lines(comment),
        account_id=actor.account_id, marked_at=clock.now(),
    )  # fmt: skip
    db.add(marking)
    db.flush()
    audit.record(db, "attempt.mark", "attempt", attempt.id, account_id=actor.account_id, question=question_id)
    result = grade_paper(attempt.paper, attempt.answers, latest_marks(db, attempt.id))
    attempt.result, attempt.passed = result, result["passed"]
    db.flush()
    if attempt.passed is not None:
        judge_lesson(db, attempt.enrolment, attempt.lesson_key)
        _tell_result(db, attempt, marking)
    return marking


def grant(db: Session, actor: Actor, attempt: Attempt, kind: str, reason: str) -> AttemptGrant:
    """Let the learner attempt this quiz once more (`one_more`), or as if for the first time (`afresh`).

    `attempt` is any of that learner at that quiz. Raises Invalid with a message per field, Forbidden for one's own.
    """
    _must_be_others(actor, attempt)
    errors: dict[str, str] = {}
    if kind not in (ONE_MORE, AFRESH):
        errors["kind"] = _("Hãy chọn cho làm thêm một lần hoặc làm lại từ đầu.")
    reason = " ".join(reason.split())
    if len(reason) < 5:
        errors["reason"] = _("Hãy ghi lý do, ví dụ: mất điện giữa giờ.")
    elif len(reason) > LONGEST_REASON:
        errors["reason"] = _("Dài nhất %(most)s ký tự.", most=LONGEST_REASON)
    if errors:
        raise Invalid(fields=errors)
    mine = (Attempt.enrolment_id == attempt.enrolment_id, Attempt.lesson_key == attempt.lesson_key)
    last = db.scalar(select(func.max(Attempt.number)).where(*mine, Attempt.submitted_at.is_not(None)))
    given = AttemptGrant(
        enrolment_id=attempt.enrolment_id, lesson_key=attempt.lesson_key, kind=kind, after_number=last or 0,
        granted_at=clock.now(), account_id=actor.account_id, reason=reason,
    )  # fmt: skip
    db.add(given)
    db.flush()
    audit.record(db, f"attempt.{kind}", "enrolment", attempt.enrolment_id, account_id=actor.account_id)
    sentence = (
        lazy("Được làm thêm một lần bài kiểm tra “%(lesson)s”.")
        if kind == ONE_MORE
        else lazy("Được làm lại từ đầu bài kiểm tra “%(lesson)s”.")
    )
    _tell(db, attempt, f"attempt-grant:{given.id}", sentence)
    return given


def read_points(question: questions.Question, points: Sequence[str], comment: str) -> list[float]:
    """Points as typed, one per criterion of the rubric. Raises Invalid with a message per field."""
    errors, given = {}, []
    for place, line in enumerate(question["rubric"]):
        text = points[place].strip() if place < len(points) else ""
        value = float(text.replace(",", ".")) if _POINTS.fullmatch(text) else -1.0
        if not 0 <= value <= line["points"]:
            errors[f"points-{place}"] = _("Hãy cho điểm từ 0 đến %(most)s.", most=_number(line["points"]))
        given.append(value)
    if len(comment) > LONGEST_COMMENT:
        errors["comment"] = _("Dài nhất %(most)s ký tự.", most=LONGEST_COMMENT)
    if errors:
        raise Invalid(fields=errors)
    return given


def credit_of(question: questions.Question, points: Sequence[float]) -> float:
    """0 to 1 of the question."""
    return sum(points) / sum(line["points"] for line in question["rubric"])  # type: ignore[no-any-return]


def _number(value: float) -> str:
    return format_number(value, 0 if value == int(value) else 1)


def _must_be_others(actor: Actor, attempt: Attempt) -> None:
    if attempt.enrolment.person_id in actor.records:
        raise Forbidden(_("Không ai chấm bài của chính mình; người chấm khác sẽ làm việc này."))


def _tell_result(db: Session, attempt: Attempt, marking: Marking) -> None:
    result: Mapping[str, Any] = attempt.result or {}
    sentence = (
        lazy("Bài kiểm tra “%(lesson)s” đã được chấm: %(percent)s, đạt.")
        if attempt.passed
        else lazy("Bài kiểm tra “%(lesson)s” đã được chấm: %(percent)s, chưa đạt.")
    )
    if attempt.paper.get("review") == "never":
        sentence = (
            lazy("Bài kiểm tra “%(lesson)s” đã được chấm: đạt.")
            if attempt.passed
            else lazy("Bài kiểm tra “%(lesson)s” đã được chấm: chưa đạt.")
        )
    percent = format_percent(result["percent"] / 100)
    _tell(db, attempt, f"marked:{marking.id}", sentence, percent=percent)


def _tell(db: Session, attempt: Attempt, key: str, sentence: lazy, **values: Any) -> None:
    if attempt.enrolment.person_id is None:
        return
    title = next(
        (one.title for one in outline(db, attempt.course_version_id).lessons if one.key == attempt.lesson_key), ""
    )
    notify(
        db, [attempt.enrolment.person_id], category="result", key=key, sentence=sentence, url=f"/attempts/{attempt.id}",
        lesson=title, **values,
    )  # fmt: skip
