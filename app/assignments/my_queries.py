"""What a learner has been given."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment, AssignmentCommitment, AssignmentMember, AssignmentRound
from app.assignments.states import is_shown, state_on
from app.catalogue.models import Course, CourseVersion
from app.core import clock
from app.core.errors import NotFound
from app.identity.records import belongs_to
from app.identity.units.unit_queries import full_names


@dataclass(frozen=True)
class MyAssignment:
    """What I was given. `promise_asked`: a commitment is asked for and not given yet."""

    member_id: int
    course_id: int
    slug: str
    title: str
    unit_name: str
    grounds: str
    due_on: date
    state: str
    promise_asked: bool
    promised_on: date | None
    extension_reason: str


def my_assignments(db: Session, person_id: int) -> list[MyAssignment]:
    """What I was given and am not out of: of assignments not ended, the nearest day first."""
    today = clock.today()
    rows = db.execute(
        select(AssignmentMember, Assignment, Course.slug, CourseVersion.title, state_on(today), AssignmentCommitment)
        .join(AssignmentRound, AssignmentRound.id == AssignmentMember.round_id)
        .join(Assignment, Assignment.id == AssignmentRound.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .outerjoin(AssignmentCommitment, AssignmentCommitment.member_id == AssignmentMember.id)
        .where(
            belongs_to(AssignmentMember.person_id, person_id), is_shown(), Assignment.ended_at.is_(None),
            state_on(today).in_(("late", "open", "done")),
            AssignmentRound.period.in_(("", str(today.year))),
        )
        .order_by(AssignmentMember.due_on, AssignmentMember.id)
    ).all()  # fmt: skip
    if not rows:
        return []
    names = full_names(db, {assignment.unit_id for _member, assignment, *_rest in rows}, today)
    return [_mine(*row, unit_name=names[row[1].unit_id]) for row in rows]


def _mine(
    member: AssignmentMember, assignment: Assignment, slug: str, title: str, state: str,
    promise: AssignmentCommitment | None, *, unit_name: str,
) -> MyAssignment:  # fmt: skip
    return MyAssignment(
        member_id=member.id, course_id=assignment.course_id, slug=slug, title=title, unit_name=unit_name,
        grounds=assignment.grounds, due_on=member.due_on, state=state,
        promise_asked=assignment.asks_commitment and promise is None and state != "done",
        promised_on=clock.day_of(promise.committed_at) if promise else None,
        extension_reason=member.extension_reason or "",
    )  # fmt: skip


def my_assignment(db: Session, person_id: int, member_id: int) -> MyAssignment:
    """One of `my_assignments`; raises NotFound for somebody else's, or what is over."""
    found = next((one for one in my_assignments(db, person_id) if one.member_id == member_id), None)
    if found is None:
        raise NotFound
    return found
