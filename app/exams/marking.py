"""What a marker does: give an answer of an exam its points by the rubric, or correct them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import several_lines
from app.exams.models import ExamCandidate, ExamMarking, ExamSitting
from app.exams.results import settle
from app.identity.taking_turns import take_turns
from app.learning.marking import credit_of, read_points
from app.learning.marking_queries import essay_of
from app.learning.quizzes import grade_paper


class MarkIsFinal(Conflict):
    title = lazy("Điểm không sửa được nữa")
    text = lazy("Biên bản đã khóa, hoặc thí sinh đã được báo đạt và tính hoàn thành; điểm bài này không sửa được nữa.")


def mark(
    db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate, question_id: str, points: Sequence[str],
    comment: str,
) -> ExamMarking:  # fmt: skip
    """Mark one answer, or correct its mark: a row of its own. The paper is graded anew; once the sitting is closed and
    all of the paper is marked, its result follows.

    Raises as learning.marking.mark does, and MarkIsFinal once the minute is signed or a pass was told.
    """
    if candidate.person_id in actor.records:
        raise Forbidden(_("Không ai chấm bài của chính mình; người chấm khác sẽ làm việc này."))
    if sitting.signed_at is not None or (sitting.closed_at is not None and candidate.passed):
        raise MarkIsFinal
    assert candidate.paper is not None
    question = essay_of(candidate.paper, candidate.answers, question_id)
    given = read_points(question, points, comment)
    take_turns(db, [candidate.person_id])
    was_told = candidate.passed is not None
    marking = ExamMarking(
        candidate_id=candidate.id, question_id=question_id, points=given, credit=credit_of(question, given),
        comment=several_lines(comment), account_id=actor.account_id, marked_at=clock.now(),
    )  # fmt: skip
    db.add(marking)
    db.flush()
    audit.record(db, "exam.mark", "exam_candidate", candidate.id, account_id=actor.account_id, question=question_id)
    result = grade_paper(candidate.paper, candidate.answers, _latest(db, candidate.id))
    candidate.result = result
    candidate.passed = False if result["passed"] and candidate.stopped_at is not None else result["passed"]
    db.flush()
    if sitting.closed_at is not None:
        settle(db, sitting, [candidate], marking.id if was_told else 0)
    return marking


def _latest(db: Session, candidate_id: int) -> dict[str, float]:
    rows = db.execute(
        select(ExamMarking.question_id, ExamMarking.credit)
        .where(ExamMarking.candidate_id == candidate_id)
        .order_by(ExamMarking.id)
    )
    return dict(rows.all())
