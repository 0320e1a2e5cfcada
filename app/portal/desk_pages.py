"""The desk of who manages a unit."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.core.errors import Forbidden, NotFound
from app.core.i18n import gettext as _
from app.core.web import Db, Me, render
from app.coverage.counting import wording
from app.coverage.rounds.opening import DECLARE
from app.portal.desk_queries import LOOK, desk_of, managed_units

router = APIRouter()


@router.get("/desk")
def desk(request: Request, actor: Me, db: Db, unit: str = "") -> Response:
    """Of the unit asked for by its code, else of the first one the reader manages."""
    if not (actor.can(DECLARE) or actor.can(LOOK)):
        raise Forbidden(_("Bàn làm việc dành cho người phụ trách đơn vị và người xem số liệu."))
    units = managed_units(db, actor)
    chosen = next((one for one in units if one.code == unit), None) if unit else next(iter(units), None)
    if chosen is None:
        raise NotFound
    page = desk_of(db, actor, chosen, units)
    tabs = [(one.name, f"/desk?unit={one.code}", one.unit_id == chosen.unit_id) for one in units]
    return render(request, "portal/desk.html", page=page, wording=wording, tabs=tabs)
