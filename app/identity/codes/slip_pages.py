"""Slips for a first sign-in: asking for those of a unit or for one person's, and taking them away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.attachments import PDF, attachment
from app.core.errors import Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Files, Response, RowId, having, redirect, render
from app.identity.codes.one_time_codes import KINDS
from app.identity.codes.slips import SheetView, order_slips, order_unit_slips, read_sheet, sheets_of
from app.identity.people.post_queries import visible_person
from app.identity.policy import MANAGE
from app.identity.units.units_named import UnknownUnit, unit_named

router = APIRouter()

Manager = Annotated[Actor, having(MANAGE)]


@dataclass(frozen=True)
class SlipsPage:
    sheets: list[SheetView]
    days: int  # how long a slip holds
    unit: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/people/slips")
def slips(request: Request, actor: Manager, db: Db, unit: str = "") -> Response:
    return _page(request, db, actor, unit[:300])


@router.post("/people/slips")
def order(request: Request, actor: Manager, db: Db, unit: Annotated[str, Form(max_length=300)] = "") -> Response:
    try:
        order_unit_slips(db, actor, unit_named(db, actor, MANAGE, unit))
    except UnknownUnit as error:
        return _page(request, db, actor, unit, {"unit": str(error)})
    except Invalid as error:
        return _page(request, db, actor, unit, error.fields)
    return _ordered(request)


@router.post("/people/{ref}/slip")
def order_one(request: Request, actor: Manager, db: Db, ref: str) -> Response:
    """For one person, as for somebody just added."""
    person = visible_person(db, actor, ref, MANAGE)
    try:
        order_slips(db, actor, [person.id], person.name)
    except Invalid as error:
        raise Conflict(error.fields["unit"]) from error
    return _ordered(request)


@router.get("/people/slips/{sheet_id}.pdf")
def slips_file(actor: Manager, db: Db, files: Files, sheet_id: RowId) -> Response:
    return attachment(read_sheet(db, files, actor, sheet_id), "phieu-dang-nhap.pdf", PDF)


def _ordered(request: Request) -> Response:
    said = _("Đang làm phiếu. Tệp hiện ở danh sách bên dưới khi xong.")
    return redirect(request, "/people/slips", flash=("ok", said))


def _page(request: Request, db: Session, actor: Actor, unit: str, errors: Mapping[str, str] | None = None) -> Response:
    page = SlipsPage(sheets_of(db, actor), KINDS["slip"].holds.days, unit, errors or {})
    return render(request, "identity/slips.html", status=422 if errors else 200, fragment="made", page=page)
