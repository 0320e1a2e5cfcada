"""What a candidate does: enter the room, begin, answer, hand in; and what their page notices."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random, SystemRandom

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.banks import drawn_from
from app.catalogue.queries import quiz_of
from app.catalogue.questions import Answer, Fields
from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import lazy as _
from app.core.templating import format_datetime
from app.exams.models import ExamCandidate, ExamEvent, ExamSitting
from app.exams.states import deadline, state_of
from app.exams.written import in_writing, without_files
from app.learning.answering import SavedAnswers, saved_answers
from app.learning.attempt_rules import is_over
from app.learning.quizzes import grade_paper, keep_answer, keep_page, make_paper, require_open

# What a page can notice; "watching": it can, and from now on does.
EVENTS = ("watching", "left_full_screen", "hidden", "blurred", "back")
# More than this says nothing new about anybody.
MOST_EVENTS = 500
_LONGEST_NAME = 40


class RoomNotOpen(Conflict):
    title = _("Phòng chưa mở hoặc đã đóng")
    text = _("Phòng sát hạch chỉ nhận vào từ %(opens)s đến %(closes)s.")


class NotChecked(Conflict):
    title = _("Chưa kiểm tra giấy tờ")
    text = _("Giám thị chưa xác nhận đã kiểm tra giấy tờ của anh/chị. Hãy đợi giám thị gọi.")


def require_room(sitting: ExamSitting) -> None:
    """Raises RoomNotOpen outside of the window, and once the sitting is closed."""
    if state_of(sitting, clock.now()) != "open":
        raise RoomNotOpen(opens=format_datetime(sitting.opens_at), closes=format_datetime(sitting.closes_at))


def fits(sitting: ExamSitting, code: str) -> bool:
    """Whether this is the room's code of now; spaces do not matter."""
    return hmac.compare_digest("".join(code.split()).encode(), sitting.room_code.encode())


def enter(db: Session, sitting: ExamSitting, candidate: ExamCandidate) -> None:
    """The candidate gave the right code. Entering again changes nothing; raises RoomNotOpen."""
    require_room(sitting)
    if candidate.entered_at is None:
        candidate.entered_at = clock.now()
        db.flush()


def begin(db: Session, sitting: ExamSitting, candidate: ExamCandidate, rng: Random | None = None) -> None:
    """Draw and freeze the paper; its time runs from here. Beginning again changes nothing.

    Raises RoomNotOpen, and NotChecked before an invigilator has seen the candidate's papers.
    """
    if candidate.started_at is not None:
        return
    # Whoever closes the sitting holds its candidates: what was read while waiting for that may be old.
    db.refresh(sitting)
    require_room(sitting)
    if candidate.entered_at is None or candidate.checked_at is None:
        raise NotChecked
    quiz = quiz_of(db, sitting.course_version_id, sitting.lesson_key)
    if quiz is None:
        raise NotFound
    now = clock.now()
    paper = make_paper(quiz, rng or SystemRandom(), in_writing(drawn_from(db, quiz)))
    candidate.paper = without_files(paper) | {"pass_percent": sitting.pass_percent}
    candidate.started_at = candidate.saved_at = now
    candidate.deadline_at = deadline(sitting, now)
    db.flush()


def save(
    db: Session, candidate: ExamCandidate, question_id: str, fields: Fields, sequence: int | None, waited: timedelta
) -> SavedAnswers:
    """Keep one answer; an older one than is there changes nothing. Raises NotFound, AttemptClosed, TimeOver."""
    if candidate.paper is None:
        raise NotFound
    require_open(candidate.submitted_at, candidate.deadline_at, waited)
    answers, sequences = dict(candidate.answers), dict(candidate.answer_seq)
    if keep_answer(candidate.paper, answers, sequences, question_id, fields, sequence):
        candidate.answers, candidate.answer_seq, candidate.saved_at = answers, sequences, clock.now()
        db.flush()
    return saved(candidate)


def saved(candidate: ExamCandidate) -> SavedAnswers:
    """How much of the paper is answered."""
    assert candidate.paper is not None
    assert candidate.saved_at is not None
    return saved_answers(candidate.paper, candidate.answers, candidate.saved_at)


def submit(db: Session, candidate: ExamCandidate, given: Mapping[str, Sequence[str]]) -> None:
    """Take what the page holds and hand in, once. When the time is over, what was saved counts."""
    if candidate.paper is None:
        raise NotFound
    if candidate.submitted_at is not None:
        return
    if is_over(candidate.deadline_at, clock.now()):
        hand_in_by_time(db, candidate)
        return
    answers: dict[str, Answer] = dict(candidate.answers)
    keep_page(candidate.paper, answers, given)
    candidate.answers, candidate.saved_at = answers, clock.now()
    hand_in(db, candidate, clock.now())


def hand_in(db: Session, candidate: ExamCandidate, at: datetime) -> None:
    """Grade what is there; where a person must mark, the result waits."""
    assert candidate.paper is not None
    result = grade_paper(candidate.paper, candidate.answers)
    candidate.result, candidate.passed, candidate.submitted_at = result, result["passed"], at
    db.flush()


def hand_in_by_time(db: Session, candidate: ExamCandidate) -> None:
    """The clock hands in what was saved, as of the deadline."""
    assert candidate.deadline_at is not None
    candidate.is_timed_out = True
    hand_in(db, candidate, candidate.deadline_at)


def notice(
    db: Session, sitting: ExamSitting, candidate: ExamCandidate, kind: str, client: str, seq: int, ago: timedelta
) -> None:  # fmt: skip
    """Keep what the page noticed `ago`, in whatever order it arrives; the same again changes nothing.

    The instant is the page's word, held between the start of the paper and now. Once the sitting is closed, or there
    are MOST_EVENTS, nothing is added. Raises Invalid for what no page of ours sends.
    """
    if kind not in EVENTS or not 0 < len(client) <= _LONGEST_NAME or "\0" in client or not 0 <= seq < 2**53:
        raise Invalid
    if candidate.started_at is None:
        raise NotFound
    mine = select(func.count()).where(ExamEvent.candidate_id == candidate.id)
    known = db.scalar(mine.where(ExamEvent.client == client, ExamEvent.seq == seq))
    if known or sitting.closed_at is not None or (db.scalar(mine) or 0) >= MOST_EVENTS:
        return
    now = clock.now()
    happened_at = max(candidate.started_at, now - min(ago, timedelta(days=1)))
    # Handing in leaves the page, too.
    if candidate.submitted_at is not None and happened_at >= candidate.submitted_at:
        return
    db.add(
        ExamEvent(
            candidate_id=candidate.id, kind=kind, client=client, seq=seq, happened_at=happened_at, received_at=now
        )
    )  # fmt: skip
    db.flush()
