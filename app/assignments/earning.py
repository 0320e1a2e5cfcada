"""Which completion fulfils a round: pure reading, the same for a single completion and for a whole list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment, AssignmentRound
from app.catalogue.models import Course, CourseVersion
from app.core import clock
from app.identity.records import shown_as
from app.learning.models import Completion, CompletionAnnulment

_CHUNK = 500


@dataclass(frozen=True)
class Earned:
    completion_id: int
    completed_on: date


def earned(db: Session, round_: AssignmentRound, person_ids: Collection[int]) -> dict[int, Earned]:
    """Person id -> the earliest completion that fulfils the round, for those who have one, under whichever record."""
    found: dict[int, Earned] = {}
    shown = shown_as(db, person_ids)
    ids = sorted(shown)
    for at in range(0, len(ids), _CHUNK):
        rows = db.execute(
            select(Completion.person_id, Completion.id, Completion.completed_on)
            .where(Completion.person_id.in_(ids[at : at + _CHUNK]), _fulfils(db, round_))
            .order_by(Completion.completed_on, Completion.id)
        )
        for person_id, completion_id, completed_on in rows:
            found.setdefault(shown[person_id], Earned(completion_id, completed_on))
    return {person_id: found[shown[person_id]] for person_id in person_ids if shown[person_id] in found}


def _fulfils(db: Session, round_: AssignmentRound) -> ColumnElement[bool]:
    assignment = round_.assignment
    clauses = [
        _of_course(db, assignment),
        ~exists().where(CompletionAnnulment.completion_id == Completion.id),
        # What has run out fulfils nothing any more; what runs out later did.
        or_(Completion.valid_until.is_(None), Completion.valid_until >= min(clock.today(), round_.due_on)),
    ]
    if round_.counts_from:
        clauses.append(Completion.completed_on >= round_.counts_from)
    if round_.counts_until:
        clauses.append(Completion.completed_on <= round_.counts_until)
    return and_(*clauses)


def _of_course(db: Session, assignment: Assignment) -> ColumnElement[bool]:
    this = Completion.course_id == assignment.course_id
    if not assignment.counts_programme:
        return this
    programme = db.scalar(
        select(CourseVersion.programme_code)
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(Course.id == assignment.course_id)
    )
    if programme is None:
        return this
    versions = select(CourseVersion.id).where(CourseVersion.programme_code == programme)
    return or_(this, Completion.programme_code == programme, Completion.course_version_id.in_(versions))
