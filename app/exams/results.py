"""What follows from a paper that is handed in and marked, once its sitting is closed."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.catalogue.queries import course_version
from app.core import clock
from app.core.i18n import lazy
from app.core.templating import format_percent
from app.exams.models import ExamCandidate, ExamSitting
from app.learning.completions import Learned, record_completions
from app.learning.service import meet_part
from app.notices.service import notify


def settle(db: Session, sitting: ExamSitting, candidates: Sequence[ExamCandidate], marked_as: int = 0) -> None:
    """Record who passed, and tell the results; nothing for a paper that waits to be marked.

    `marked_as`: the marking that changed a result told before, which is told anew.
    """
    _record_passes(db, sitting, [one for one in candidates if one.passed])
    for one in candidates:
        if one.passed is not None:
            _tell_result(db, sitting, one, f":{marked_as}" if marked_as else "")


def _record_passes(db: Session, sitting: ExamSitting, passed: Sequence[ExamCandidate]) -> None:
    course, occasion = course_version(db, sitting.course_version_id), f"exam:{sitting.id}"
    learned = []
    for one in passed:
        assert one.submitted_at is not None
        assert one.result is not None
        day = clock.day_of(one.submitted_at)
        if course.completion.is_exam_only_a_part:
            meet_part(
                db, person_id=one.person_id, course_id=course.course_id, kind="exam", occasion=occasion, met_on=day
            )  # fmt: skip
        else:
            learned.append(Learned(one.person_id, course.version_id, "exam", day, occasion, one.result["percent"]))
    record_completions(db, learned)


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
