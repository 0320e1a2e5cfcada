"""The log of broadcasts and campaigns: the list with its sums, entering one, taking one back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.table_files import Table, download
from app.core.tables import Column
from app.core.templating import format_date
from app.core.text import whole
from app.core.web import Databases, Db, Files, RowId, redirect, render
from app.coverage.planning import campaigns
from app.coverage.planning.campaigns import KINDS, PER_PAGE, Activity, ActivityRow, Asked, Sum
from app.coverage.planning.needs import people_typed
from app.coverage.planning.papers import kept_paper, send_paper
from app.coverage.planning.plan_pages import Planner, Text
from app.coverage.planning.policy import unit_in_care

router = APIRouter()

_MOST_ROWS = 50_000


class ActivityForm(StrippedForm):
    """An activity as typed."""

    task: str = ""
    kind: str = ""
    title: str = ""
    unit: str = ""
    first_on: str = ""
    last_on: str = ""
    times: str = "1"
    reached: str = ""
    link: str = ""


@dataclass(frozen=True)
class ListPage:
    """`unit` is as typed; `query` carries all that was asked in links."""

    asked: Asked
    unit: str
    rows: list[ActivityRow]
    total: int
    page: int
    by_task: list[Sum]
    by_unit: list[Sum]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))

    @property
    def query(self) -> str:
        return urlencode({
            "first": self.asked.first.isoformat(), "last": self.asked.last.isoformat(), "task": self.asked.task,
            "kind": self.asked.kind, "unit": self.unit,
        })  # fmt: skip


@dataclass(frozen=True)
class FormPage:
    form: ActivityForm
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/campaigns")
def activities(
    request: Request, db: Db, actor: Planner, first: str = "", last: str = "", task: str = "", kind: str = "",
    unit: str = "", page: int = 1,
) -> Response:  # fmt: skip
    asked = _asked(db, actor, first, last, task, kind, unit)
    page = max(page, 1)
    rows, total = campaigns.activity_rows(db, actor, asked, min(page, 1_000_000))
    found = ListPage(
        asked, unit, rows, total, page, campaigns.sums_by_task(db, actor, asked),
        campaigns.sums_by_unit(db, actor, asked),
    )  # fmt: skip
    return render(request, "coverage/planning/campaigns.html", page=found, kinds=KINDS, tasks=_tasks())


@router.get("/campaigns/table.{format}")
def activities_file(
    db: Db, actor: Planner, format: str, first: str = "", last: str = "", task: str = "", kind: str = "",
    unit: str = "",
) -> Response:  # fmt: skip
    """The same rows as a file."""
    asked = _asked(db, actor, first, last, task, kind, unit)
    rows, _total = campaigns.activity_rows(db, actor, asked, 1, _MOST_ROWS)
    columns = (
        Column(_("Nhiệm vụ"), width=18, name="programme"), Column(_("Hình thức"), width=28, name="kind"),
        Column(_("Nội dung"), width=60, name="title"), Column(_("Đơn vị"), width=36, name="unit_name"),
        Column(_("Từ ngày"), "date", 12, name="first_on"), Column(_("Đến ngày"), "date", 12, name="last_on"),
        Column(_("Số lần"), "int", 10, name="times"),
        Column(_("Số người tiếp cận (đơn vị tự khai)"), "int", 16, name="reached_declared"),
        Column(_("Đường dẫn"), width=40, name="link"), Column(_("Có tệp kèm"), width=12, name="has_file"),
    )  # fmt: skip
    cells = [
        (
            one.row.programme_code, str(KINDS[one.row.kind]), one.row.title, one.unit_name, one.row.first_on,
            one.row.last_on, one.row.times, one.row.reached, one.row.link,
            _("có") if one.row.storage_key else _("không"),
        )
        for one in rows
    ]  # fmt: skip
    note = _("Từ %(first)s đến %(last)s.", first=format_date(asked.first), last=format_date(asked.last))
    return download(Table(_("Tuyên truyền"), (note,), columns, cells), format, "hocso-tuyen-truyen")


@router.get("/campaigns/new")
def new(request: Request, db: Db, actor: Planner) -> Response:
    today = clock.today().isoformat()
    form = ActivityForm(unit=unit_in_care(db, actor, "").code, first_on=today, last_on=today)
    return _form(request, FormPage(form))


@router.post("/campaigns")
def log(
    request: Request, databases: Databases, files: Files, actor: Planner, form: Annotated[ActivityForm, Form()],
    paper: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Append an activity, with a photo or a paper."""
    try:
        with kept_paper(files, paper) as kept, databases.writing() as db:
            campaigns.log(db, actor, _activity(db, actor, form), kept)
        return redirect(request, "/campaigns", flash=("ok", _("Đã ghi hoạt động.")))
    except Invalid as error:
        return _form(request, FormPage(form, error.fields), 422)


@router.get("/campaigns/{activity_id}/paper")
def activity_paper(db: Db, files: Files, actor: Planner, activity_id: RowId) -> Response:
    found = campaigns.find_activity(db, actor, activity_id)
    return send_paper(files, found, f"tuyen-truyen-{found.id}")


@router.post("/campaigns/{activity_id}/withdraw")
def withdraw(request: Request, db: Db, actor: Planner, activity_id: RowId, reason: Text = "") -> Response:
    found = campaigns.find_activity(db, actor, activity_id)
    try:
        campaigns.withdraw(db, actor, found, reason)
    except Invalid:
        return redirect(request, "/campaigns", flash=("error", _("Chưa bỏ: hãy ghi lý do.")))
    return redirect(request, "/campaigns", flash=("ok", _("Đã bỏ hoạt động này khỏi số liệu, lý do được lưu.")))


def _activity(db: Session, actor: Actor, form: ActivityForm) -> Activity:
    """Raises Invalid with a message per field."""
    errors, unit_id = {}, None
    first_on, last_on = clock.parse_day(form.first_on), clock.parse_day(form.last_on)
    times, reached = whole(form.times), people_typed(form.reached) if form.reached else None
    for name, day in (("first_on", first_on), ("last_on", last_on)):
        if day is None:
            errors[name] = not_a_day(getattr(form, name))
    if form.reached and reached is None:
        errors["reached"] = _("Hãy ghi số người, ví dụ 350.")
    try:
        unit_id = unit_in_care(db, actor, form.unit).unit_id
    except NotFound as error:
        errors["unit"] = error.message
    if errors or first_on is None or last_on is None or unit_id is None:
        raise Invalid(fields=errors)
    return Activity(form.task, form.kind, form.title, unit_id, first_on, last_on, times or 0, reached, form.link)


def _asked(db: Session, actor: Actor, first: str, last: str, task: str, kind: str, unit: str) -> Asked:
    """This year where no days are given; raises Invalid for what is no day, NotFound for another's unit."""
    today = clock.today()
    days = [clock.parse_day(text) if text else day for text, day in ((first, date(today.year, 1, 1)), (last, today))]
    if days[0] is None or days[1] is None:
        raise Invalid(not_a_day(first if days[0] is None else last))
    unit_id = unit_in_care(db, actor, unit).unit_id if unit.strip() else None
    return Asked(days[0], days[1], task[:30], kind if kind in KINDS else "", unit_id)


def _tasks() -> list[tuple[str, str]]:
    return [(task.code, f"{task.task_no}. {task.title}") for task in campaigns.campaign_tasks()]


def _form(request: Request, page: FormPage, status: int = 200) -> Response:
    return render(request, "coverage/planning/campaign.html", status=status, page=page, kinds=KINDS, tasks=_tasks())
