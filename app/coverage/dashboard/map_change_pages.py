"""What the mergers did to the figures, for readers."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.core import clock
from app.core.i18n import gettext as _
from app.core.web import Db, Me, render
from app.coverage.dashboard.map_changes import districts_of, map_days

router = APIRouter()


@router.get("/coverage/reorganisations")
def reorganisations(request: Request, db: Db, actor: Me) -> Response:
    """The days the map changed, how figures are carried across them, and the former districts as a grouping."""
    kinds = {
        "province": _("tỉnh, thành phố"), "district": _("đơn vị cấp huyện"), "commune": _("xã, phường"),
        "agency": _("sở, cơ quan"),
    }  # fmt: skip
    return render(
        request,
        "coverage/reorganisations.html",
        days=map_days(db),
        districts=districts_of(db, clock.today()),
        kinds=kinds,
    )
