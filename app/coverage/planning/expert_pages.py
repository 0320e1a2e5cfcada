"""The register of experts; contacts are shown to whoever keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.programmes import plans
from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.table_files import Table, download
from app.core.tables import Column
from app.core.text import nfc
from app.core.web import Db, RowId, redirect, render
from app.coverage.planning import experts
from app.coverage.planning.experts import ExpertRow, Wanted
from app.coverage.planning.plan_pages import Manager, Planner, Text
from app.coverage.planning.policy import MANAGE

router = APIRouter()


class ExpertForm(StrippedForm):
    """An expert as typed."""

    who: str = ""
    name: str = ""
    field: str = ""
    workplace: str = ""
    contact: str = ""
    task: str = ""
    source: str = ""
    started_on: str = ""
    ended_on: str = ""


@dataclass(frozen=True)
class ExpertsPage:
    rows: list[ExpertRow]
    now: int
    query: str
    form: ExpertForm
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/experts")
def register(request: Request, db: Db, actor: Planner, q: str = "") -> Response:
    return _show(request, db, actor, ExpertForm(started_on=clock.today().isoformat()), query=nfc(q)[:100])


@router.get("/experts/table.{format}")
def register_file(db: Db, actor: Manager, format: str) -> Response:
    """The register with its contacts."""
    columns = (
        Column(_("Họ và tên"), width=26, name="name"), Column(_("Lĩnh vực"), width=30, name="field"),
        Column(_("Nơi công tác"), width=36, name="workplace"), Column(_("Nhiệm vụ giảng dạy"), width=18, name="task"),
        Column(_("Liên hệ"), width=30, name="contact"), Column(_("Văn bản xác nhận"), width=50, name="source"),
        Column(_("Từ ngày"), "date", 12, name="from"), Column(_("Đến ngày"), "date", 12, name="to"),
    )  # fmt: skip
    rows = [
        (
            one.name, one.row.field, one.row.workplace, one.row.programme_code, one.contact, one.row.source,
            one.row.started_on, one.row.ended_on,
        )
        for one in experts.expert_rows(db, clock.today(), with_contact=True)
    ]  # fmt: skip
    return download(Table(_("Chuyên gia"), (), columns, rows), format, "hocso-chuyen-gia")


@router.post("/experts")
def add(request: Request, db: Db, actor: Manager, form: Annotated[ExpertForm, Form()]) -> Response:
    started_on = clock.parse_day(form.started_on)
    ended_on = clock.parse_day(form.ended_on) if form.ended_on else None
    errors = {}
    if started_on is None:
        errors["started_on"] = not_a_day(form.started_on)
    if form.ended_on and ended_on is None:
        errors["ended_on"] = not_a_day(form.ended_on)
    try:
        if errors or started_on is None:
            raise Invalid(fields=errors)
        experts.add(
            db, actor,
            Wanted(
                form.who, form.name, form.field, form.workplace, form.contact, form.task, form.source, started_on,
                ended_on,
            ),
        )  # fmt: skip
    except Invalid as error:
        return _show(request, db, actor, form, errors=error.fields)
    return redirect(request, "/experts", flash=("ok", _("Đã ghi vào sổ chuyên gia.")))


@router.post("/experts/{expert_id}/end")
def end(request: Request, db: Db, actor: Manager, expert_id: RowId, last_on: Text = "") -> Response:
    day = clock.parse_day(last_on)
    try:
        if day is None:
            raise Invalid(fields={"ended_on": not_a_day(last_on)})
        experts.end(db, actor, expert_id, day)
    except Invalid as error:
        return redirect(request, "/experts", flash=("error", next(iter(error.fields.values()))))
    return redirect(request, "/experts", flash=("ok", _("Đã ghi ngày cuối.")))


def _show(
    request: Request, db: Session, actor: Actor, form: ExpertForm, *, query: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    rows = experts.expert_rows(db, clock.today(), query, with_contact=actor.can(MANAGE))
    page = ExpertsPage(rows, experts.count_on(db, clock.today()), query, form, errors or {})
    tasks = [(task.code, f"{task.task_no}. {task.title}") for task in plans()]
    status = 422 if errors else 200
    return render(request, "coverage/planning/experts.html", status=status, page=page, tasks=tasks)
