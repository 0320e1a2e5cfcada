"""What follows from a paper that is handed in and marked, once its sitting is closed."""

from sqlalchemy.orm import Session

from app.catalogue.queries import course_version
from app.core import clock
from app.core.i18n import lazy
from app.core.templating import format_percent
from app.exams.models import ExamCandidate, ExamSitting
from app.learning.completions import record_completion
from app.learning.service import meet_part
from app.notices.service import notify


def settle(db: Session, sitting: ExamSitting, candidate: ExamCandidate, marked_as: int = 0) -> None:
    """Record who passed, and tell the result; nothing while the paper waits to be marked.

    `marked_as`: the marking that changed a result told before, which is told anew.
    """
    if candidate.passed is None:
        return
    if candidate.passed:
        _record_pass(db, sitting, candidate)
    _tell_result(db, sitting, candidate, f":{marked_as}" if marked_as else "")


def _record_pass(db: Session, sitting: ExamSitting, candidate: ExamCandidate) -> None:
    course, occasion = course_version(db, sitting.course_version_id), f"exam:{sitting.id}"
    assert candidate.submitted_at is not None
    assert candidate.result is not None
    day = clock.day_of(candidate.submitted_at)
    if course.completion.is_exam_only_a_part:
        meet_part(
            db, person_id=candidate.person_id, course_id=course.course_id, kind="exam", occasion=occasion, met_on=day
        )  # fmt: skip
    else:
        record_completion(
            db, person_id=candidate.person_id, course_version_id=sitting.course_version_id, how="exam",
            completed_on=day, occasion=occasion, score_percent=candidate.result["percent"],
        )  # fmt: skip


def _tell_result(db: Session, sitting: ExamSitting, candidate: ExamCandidate, again: str) -> None:
    assert candidate.result is not None
    sentence = (
        lazy("Kết quả sát hạch “%(title)s”: %(percent)s, đạt.")
        if candidate.passed
        else lazy("Kết quả sát hạch “%(title)s”: %(percent)s, chưa đạt.")
    )
    notify(
        db, [candidate.person_id], category="result", key=f"exam-result:{candidate.id}{again}", sentence=sentence,
        url=f"/my/exams/{sitting.id}", title=sitting.title,
        percent=format_percent(candidate.result["percent"] / 100),
    )  # fmt: skip
