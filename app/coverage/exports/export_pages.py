"""Asking for an export, watching it being made, and taking it away."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from app.catalogue.models import Course, CourseVersion
from app.core import clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict, NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.jobs import Job
from app.core.table_files import CONTENT_TYPES
from app.core.templating import format_date
from app.core.web import Config, Db, Files, RowId, having, redirect, render
from app.coverage.indicators.definitions import counted, definitions
from app.coverage.models import ExportFile
from app.identity.units import unit_queries

router = APIRouter()

# Figures name nobody; a list of completions names people, and needs its own permission.
Exporter = Annotated[Actor, having("export.figures")]
_NAMES = "export.completions"


class ExportForm(StrippedForm):
    """What to export; empty text means no filter."""

    what: str = Field("completions", pattern="^(completions|coverage)$")
    format: str = Field("xlsx", pattern="^(csv|xlsx)$")
    unit: str = Field("", max_length=40)
    course: str = Field("", max_length=20)
    indicator: str = Field("", max_length=30)
    first: str = Field("", max_length=10)
    last: str = Field("", max_length=10)
    # For coverage: the unit tree of which day, and a period other than the year of `last`.
    map: str = Field("", max_length=10)
    period: str = Field("", max_length=24)


@dataclass(frozen=True)
class ExportRow:
    """An export with the job that makes it."""

    id: int
    what: str
    format: str
    filters: dict[str, Any]
    created_at: Any
    rows: int | None
    size: int | None
    ready: bool
    job: Job | None


@dataclass(frozen=True)
class ExportsPage:
    rows: list[ExportRow]
    form: ExportForm
    courses: list[tuple[str, str]]
    indicators: list[tuple[str, str]]
    errors: dict[str, str]


@router.get("/exports")
def exports(
    request: Request, db: Db, actor: Exporter, unit: str = "", indicator: str = "", what: str = "", on: str = "",
    map: str = "", period: str = "",
) -> Response:  # fmt: skip
    """The form, filled from the table one comes from, and the exports asked for so far."""
    offered = ("completions", "coverage") if actor.can(_NAMES) else ("coverage",)
    form = ExportForm(
        unit=unit[:40], indicator=indicator[:30], last=on[:10], map=map[:10], period=period[:24],
        what=what if what in offered else offered[0],
    )  # fmt: skip
    return render(request, "coverage/exports.html", fragment="rows", page=_page(db, actor, form, {}))


@router.post("/exports")
def ask(request: Request, db: Db, actor: Exporter, config: Config, form: Annotated[ExportForm, Form()]) -> Response:
    """Note the wish and enqueue the job that fulfils it, in one transaction."""
    if form.what == "completions":
        actor.require(_NAMES)
    errors = _problems(db, form)
    if errors:
        return render(request, "coverage/exports.html", status=422, page=_page(db, actor, form, errors))
    wish = ExportFile(
        account_id=actor.account_id, what=form.what, format=form.format, filters=_filters(form, config.province_code),
        created_at=clock.now(),
    )  # fmt: skip
    db.add(wish)
    db.flush()
    wish.job_id = jobs.enqueue(
        db, "coverage.export", subject=f"export:{wish.id}", owner=actor.account_id, export_id=wish.id
    )
    return redirect(request, "/exports", flash=("ok", _("Đang xuất tệp. Tệp hiện ở danh sách bên dưới khi xong.")))


@router.post("/exports/{export_id}/cancel")
def cancel(request: Request, db: Db, actor: Exporter, export_id: RowId) -> Response:
    wish = _own(db, actor, export_id)
    if wish.size is not None:
        raise Conflict(_("Tệp này đã xuất xong nên không dừng được nữa."))
    if wish.job_id and (job := db.get(Job, wish.job_id)):
        jobs.cancel(db, job)
    return redirect(request, "/exports", flash=("ok", _("Đã dừng việc xuất tệp.")))


@router.get("/exports/{export_id}")
def download(db: Db, actor: Exporter, files: Files, export_id: RowId) -> Response:
    wish = _own(db, actor, export_id)
    if wish.what == "completions":
        actor.require(_NAMES)
    if not wish.storage_key and wish.size is not None:
        raise Conflict(_("Tệp này đã bị xóa sau 7 ngày. Hãy xuất lại."))
    if not wish.storage_key:
        raise Conflict(_("Tệp này chưa xuất xong. Hãy quay lại danh sách và chờ thêm một chút."))
    day = clock.day_of(wish.created_at).strftime("%Y%m%d")
    name = f"hocso-{wish.what}-{day}-{wish.id}.{wish.format}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(files.size(wish.storage_key)),
        "cache-control": "private, no-store",
    }
    return StreamingResponse(files.read(wish.storage_key), media_type=CONTENT_TYPES[wish.format], headers=headers)


def _own(db: Session, actor: Actor, export_id: int) -> ExportFile:
    """One's own export; somebody else's is not to be seen."""
    wish = db.scalar(select(ExportFile).where(ExportFile.id == export_id, ExportFile.account_id == actor.account_id))
    if wish is None:
        raise NotFound
    return wish


def _page(db: Session, actor: Actor, form: ExportForm, errors: dict[str, str]) -> ExportsPage:
    rows = db.execute(
        select(ExportFile, Job)
        .outerjoin(Job, Job.id == ExportFile.job_id)
        .where(ExportFile.account_id == actor.account_id)
        .order_by(ExportFile.id.desc())
        .limit(30)
    )
    courses = db.execute(
        select(Course.code, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .order_by(Course.code)
    )
    return ExportsPage(
        rows=[
            ExportRow(
                wish.id, wish.what, wish.format, wish.filters, wish.created_at, wish.rows, wish.size,
                wish.storage_key is not None, job,
            )
            for wish, job in rows
        ],
        form=form, courses=[(code, f"{code} · {title}") for code, title in courses],
        indicators=[(code, code) for code in dict.fromkeys(found.code for found in counted(definitions(db)))],
        errors=errors,
    )  # fmt: skip


def _problems(db: Session, form: ExportForm) -> dict[str, str]:
    errors = {}
    for name in ("first", "last", "map"):
        text = getattr(form, name)
        if text and _iso(text) is None:
            errors[name] = _("“%(text)s” không phải là ngày. Hãy viết như 21/11/2026.", text=text)
    first, last = _iso(form.first), _iso(form.last)
    if first and last and first > last:
        errors["last"] = _("Ngày cuối phải sau ngày đầu.")
    day = (clock.parse_day(form.map or form.last) if form.what == "coverage" else None) or clock.today()
    if form.unit and unit_queries.unit_on(db, form.unit, day) is None:
        errors["unit"] = _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(day), code=form.unit)
    if form.what == "coverage" and form.indicator not in {found.code for found in counted(definitions(db))}:
        errors["indicator"] = _("Hãy chọn một chỉ tiêu.")
    return errors


def _filters(form: ExportForm, province_code: str) -> dict[str, Any]:
    if form.what == "coverage":
        given = {
            "indicator": form.indicator, "unit": form.unit or province_code, "on": _iso(form.last),
            "map": _iso(form.map), "period": form.period,
        }  # fmt: skip
    else:
        given = {"unit": form.unit, "course": form.course, "from": _iso(form.first), "to": _iso(form.last)}
    return {name: value for name, value in given.items() if value}


def _iso(text: str) -> str | None:
    """A day typed as 21/11/2026 or 2026-11-21, as ISO text; None for what is none."""
    day = clock.parse_day(text)
    return day.isoformat() if day else None
