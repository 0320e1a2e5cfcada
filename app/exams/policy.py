"""Who organises sittings, who watches, who sits them. The same clauses filter lists and decide one sitting."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.errors import Forbidden, NotFound
from app.core.i18n import gettext as _
from app.exams.models import ExamCandidate, ExamInvigilator, ExamSitting
from app.learning.policy import MARK

ORGANISE, INVIGILATE = "exam.organise", "exam.invigilate"


def organised(actor: Actor) -> ColumnElement[bool]:
    """Held by a unit one organises exams for."""
    return ExamSitting.unit_id.in_(actor.units_with(ORGANISE))


def watched(actor: Actor) -> ColumnElement[bool]:
    """Held by a unit one invigilates for, or by name."""
    named = select(ExamInvigilator.sitting_id).where(ExamInvigilator.account_id == actor.account_id)
    return or_(ExamSitting.unit_id.in_(actor.units_with(INVIGILATE)), ExamSitting.id.in_(named))


def marked(actor: Actor) -> ColumnElement[bool]:
    """Held by a unit one marks for; whoever organises or watches need not be able to."""
    return ExamSitting.unit_id.in_(actor.units_with(MARK))


def find_marked(db: Session, actor: Actor, sitting_id: int, *, to_change: bool = False) -> ExamSitting:
    """One whose papers the actor may mark; else NotFound. `to_change` as for `find_sitting`."""
    query = select(ExamSitting).where(ExamSitting.id == sitting_id, marked(actor))
    sitting = db.scalars(query.with_for_update() if to_change else query).one_or_none()
    if sitting is None:
        raise NotFound
    return sitting


def find_sitting(db: Session, actor: Actor, sitting_id: int, *, to_change: bool = False) -> ExamSitting:
    """One the actor organises or watches; else NotFound. `to_change` keeps others waiting until the end of this."""
    query = select(ExamSitting).where(ExamSitting.id == sitting_id, or_(organised(actor), watched(actor)))
    sitting = db.scalars(query.with_for_update() if to_change else query).one_or_none()
    if sitting is None:
        raise NotFound
    return sitting


def organises(db: Session, actor: Actor, sitting: ExamSitting) -> bool:
    return db.scalar(select(ExamSitting.id).where(ExamSitting.id == sitting.id, organised(actor))) is not None


def find_organised(db: Session, actor: Actor, sitting_id: int) -> ExamSitting:
    """One to change as its organiser; Forbidden for who only watches."""
    sitting = find_sitting(db, actor, sitting_id, to_change=True)
    if not organises(db, actor, sitting):
        raise Forbidden(_("Việc này do người tổ chức buổi sát hạch làm."))
    return sitting


def may_mark(db: Session, actor: Actor, sitting: ExamSitting) -> bool:
    return db.scalar(select(ExamSitting.id).where(ExamSitting.id == sitting.id, marked(actor))) is not None


def find_candidate(
    db: Session, sitting: ExamSitting, candidate_id: int, *, to_change: bool = False
) -> ExamCandidate:  # fmt: skip
    """One on the list of this sitting, else NotFound."""
    candidate = db.get(ExamCandidate, candidate_id, with_for_update=to_change or None)
    if candidate is None or candidate.sitting_id != sitting.id:
        raise NotFound
    return candidate


def own_candidacy(
    db: Session, actor: Actor, sitting_id: int, *, to_change: bool = False
) -> tuple[ExamSitting, ExamCandidate]:  # fmt: skip
    """One's own place in a sitting; NotFound for who is not on the list."""
    query = (
        select(ExamSitting, ExamCandidate)
        .join(ExamCandidate, ExamCandidate.sitting_id == ExamSitting.id)
        .where(ExamSitting.id == sitting_id, ExamCandidate.person_id.in_(actor.records))
        .order_by(ExamCandidate.entered_at.is_(None), ExamCandidate.id)
        .limit(1)
    )
    if to_change:
        # The sitting is only looked at: a room full of people may save at once. Who closes it locks every candidate.
        query = query.with_for_update(of=ExamCandidate)
    row = db.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]
