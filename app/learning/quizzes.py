"""Attempts at a lesson's quiz: start, answer, submit. The paper is frozen at the start, with its pass rule."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random, SystemRandom
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.catalogue import drawing, questions
from app.catalogue.banks import DrawnFrom, drawn_from
from app.catalogue.inline import media_in
from app.catalogue.queries import quiz_of
from app.catalogue.questions import Answer, Fields, Question
from app.catalogue.quiz_rules import QuizRule, as_frozen, quiz_rule
from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.i18n import lazy as _
from app.core.many_rows import AddRows
from app.core.prepared import Prepared, loaded
from app.core.templating import format_datetime
from app.learning.attempt_rules import LATE, Allowance, Grant, Past, allowance, is_over, is_past_waiting, is_taken
from app.learning.models import Attempt, AttemptGrant, Enrolment
from app.learning.service import judge_lesson, mark_active


class AttemptClosed(Conflict):
    title = _("Bài đã nộp")
    text = _("Bài đã nộp lúc %(at)s. Câu trả lời gửi sau đó không được tính; hãy tải lại trang để xem kết quả.")


class TimeOver(Conflict):
    title = _("Hết giờ làm bài")
    text = _("Đã hết giờ làm bài lúc %(at)s. Câu trả lời đưa ra sau đó không được tính; hãy nộp bài để xem kết quả.")


class NoAttemptLeft(Conflict):
    title = _("Đã hết số lần làm bài")
    text = _("Bài kiểm tra này được làm %(most)s lần và đã làm hết. Người phụ trách khóa học cho làm thêm được.")


class NextAttemptLater(Conflict):
    title = _("Chưa đến giờ làm tiếp")
    text = _("Lần làm tiếp theo từ %(at)s.")


class NothingToAsk(Conflict):
    title = _("Chưa có câu hỏi")
    text = _("Ngân hàng của bài kiểm tra này hiện không có câu nào để hỏi. Hãy báo đơn vị chủ quản khóa học.")


_ATTEMPT = cast(Table, Attempt.__table__)
_ADD = AddRows(
    _ATTEMPT,
    (
        "enrolment_id", "lesson_key", "course_version_id", "number", "paper", "answers", "answer_seq", "started_at",
        "saved_at", "deadline_at", "is_timed_out",
    ),
    returning=("id",),
)  # fmt: skip
# Built once: everybody who begins asks it.
_SO_FAR = Prepared(
    select(_ATTEMPT.c.id, _ATTEMPT.c.number, _ATTEMPT.c.submitted_at)
    .where(_ATTEMPT.c.enrolment_id == bindparam("enrolment_id"), _ATTEMPT.c.lesson_key == bindparam("lesson_key"))
    .order_by(_ATTEMPT.c.number)
)


def start_attempt(db: Session, enrolment: Enrolment, lesson_key: str, rng: Random | None = None) -> Attempt:
    """A new attempt with its own shuffled paper, or the open one if there is one.

    An open one that nothing can be added to any more is handed in first, and returned. Raises NotFound if there is no
    quiz, NoAttemptLeft and NextAttemptLater.
    """
    quiz = quiz_of(db, enrolment.course_version_id, lesson_key)
    if quiz is None:
        raise NotFound
    so_far = _SO_FAR.all(db, enrolment_id=enrolment.id, lesson_key=lesson_key)
    now = clock.now()
    if opened := next((one for one in so_far if one.submitted_at is None), None):
        attempt = db.get_one(Attempt, opened.id)
        if is_past_waiting(attempt.deadline_at, now):
            submit_attempt(db, attempt, {})
        return attempt
    rule = quiz_rule(quiz)
    _require_allowed(rule, _allowance(db, enrolment.id, lesson_key, rule, so_far))
    mark_active(enrolment, lesson_key)
    db.flush()
    values = {
        "enrolment_id": enrolment.id, "lesson_key": lesson_key, "course_version_id": enrolment.course_version_id,
        "number": 1 + max((one.number for one in so_far), default=0),
        "paper": make_paper(quiz, rng or SystemRandom(), drawn_from(db, quiz), _seen(db, so_far, quiz)), "answers": {},
        "answer_seq": {}, "started_at": now, "saved_at": now,
        "deadline_at": now + timedelta(minutes=rule.time_limit) if rule.time_limit else None, "is_timed_out": False,
    }  # fmt: skip
    ((attempt_id,),) = _ADD.run(db.connection(), [values])
    return loaded(db, Attempt, [(values | {"id": attempt_id}).get(column.name) for column in _ATTEMPT.c])


def find_allowance(db: Session, enrolment_id: int, lesson_key: str, rule: QuizRule) -> Allowance:
    """What is left of the attempts at a quiz; no query for one without limits."""
    if rule.is_unlimited:
        return Allowance()
    so_far = _SO_FAR.all(db, enrolment_id=enrolment_id, lesson_key=lesson_key)
    return _allowance(db, enrolment_id, lesson_key, rule, so_far)


def _allowance(db: Session, enrolment_id: int, lesson_key: str, rule: QuizRule, so_far: Sequence[Any]) -> Allowance:
    if rule.is_unlimited:
        return Allowance()
    past = [Past(one.number, one.submitted_at) for one in so_far if one.submitted_at]
    grants = db.execute(
        select(AttemptGrant.kind, AttemptGrant.after_number).where(
            AttemptGrant.enrolment_id == enrolment_id, AttemptGrant.lesson_key == lesson_key
        )
    )
    return allowance(rule, past, [Grant(*one) for one in grants], clock.now())


def _require_allowed(rule: QuizRule, found: Allowance) -> None:
    if found.left == 0:
        raise NoAttemptLeft(most=rule.attempts)
    if found.opens_at is not None:
        raise NextAttemptLater(at=format_datetime(found.opens_at))


def make_paper(
    quiz: Mapping[str, Any], rng: Random, source: DrawnFrom = DrawnFrom({}, {}), seen: Collection[str] = ()
) -> dict[str, Any]:
    """The quiz as one learner sees it: questions and options in the order shown, and how it may be taken.

    What is drawn comes from `source`, questions in `seen` (by id) last. `files`, by name the assets the questions show,
    only if there are any. Raises NothingToAsk if there is no question at all.
    """
    shuffle = quiz.get("shuffle", True)
    asked = drawing.questions_of_paper(quiz, source.pools, rng, seen)
    if not asked:
        raise NothingToAsk
    if shuffle:
        rng.shuffle(asked)
    paper = as_frozen(quiz) | {
        "questions": [questions.freeze(question, rng if shuffle else None) for question in asked],
    }
    return paper | ({"files": files} if (files := _files_of(quiz, source, asked)) else {})


def _files_of(quiz: Mapping[str, Any], source: DrawnFrom, asked: Sequence[Question]) -> dict[str, int]:
    """What the quiz shows, and what the drawn questions do."""
    files: dict[str, int] = quiz.get("files", {})
    if not source.files:
        return files
    shown = {one.name for question in asked for text in questions.texts_of(question) for one in media_in(text)}
    return files | {name: asset for name, asset in source.files.items() if name in shown}


def _seen(db: Session, so_far: Sequence[Any], quiz: Mapping[str, Any]) -> set[str]:
    """Ids of the questions this learner has been asked here; not asked for where nothing is drawn."""
    if not drawing.draws_of(quiz):
        return set()
    papers = db.scalars(select(Attempt.paper).where(Attempt.id.in_([one.id for one in so_far])))
    return {question["id"] for paper in papers for question in paper["questions"]}


def keep_answer(
    paper: Mapping[str, Any], answers: dict[str, Answer], sequences: dict[str, int], question_id: str,
    fields: Fields, sequence: int | None = None,
) -> bool:  # fmt: skip
    """Put one answer as given into `answers`; False if its sequence was passed already: a newer one is there.

    `fields` are the form's values by part of the question. Raises NotFound for a question not on the paper, Invalid
    for an unknown part or option.
    """
    question = next((question for question in paper["questions"] if question["id"] == question_id), None)
    if question is None:
        raise NotFound
    answer = questions.parse(question, fields, answers.get(question_id))
    if sequence is not None:
        if sequence <= sequences.get(question_id, -1):
            return False
        sequences[question_id] = sequence
    answers[question_id] = answer
    return True


def keep_page(paper: Mapping[str, Any], answers: dict[str, Answer], given: Mapping[str, Sequence[str]]) -> bool:
    """Put what a whole page holds into `answers`; questions it lacks stay as they are. False if it holds none."""
    shown = {one["id"]: fields for one in paper["questions"] if (fields := questions.fields_of(one["id"], given))}
    for question_id, fields in shown.items():
        keep_answer(paper, answers, {}, question_id, fields)
    return bool(shown)


def submit_attempt(db: Session, attempt: Attempt, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """`hand_in`, and judge the lesson; submitting again returns the first result."""
    if hand_in(attempt, given):
        db.flush()
        judge_lesson(db, attempt.enrolment, attempt.lesson_key)
    assert attempt.result is not None
    return attempt.result


def hand_in(attempt: Attempt, given: Mapping[str, Sequence[str]]) -> bool:
    """Take the answers on the submitted page and grade once; False for what was handed in before.

    `given` are the fields of the form; a question missing there keeps the answer saved before. When the time is over
    they come too late: what was saved counts, as of the deadline. Where a person must mark, the result waits: it has
    neither percentage nor verdict until then. Raises as `keep_answer` does, and changes nothing then.
    """
    if attempt.result is not None:
        return False
    now = clock.now()
    if is_over(attempt.deadline_at, now):
        attempt.is_timed_out, attempt.submitted_at = True, attempt.deadline_at
    else:
        answers: dict[str, Answer] = dict(attempt.answers)
        if keep_page(attempt.paper, answers, given):
            attempt.answers, attempt.saved_at = answers, now
        mark_active(attempt.enrolment, attempt.lesson_key)
        attempt.submitted_at = now
    result = grade_paper(attempt.paper, attempt.answers)
    attempt.result, attempt.passed = result, result["passed"]
    return True


def overdue_attempts(db: Session) -> list[int]:
    """Open attempts nothing can be added to any more."""
    ended = clock.now() - LATE
    return list(
        db.scalars(select(Attempt.id).where(Attempt.submitted_at.is_(None), Attempt.deadline_at < ended))
    )  # fmt: skip


def close_overdue(db: Session, attempt_id: int) -> bool:
    """Close one of them; False if somebody was first."""
    # The enrolment first, as everywhere (docs/architecture.md 4).
    db.execute(select(Enrolment.id).join(Attempt).where(Attempt.id == attempt_id).with_for_update(of=Enrolment))
    attempt = db.get(Attempt, attempt_id)
    if attempt is None or attempt.submitted_at is not None:
        return False
    submit_attempt(db, attempt, {})
    return True


def require_open(submitted_at: datetime | None, deadline_at: datetime | None, waited: timedelta) -> None:
    """Raises AttemptClosed after submission, TimeOver for an answer given too late; `waited` as in `is_taken`."""
    if submitted_at is not None:
        raise AttemptClosed(at=format_datetime(submitted_at))
    if deadline_at is not None and not is_taken(deadline_at, clock.now(), waited):
        raise TimeOver(at=format_datetime(deadline_at))


def grade_paper(
    paper: Mapping[str, Any], answers: Mapping[str, Answer], marks: Mapping[str, float] = MappingProxyType({})
) -> dict[str, Any]:
    """What every answer earns; the percentage is rounded down, so that 69,96 % never looks like a passing 70 %.

    `marks`: what persons gave, 0 to 1 by question. While a question waits for one, `score` is what is certain so far,
    and `percent` and `passed` are None.
    """
    asked: list[Question] = paper["questions"]
    credits = {question["id"]: questions.grade(question, answers.get(question["id"])) for question in asked}
    credits |= {key: marks.get(key) for key, credit in credits.items() if credit is None}
    most = math.fsum(questions.points(question) for question in asked)
    score = math.fsum(questions.points(question) * (credits[question["id"]] or 0) for question in asked)
    is_waiting = None in credits.values()
    percent = None if is_waiting else math.floor(1000 * score / most + 1e-6) / 10
    return {
        "score": round(score, 2),
        "max": int(most) if most.is_integer() else most,
        "percent": percent,
        "passed": None if percent is None else percent >= paper["pass_percent"],
        "questions": {
            key: {"score": None, "right": None} if credit is None else {"score": round(credit, 2), "right": credit == 1}
            for key, credit in credits.items()
        },
    }
