"""Where a sitting and a candidate stand: pure functions of the server's clock."""

from datetime import datetime, timedelta
from typing import Literal

from app.exams.models import ExamCandidate, ExamSitting

SittingState = Literal["planned", "open", "over", "closed", "signed"]
CandidateState = Literal["listed", "entered", "checked", "writing", "handed_in", "stopped", "absent"]


def state_of(sitting: ExamSitting, now: datetime) -> SittingState:
    """`over`: the window has passed, and nobody has closed the sitting yet."""
    if sitting.signed_at is not None:
        return "signed"
    if sitting.closed_at is not None:
        return "closed"
    if now < sitting.opens_at:
        return "planned"
    return "open" if now < sitting.closes_at else "over"


def candidate_state(candidate: ExamCandidate, *, is_closed: bool) -> CandidateState:
    if candidate.stopped_at is not None:
        return "stopped"
    if candidate.submitted_at is not None:
        return "handed_in"
    if candidate.started_at is not None:
        return "writing"
    if is_closed:
        return "absent"
    if candidate.checked_at is not None and candidate.entered_at is not None:
        return "checked"
    return "entered" if candidate.entered_at is not None else "listed"


def deadline(sitting: ExamSitting, started_at: datetime) -> datetime:
    """The minutes of the sitting from the start, and never later than its end."""
    return min(started_at + timedelta(minutes=sitting.minutes), sitting.closes_at)
