"""What an invigilator does: the room code, identity checks, extensions, stops, incidents, and closing the sitting."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import several_lines, whole
from app.exams.models import ExamCandidate, ExamNote, ExamSitting
from app.exams.planning import SittingIsClosed, new_code
from app.exams.results import settle
from app.exams.taking import hand_in, hand_in_by_time
from app.identity.taking_turns import take_turns
from app.learning.attempt_rules import LATE, is_past_waiting

MOST_EXTENSION = 120
LONGEST_NOTE = 1000
LONGEST_CHECK_NOTE = 300


class StillWriting(Conflict):
    title = lazy("Còn người đang làm bài")
    text = lazy(
        "Còn %(count)s người đang làm bài và chưa hết giờ. Đợi họ nộp bài, hoặc dừng từng bài kèm lý do, rồi kết thúc."
    )


def renew_code(db: Session, actor: Actor, sitting: ExamSitting) -> None:
    """Another code from now on; who is in the room stays."""
    _require_running(sitting)
    before = sitting.room_code
    while sitting.room_code == before:
        sitting.room_code = new_code()
    audit.record(db, "exam.renew_code", "exam_sitting", sitting.id, account_id=actor.account_id)
    db.flush()


def check_identity(db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate, note: str) -> None:
    """The invigilator has looked at the candidate's papers; again changes nothing. Raises Forbidden for oneself."""
    _require_running(sitting)
    _must_be_others(actor, candidate)
    if candidate.checked_at is not None:
        return
    candidate.checked_at, candidate.checked_by = clock.now(), actor.account_id
    candidate.check_note = " ".join(note.split())[:LONGEST_CHECK_NOTE]
    audit.record(db, "exam.check_identity", "exam_candidate", candidate.id, account_id=actor.account_id)
    db.flush()


def extend(db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate, minutes: str, why: str) -> None:
    """Give one candidate more time, also beyond the end of the sitting. Raises Invalid with a message per field."""
    _require_running(sitting)
    _must_be_others(actor, candidate)
    errors: dict[str, str] = {}
    more = whole(minutes.strip()) or 0
    if not 1 <= more <= MOST_EXTENSION:
        errors["minutes"] = _("Hãy ghi số phút thêm, từ 1 đến %(most)s.", most=MOST_EXTENSION)
    text = _reason(why, errors, "why")
    if errors:
        raise Invalid(fields=errors)
    if candidate.deadline_at is None or candidate.submitted_at is not None:
        raise Conflict(_("Chỉ thêm giờ cho người đang làm bài."))
    # From now where the time has run out meanwhile: minutes that have passed are none.
    candidate.deadline_at = max(candidate.deadline_at, clock.now()) + timedelta(minutes=more)
    _note(db, actor, sitting, candidate, "extension", text, more)


def stop(db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate, why: str) -> None:
    """End one candidate's paper: what was saved is graded and shown, and it is not passed. Raises Invalid."""
    _require_running(sitting)
    _must_be_others(actor, candidate)
    errors: dict[str, str] = {}
    text = _reason(why, errors, "why")
    if errors:
        raise Invalid(fields=errors)
    if candidate.started_at is None or candidate.submitted_at is not None:
        raise Conflict(_("Người này không có bài đang làm."))
    hand_in(db, candidate, clock.now())
    candidate.stopped_at = clock.now()
    # What waits to be marked still gets its points.
    candidate.passed = None if candidate.passed is None else False
    _note(db, actor, sitting, candidate, "stop", text)


def note_incident(
    db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate | None, text: str
) -> None:  # fmt: skip
    """What happened in the room; until the minute is signed. Raises Invalid."""
    if sitting.signed_at is not None:
        raise SittingIsClosed
    errors: dict[str, str] = {}
    said = _reason(text, errors, "text")
    if errors:
        raise Invalid(fields=errors)
    _note(db, actor, sitting, candidate, "incident", said)


def close(db: Session, sitting: ExamSitting, by: int | None) -> None:
    """End the sitting: hand in what time has ended, record who passed, tell everybody whose paper is marked. Again
    changes nothing.

    `by` is an account id. Raises StillWriting while somebody may still write.
    """
    if sitting.closed_at is not None:
        return
    people = db.scalars(
        select(ExamCandidate.person_id).where(ExamCandidate.sitting_id == sitting.id).order_by(ExamCandidate.person_id)
    ).all()
    take_turns(db, list(people))
    candidates = db.scalars(
        select(ExamCandidate).where(ExamCandidate.sitting_id == sitting.id).order_by(ExamCandidate.id)
        .with_for_update().execution_options(populate_existing=True)
    ).all()  # fmt: skip
    now = clock.now()
    writing = [one for one in candidates if one.started_at is not None and one.submitted_at is None]
    if still := sum(not is_past_waiting(one.deadline_at, now) for one in writing):
        raise StillWriting(count=still)
    for one in writing:
        hand_in_by_time(db, one)
    sitting.closed_at = now
    audit.record(db, "exam.close", "exam_sitting", sitting.id, account_id=by)
    db.flush()
    settle(db, sitting, candidates)


def overdue(db: Session) -> list[int]:
    """Sittings whose window passed some time ago and that nobody has closed."""
    ended = clock.now() - LATE
    return list(
        db.scalars(
            select(ExamSitting.id)
            .where(ExamSitting.closed_at.is_(None), ExamSitting.closes_at < ended)
            .order_by(ExamSitting.id)
        )
    )


def _require_running(sitting: ExamSitting) -> None:
    if sitting.closed_at is not None:
        raise SittingIsClosed


def _must_be_others(actor: Actor, candidate: ExamCandidate) -> None:
    if candidate.person_id in actor.records:
        raise Forbidden(_("Không ai coi sát hạch chính mình; giám thị khác sẽ làm việc này."))


def _reason(text: str, errors: dict[str, str], field: str) -> str:
    said = several_lines(text)
    if len(said) < 5:
        errors[field] = _("Hãy ghi vài chữ, ví dụ: mất điện 5 phút.")
    elif len(said) > LONGEST_NOTE:
        errors[field] = _("Dài nhất %(most)s ký tự.", most=LONGEST_NOTE)
    return said


def _note(
    db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate | None, kind: str, text: str,
    minutes: int = 0,
) -> None:  # fmt: skip
    db.add(
        ExamNote(
            sitting_id=sitting.id, candidate_id=candidate.id if candidate else None, kind=kind, minutes=minutes,
            text=text, account_id=actor.account_id, noted_at=clock.now(),
        )
    )  # fmt: skip
    audit.record(db, f"exam.{kind}", "exam_sitting", sitting.id, account_id=actor.account_id)
    db.flush()
