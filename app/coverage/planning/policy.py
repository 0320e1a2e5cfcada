"""Who may see and do what in the year's plan."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.coverage.planning.models import PlanYear
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

# For a unit: see its part of the plan, say what it needs, nominate, log broadcasts.
UNIT = "plan.unit"
# For the province: open, share out, approve, money, experts.
MANAGE = "plan.manage"


def visible_plans(actor: Actor) -> ColumnElement[bool]:
    """Units see a plan once it asks them for their needs."""
    return PlanYear.year.is_not(None) if actor.can(MANAGE) else PlanYear.state != "draft"


def find_plan(db: Session, actor: Actor, year: int, *, to_change: bool = False) -> PlanYear:
    """Raises NotFound."""
    query = select(PlanYear).where(PlanYear.year == year, visible_plans(actor))
    found = db.scalar(query.with_for_update() if to_change else query)
    if found is None:
        raise NotFound(_("Chưa có kế hoạch của năm này."))
    return found


def unit_in_care(db: Session, actor: Actor, code: str) -> UnitOnDay:
    """The unit of today that bears the code, of the actor's `plan.unit`; without a code the one they look after.

    Raises NotFound.
    """
    code = code.strip()
    if not code:
        own = unit_queries.units_by_id(db, actor.grants.get(UNIT, frozenset()), clock.today()).values()
        unit = next(iter(unit_queries.in_order(own)), None)
    else:
        unit = unit_queries.unit_on(db, code, clock.today())
    if unit is None or not reaches(db, actor, unit.unit_id):
        raise NotFound(_("Không có đơn vị nào như vậy trong phạm vi của anh/chị."))
    return unit


def reaches(db: Session, actor: Actor, unit_id: int) -> bool:
    reached = actor.units_with(UNIT).subquery()
    return db.scalar(select(reached.c.descendant_id).where(reached.c.descendant_id == unit_id).limit(1)) is not None
