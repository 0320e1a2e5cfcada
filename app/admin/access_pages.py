"""The access log: who came when from where, to look through and to take away."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Forbidden
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.table_files import Table, download
from app.core.tables import Cell, Column
from app.core.templating import format_date, format_number
from app.core.web import Databases, Db, having, render
from app.identity.policy import sees_every_post
from app.identity.sign_in.access_queries import AccessChoice, AccessRow, accesses, count_accesses

router = APIRouter()

Auditor = Annotated[Actor, having("audit.view")]

KINDS = {
    "sign_in": lazy("đăng nhập"), "failed": lazy("đăng nhập không được"), "sign_out": lazy("đăng xuất"),
    "use": lazy("sử dụng"), "api": lazy("phần mềm đọc"),
}  # fmt: skip
_PER_PAGE = 50
_SHOWN_DAYS = 7
# A file is made while the browser waits: so many take about three seconds.
MOST_ROWS = 50_000


class ChoiceForm(StrippedForm):
    """As typed; days as browsers and people write them."""

    who: str = Field("", max_length=120)
    address: str = Field("", max_length=60)
    first: str = Field("", max_length=10)
    last: str = Field("", max_length=10)
    kind: str = Field("", max_length=10)
    format: str = Field("xlsx", pattern="^(csv|xlsx)$")


@dataclass(frozen=True)
class AccessPage:
    """`form` is what was typed, filled up with the days that are shown."""

    form: ChoiceForm
    rows: list[AccessRow]
    total: int
    page: int
    pages: int
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def filters(self) -> dict[str, str]:
        return self.form.model_dump(exclude={"format"})

    @property
    def address(self) -> str:
        """Up to the number of a page."""
        return f"/admin/access?{urlencode(self.filters | {'page': ''})}"


@router.get("/admin/access")
def access_log(
    request: Request, db: Db, actor: Auditor, who: str = "", address: str = "", first: str = "", last: str = "",
    kind: str = "", page: int = 1,
) -> Response:  # fmt: skip
    form = ChoiceForm(who=who[:120], address=address[:60], first=first[:10], last=last[:10], kind=kind[:10])
    _require_everybody(db, actor)
    shown = _page(db, form, page)
    return render(request, "admin/access.html", status=422 if shown.errors else 200, page=shown, kinds=KINDS)


@router.post("/admin/access/file")
def access_file(
    request: Request, databases: Databases, actor: Auditor, form: Annotated[ChoiceForm, Form()]
) -> Response:
    """The chosen accesses as a file; that they were taken away stands in the audit."""
    with databases.reading() as db:
        _require_everybody(db, actor)
        choice, errors = _choice(form)
        count = count_accesses(db, choice)
        if errors or count > MOST_ROWS:
            problem = "" if errors else _too_many(count)
            return render(
                request, "admin/access.html", status=422, page=_page(db, form, 1, problem=problem), kinds=KINDS
            )
        response = download(_table(db, choice), form.format, f"nhat-ky-truy-cap-{choice.first}-{choice.last}")
    with databases.writing() as db:
        audit.record(
            db, "access.export", "access_entry", f"{choice.first}..{choice.last}", account_id=actor.account_id,
            count=count,
        )  # fmt: skip
    return response


def _require_everybody(db: Session, actor: Actor) -> None:
    """The log names people of the whole province: it is for who answers for all of them."""
    if not sees_every_post(db, actor, "audit.view"):
        raise Forbidden(_("Nhật ký truy cập là của cả tỉnh: chỉ người có vai ở cấp tỉnh được xem."))


def _page(db: Session, form: ChoiceForm, page: int, *, problem: str = "") -> AccessPage:
    choice, errors = _choice(form)
    form = form.model_copy(
        update={"first": form.first or choice.first.isoformat(), "last": form.last or choice.last.isoformat()}
    )
    if errors:
        return AccessPage(form, [], 0, 1, 1, errors)
    total = count_accesses(db, choice)
    pages = max(1, -(-total // _PER_PAGE))
    page = min(max(page, 1), pages)
    rows = list(accesses(db, choice, limit=_PER_PAGE, skip=(page - 1) * _PER_PAGE))
    return AccessPage(form, rows, total, page, pages, problem=problem)


def _choice(form: ChoiceForm) -> tuple[AccessChoice, dict[str, str]]:
    """Without days: the last seven. Errors by field."""
    errors = {}
    last = clock.parse_day(form.last) if form.last else clock.today()
    if last is None:
        errors["last"] = _("Hãy ghi ngày như 21/11/2026.")
        last = clock.today()
    first = clock.parse_day(form.first) if form.first else last - timedelta(days=_SHOWN_DAYS - 1)
    if first is None:
        errors["first"] = _("Hãy ghi ngày như 21/11/2026.")
        first = last
    elif first > last:
        errors["first"] = _("Ngày đầu phải trước hoặc bằng ngày cuối.")
    kind = form.kind if form.kind in KINDS else ""
    return AccessChoice(first, last, form.who, form.address, kind), errors


def _too_many(count: int) -> str:
    return _(
        "Một tệp chứa nhiều nhất %(most)s dòng, ở đây có %(count)s. Hãy chọn ít ngày hơn hoặc thêm điều kiện.",
        most=format_number(MOST_ROWS), count=format_number(count),
    )  # fmt: skip


def _table(db: Session, choice: AccessChoice) -> Table:
    columns = (
        Column(_("Lúc"), width=20), Column(_("Việc"), width=20), Column(_("Số tài khoản"), "int", 12),
        Column(_("Tên đăng nhập"), width=18), Column(_("Họ và tên"), width=26), Column(_("Địa chỉ mạng"), width=24),
        Column(_("Cổng"), "int", 8),
    )  # fmt: skip
    note = _(
        "Nhật ký truy cập từ %(first)s đến %(last)s, giờ Việt Nam.",
        first=format_date(choice.first), last=format_date(choice.last),
    )  # fmt: skip
    return Table(_("Nhật ký truy cập"), (note,), columns, _cells(db, choice))


def _cells(db: Session, choice: AccessChoice) -> Iterator[tuple[Cell, ...]]:
    for row in accesses(db, choice, limit=MOST_ROWS):
        kind = str(KINDS[row.kind]) if row.kind in KINDS else row.kind
        yield row.at, kind, row.account_id, row.username, row.name, row.address, row.port
