"""Asking for an export, watching it being made, and taking it away."""

from dataclasses import dataclass
from datetime import datetime
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
from app.core.i18n import lazy
from app.core.jobs import Job
from app.core.table_files import CONTENT_TYPES
from app.core.templating import format_date
from app.core.web import Config, Db, Files, RowId, having, redirect, render
from app.coverage.exports.making import KEPT
from app.coverage.exports.records import NAMES, RECORDS
from app.coverage.indicators.definitions import counted, definitions
from app.coverage.models import ExportFile
from app.identity.units import unit_queries

router = APIRouter()

# Figures name nobody; a list of completions names people, and needs its own permission.
Exporter = Annotated[Actor, having("export.figures")]

# What an export is called in its list.
TITLES = {name: records.title for name, records in RECORDS.items()} | {"coverage": lazy("Bao phủ theo đơn vị")}


class ExportForm(StrippedForm):
    """What to export; empty text means no filter."""

    what: str = Field("completions", pattern=f"^({'|'.join((*RECORDS, 'coverage'))})$")
    format: str = Field("xlsx", pattern=f"^({'|'.join(CONTENT_TYPES)})$")
    # Names of the columns, none for all.
    columns: list[str] = Field([], max_length=40)
    unit: str = Field("", max_length=40)
    course: str = Field("", max_length=20)
    indicator: str = Field("", max_length=30)
    first: str = Field("", max_length=10)
    last: str = Field("", max_length=10)
    # For coverage: the unit tree of which day, what was known at the end of a day, a period that is not the year of
    # `last`.
    map: str = Field("", max_length=10)
    known: str = Field("", max_length=10)
    period: str = Field("", max_length=24)


@dataclass(frozen=True)
class ExportRow:
    """An export with the job that makes it."""

    id: int
    what: str
    format: str
    filters: dict[str, Any]
    created_at: datetime
    rows: int | None
    size: int | None
    ready: bool
    expires_at: datetime
    job: Job | None

    @property
    def title(self) -> str:
        return " ".join(filter(None, (str(TITLES.get(self.what, self.what)), self.filters.get("indicator"))))


@dataclass(frozen=True)
class ExportsPage:
    rows: list[ExportRow]
    form: ExportForm
    kinds: list[tuple[str, str, bool]]
    columns: list[tuple[str, str]]
    courses: list[tuple[str, str]]
    indicators: list[tuple[str, str]]
    errors: dict[str, str]


@router.get("/exports")
def exports(
    request: Request, db: Db, actor: Exporter, unit: str = "", indicator: str = "", what: str = "", on: str = "",
    map: str = "", known: str = "", period: str = "",
) -> Response:  # fmt: skip
    """The form, filled from the table one comes from, and the exports asked for so far."""
    offered = tuple(TITLES) if actor.can(NAMES) else ("coverage",)
    form = ExportForm(
        unit=unit[:40], indicator=indicator[:30], last=on[:10], map=map[:10], known=known[:10],
        period=period[:24], what=what if what in offered else offered[0],
    )  # fmt: skip
    return render(request, "coverage/exports.html", fragment="rows", page=_page(db, actor, form, {}))


@router.post("/exports")
def ask(request: Request, db: Db, actor: Exporter, config: Config, form: Annotated[ExportForm, Form()]) -> Response:
    """Note the wish and enqueue the job that fulfils it, in one transaction."""
    if form.what in RECORDS:
        actor.require(NAMES)
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
    if wish.what in RECORDS:
        actor.require(NAMES)
    if wish.size is not None and not _is_ready(wish):
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


def _is_ready(wish: ExportFile) -> bool:
    """Made, and not older than a week, whether or not the file was cleared away already."""
    return wish.storage_key is not None and clock.now() < wish.created_at + KEPT


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
                _is_ready(wish), wish.created_at + KEPT, job,
            )
            for wish, job in rows
        ],
        form=form, kinds=[(str(title), f"/exports?what={name}", name == form.what) for name, title in TITLES.items()],
        columns=[(one.name, str(one.title)) for one in RECORDS[form.what].fields] if form.what in RECORDS else [],
        courses=[(code, f"{code} · {title}") for code, title in courses],
        indicators=[(code, code) for code in dict.fromkeys(found.code for found in counted(definitions(db)))],
        errors=errors,
    )  # fmt: skip


def _problems(db: Session, form: ExportForm) -> dict[str, str]:
    errors = {}
    for name in ("first", "last", "map", "known"):
        text = getattr(form, name)
        if text and _iso(text) is None:
            errors[name] = _("“%(text)s” không phải là ngày. Hãy viết như 21/11/2026.", text=text)
    first, last = _iso(form.first), _iso(form.last)
    if first and last and first > last:
        errors["last"] = _("Ngày cuối phải sau ngày đầu.")
    day = (clock.parse_day(form.map or form.last) if form.what == "coverage" else None) or clock.today()
    if form.unit and unit_queries.unit_on(db, form.unit, day) is None:
        errors["unit"] = _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(day), code=form.unit)
    if form.what in RECORDS and set(form.columns) - {one.name for one in RECORDS[form.what].fields}:
        errors["columns"] = _("Hãy chọn các cột trong danh sách.")
    if form.what == "coverage" and form.indicator not in {found.code for found in counted(definitions(db))}:
        errors["indicator"] = _("Hãy chọn một chỉ tiêu.")
    return errors


def _filters(form: ExportForm, province_code: str) -> dict[str, Any]:
    given: dict[str, Any]
    if form.what == "coverage":
        given = {
            "indicator": form.indicator, "unit": form.unit or province_code, "on": _iso(form.last),
            "map": _iso(form.map), "known": _iso(form.known), "period": form.period,
        }  # fmt: skip
    else:
        given = {
            "unit": form.unit, "course": form.course, "from": _iso(form.first), "to": _iso(form.last),
            "columns": form.columns,
        }  # fmt: skip
    return {name: value for name, value in given.items() if value}


def _iso(text: str) -> str | None:
    """A day typed as 21/11/2026 or 2026-11-21, as ISO text; None for what is none."""
    day = clock.parse_day(text)
    return day.isoformat() if day else None
