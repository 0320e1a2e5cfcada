"""Who may assign where, and whose place in an assignment one may see or change."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment, AssignmentMember, AssignmentRound
from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Forbidden, NotFound
from app.core.i18n import lazy as _
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

PERMISSION = "learning.assign"


def my_members(actor: Actor) -> ColumnElement[bool]:
    """Members in a unit the actor assigns in."""
    return AssignmentMember.unit_id.in_(actor.units_with(PERMISSION))


def visible_assignments(actor: Actor) -> ColumnElement[bool]:
    """Given in a unit of the actor's, or given above and asking somebody of theirs."""
    asking = (
        select(AssignmentRound.assignment_id)
        .join(AssignmentMember, AssignmentMember.round_id == AssignmentRound.id)
        .where(my_members(actor))
    )
    return or_(Assignment.unit_id.in_(actor.units_with(PERMISSION)), Assignment.id.in_(asking))


def visible_assignment(db: Session, actor: Actor, assignment_id: int) -> Assignment:
    """Raises NotFound."""
    found = db.scalars(select(Assignment).where(Assignment.id == assignment_id, visible_assignments(actor))).first()
    if found is None:
        raise NotFound
    return found


def is_owner(db: Session, actor: Actor, assignment: Assignment) -> bool:
    """Whether it was given in a unit of the actor's, not above."""
    return _within(db, actor, assignment.unit_id)


def owned_assignment(db: Session, actor: Actor, assignment_id: int) -> Assignment:
    """Raises NotFound for what one cannot see, Forbidden for what a unit above has given."""
    found = visible_assignment(db, actor, assignment_id)
    if not is_owner(db, actor, found):
        raise Forbidden(_("Việc này do đơn vị cấp trên giao; chỉ đơn vị giao mới thay đổi được."))
    return found


def my_member(db: Session, actor: Actor, assignment_id: int, member_id: int) -> AssignmentMember:
    """Raises NotFound for anybody outside of the actor's units."""
    found = db.scalars(
        select(AssignmentMember)
        .join(AssignmentRound)
        .where(
            AssignmentMember.id == member_id, AssignmentRound.assignment_id == assignment_id, my_members(actor)
        )
    ).first()  # fmt: skip
    if found is None:
        raise NotFound
    return found


def assigning_unit(db: Session, actor: Actor, unit_id: int) -> UnitOnDay:
    """The unit, if the actor may assign in it; raises NotFound."""
    if not _within(db, actor, unit_id):
        raise NotFound
    unit = unit_queries.unit_by_id(db, unit_id, clock.today())
    if unit is None:
        raise NotFound
    return unit


def granting_unit(db: Session, actor: Actor, unit_id: int) -> int:
    """In whose name the actor assigns in a unit: the highest of theirs above it; raises NotFound if there is none."""
    found = db.scalar(
        select(UnitClosure.ancestor_id)
        .where(
            UnitClosure.descendant_id == unit_id,
            UnitClosure.ancestor_id.in_(actor.grants.get(PERMISSION, frozenset())),
            UnitClosure.carried != "before", closure_on(clock.today()),
        )
        .order_by(UnitClosure.depth.desc())
        .limit(1)
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found


def _within(db: Session, actor: Actor, unit_id: int) -> bool:
    reached = actor.units_with(PERMISSION).subquery()
    return db.scalar(select(reached.c.descendant_id).where(reached.c.descendant_id == unit_id).limit(1)) is not None
