"""The keys by which a unit's programs read its tables: made, seen once, withdrawn."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import clock
from app.core.access import Actor
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.web import Db, RowId, having, redirect, render
from app.coverage.exports.export_pages import TITLES
from app.coverage.exports.records import NAMES
from app.coverage.exports.tokens import TERMS, TokenRow, make_token, reaches, tokens_of, withdraw_token
from app.identity.units import unit_queries

router = APIRouter()

Keeper = Annotated[Actor, having(NAMES)]


class TokenForm(StrippedForm):
    name: str = Field("", max_length=80)
    unit: str = Field("", max_length=40)
    scopes: list[str] = Field([], max_length=10)
    days: int = TERMS[1]


@dataclass(frozen=True)
class TokensPage:
    rows: list[TokenRow]
    form: TokenForm
    titles: dict[str, str]
    terms: list[tuple[int, str]]
    errors: dict[str, str]
    # The key just made: the only time it is shown.
    token: str = ""


@router.get("/api-tokens")
def tokens(request: Request, db: Db, actor: Keeper) -> Response:
    return render(request, "coverage/api_tokens.html", page=_page(db, actor, TokenForm()))


@router.post("/api-tokens")
def make(request: Request, db: Db, actor: Keeper, form: Annotated[TokenForm, Form()]) -> Response:
    """Answers with the page that shows the key: it is nowhere else, not even in a cookie."""
    unit = unit_queries.unit_on(db, form.unit, clock.today()) if form.unit else None
    errors = {}
    if not form.name:
        errors["name"] = _("Hãy ghi khóa này dùng để làm gì.")
    if unit is None or not reaches(db, actor, unit.unit_id):
        errors["unit"] = _("Hãy ghi mã một đơn vị anh/chị phụ trách.")
    if not form.scopes or set(form.scopes) - set(TITLES):
        errors["scopes"] = _("Hãy chọn ít nhất một bảng.")
    if form.days not in TERMS:
        errors["days"] = _("Hãy chọn thời hạn trong danh sách.")
    if errors or unit is None:
        return render(request, "coverage/api_tokens.html", status=422, page=_page(db, actor, form, errors))
    token = make_token(db, actor, name=form.name, unit_id=unit.unit_id, scopes=form.scopes, days=form.days)
    return render(request, "coverage/api_tokens.html", page=_page(db, actor, TokenForm(), token=token))


@router.post("/api-tokens/{token_id}/withdraw")
def withdraw(request: Request, db: Db, actor: Keeper, token_id: RowId) -> Response:
    withdraw_token(db, actor, token_id)
    return redirect(
        request, "/api-tokens", flash=("ok", _("Đã thu hồi khóa. Phần mềm dùng khóa ấy không đọc được nữa."))
    )


def _page(
    db: Session, actor: Actor, form: TokenForm, errors: dict[str, str] | None = None, token: str = ""
) -> TokensPage:
    return TokensPage(
        tokens_of(db, actor), form, {name: str(title) for name, title in TITLES.items()},
        [(days, _("%(count)s ngày", count=days)) for days in TERMS], errors or {}, token,
    )  # fmt: skip
