"""Making reports: choose, edit, refresh, issue; the issued ones with their papers, signed copies and comparisons."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import audit, clock
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.text import nfc, whole
from app.core.web import Config, Db, Files, RowId, form_fields, having, redirect, render
from app.coverage.reports import comparing, desk
from app.coverage.reports.comparing import Change
from app.coverage.reports.filling import FROZEN_FORMS, Wish
from app.coverage.reports.forms import forms
from app.coverage.reports.frames import Report, from_json, printed
from app.coverage.reports.models import ReportDraft, ReportIssue, ReportScan, ReportSchedule
from app.coverage.reports.schedules import EVERY, schedule_it
from app.coverage.reports.unit_forms import OFFICIALS
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.units import unit_queries
from app.media.documents import ENDINGS, MOST_BYTES, check_document, read_document

router = APIRouter()

Maker = Annotated[Actor, having(desk.MAKE)]
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]
_JSON = "application/json; charset=utf-8"
_MOST_LETTERS = 60_000
_MOST_RECIPIENTS = 20


class WishForm(StrippedForm):
    """What to report; `every` has it drafted by itself from now on, and `recipients`, a line each, told by email."""

    forms: list[str] = Field(default_factory=list, max_length=10)
    period: str = Field("", max_length=24)
    unit: str = Field("", max_length=40)
    cut_off: str = Field("calendar", pattern="^(calendar|customary)$")
    map: str = Field("", max_length=10)
    has_body: bool = False
    series: str = Field(OFFICIALS, max_length=30)
    every: str = Field("", pattern="^(|quarter|half|year)$")
    recipients: str = Field("", max_length=5_000)


@dataclass(frozen=True)
class ListPage:
    """`units`: names by id."""

    drafts: list[ReportDraft]
    issues: list[ReportIssue]
    schedules: list[ReportSchedule]
    units: dict[int, str]
    replaced: set[int]


@dataclass(frozen=True)
class NewPage:
    form: WishForm
    choices: list[tuple[str, str, str]]
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftPage:
    """`number` and `dated_on` as they were typed or are proposed; `is_stale`: the words are of an older state."""

    draft: ReportDraft
    report: Report
    number: str
    dated_on: str
    errors: dict[str, str] = field(default_factory=dict)
    is_stale: bool = False


@dataclass(frozen=True)
class IssuePage:
    """`others`: earlier and later issues it can be compared with; `newer` replaces it."""

    issue: ReportIssue
    report: Report
    scans: list[ReportScan]
    newer: ReportIssue | None
    older: ReportIssue | None
    others: list[tuple[int, str]]
    problem: str = ""


@dataclass(frozen=True)
class ComparePage:
    old: ReportIssue
    new: ReportIssue
    changes: list[Change]


@router.get("/reports")
def reports(request: Request, db: Db, actor: Maker) -> Response:
    """Drafts, issued reports, and what drafts itself, of the units in one's care."""
    drafts = db.scalars(select(ReportDraft).where(desk.drafts_of(actor)).order_by(ReportDraft.changed_at.desc())).all()
    issues = db.scalars(
        select(ReportIssue).where(desk.issues_of(actor)).order_by(ReportIssue.dated_on.desc(), ReportIssue.id.desc())
    ).all()
    schedules = db.scalars(
        select(ReportSchedule)
        .where(ReportSchedule.unit_id.in_(actor.units_with(desk.MAKE)), ReportSchedule.ended_at.is_(None))
        .order_by(ReportSchedule.id)
    ).all()
    ids = {one.unit_id for one in drafts} | {one.unit_id for one in issues} | {one.unit_id for one in schedules}
    units = {unit_id: unit.name for unit_id, unit in unit_queries.units_by_id(db, ids, clock.today()).items()}
    replaced = {one.replaces_id for one in issues if one.replaces_id}
    page = ListPage(list(drafts), list(issues), list(schedules), units, replaced)
    return render(request, "reports/list.html", page=page, every=EVERY)


@router.get("/reports/new")
def new(request: Request, actor: Maker, db: Db) -> Response:
    """The form, filled with the whole report of this year."""
    form = WishForm(forms=list(FROZEN_FORMS), period=str(clock.today().year), has_body=True, unit=_own_code(db, actor))
    return render(request, "reports/new.html", page=NewPage(form, _choices()), every=EVERY)


@router.post("/reports")
def begin(request: Request, db: Db, actor: Maker, config: Config, form: Annotated[WishForm, Form()]) -> Response:
    """Draft it, and keep the wish where it is to be drafted again each period."""
    try:
        recipients = people_named(db, actor, desk.MAKE, form.recipients, _MOST_RECIPIENTS) if form.every else ()
        with db.begin_nested():
            made = desk.begin(db, actor, config.province_code, _wish(form))
            if form.every:
                schedule_it(db, actor, made, form.every, recipients)
    except (Invalid, NotFound, UnknownPeople) as error:
        errors = _errors_of(error)
        page = NewPage(form, _choices(), dict(errors))
        return render(request, "reports/new.html", status=422, page=page, every=EVERY)
    return redirect(request, f"/reports/drafts/{made.id}", flash=("ok", _("Đã lập dự thảo. Số liệu đã điền sẵn.")))


@router.post("/reports/schedules/{schedule_id}/end")
def end_schedule(request: Request, db: Db, actor: Maker, schedule_id: RowId) -> Response:
    found = db.scalar(
        select(ReportSchedule).where(
            ReportSchedule.id == schedule_id, ReportSchedule.unit_id.in_(actor.units_with(desk.MAKE))
        )
    )
    if found is None:
        raise NotFound
    found.ended_at = found.ended_at or clock.now()
    return redirect(request, "/reports", flash=("ok", _("Báo cáo này không tự lập nữa.")))


# --- drafts ---------------------------------------------------------------------------------------------------------


@router.get("/reports/drafts/{draft_id}")
def draft_page(request: Request, db: Db, actor: Maker, draft_id: RowId) -> Response:
    return _draft(request, db, desk.find_draft(db, actor, draft_id))


@router.post("/reports/drafts/{draft_id}")
def save(request: Request, db: Db, actor: Maker, draft_id: RowId, given: Fields) -> Response:
    """Keep the words as typed; if somebody else changed the draft meanwhile, show them again before they replace it."""
    fields = {name: nfc(values[0])[:_MOST_LETTERS] for name, values in given.items() if values}
    found = desk.find_draft(db, actor, draft_id, to_change=True)
    if not desk.edit(db, found, fields, whole(fields.get("revision", "")) or 0):
        return _draft(request, db, found, report=desk.edited(from_json(found.content), fields), is_stale=True)
    return redirect(request, f"/reports/drafts/{draft_id}", flash=("ok", _("Đã lưu dự thảo.")))


@router.post("/reports/drafts/{draft_id}/refresh")
def refresh(request: Request, db: Db, actor: Maker, config: Config, draft_id: RowId) -> Response:
    kept = desk.refresh(db, config.province_code, desk.find_draft(db, actor, draft_id, to_change=True))
    said = _("Đã đọc lại số liệu.")
    if kept:
        said = _("Đã đọc lại số liệu trong các biểu. Phần đã sửa giữ nguyên chữ, hãy kiểm tra số trong đó: %(parts)s.",
                 parts="; ".join(kept))  # fmt: skip
    return redirect(request, f"/reports/drafts/{draft_id}", flash=("warn" if kept else "ok", said))


@router.post("/reports/drafts/{draft_id}/issue")
def issue(
    request: Request, db: Db, actor: Maker, files: Files, draft_id: RowId,
    number: Annotated[str, Form(max_length=10)] = "", dated_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:  # fmt: skip
    found = desk.find_draft(db, actor, draft_id, to_change=True)
    day, count = clock.parse_day(dated_on), whole(number)
    errors = {}
    if not count or count > 99_999:
        errors["number"] = _("Số là một số từ 1.")
    if day is None:
        errors["dated_on"] = not_a_day(dated_on)
    if day and count and not errors:
        try:
            made = desk.issue(db, files, actor, found, count, day)
        except Invalid as error:
            errors = dict(error.fields)
        else:
            said = _("Đã ban hành báo cáo số %(number)s.", number=made.numbered)
            return redirect(request, f"/reports/{made.id}", flash=("ok", said))
    return _draft(request, db, found, number=number, dated_on=dated_on, errors=errors)


@router.post("/reports/drafts/{draft_id}/discard")
def discard(request: Request, db: Db, actor: Maker, draft_id: RowId) -> Response:
    found = desk.find_draft(db, actor, draft_id, to_change=True)
    audit.record(db, "report.discard", "report_draft", found.id, account_id=actor.account_id)
    db.delete(found)
    return redirect(request, "/reports", flash=("ok", _("Đã bỏ dự thảo.")))


@router.get("/reports/drafts/{draft_id}/file.{kind}")
def draft_file(db: Db, actor: Maker, draft_id: RowId, kind: str) -> Response:
    """The draft as it would be printed."""
    found = desk.find_draft(db, actor, draft_id)
    if kind not in desk.PAPERS:
        raise NotFound
    media_type, maker = desk.PAPERS[kind]
    return attachment(maker(from_json(found.content)), f"du-thao-bao-cao-{found.period}.{kind}", media_type)


# --- issued reports ---------------------------------------------------------------------------------------------------


@router.get("/reports/compare")
def compare(request: Request, db: Db, actor: Maker, old: str = "", new: str = "") -> Response:
    """What changed from one issued report to another."""
    before, after = (desk.find_issue(db, actor, whole(one) or 0) for one in (old, new))
    found = comparing.changes(from_json(before.content), from_json(after.content))
    return render(request, "reports/compare.html", page=ComparePage(before, after, found))


@router.get("/reports/{issue_id}")
def issued(request: Request, db: Db, actor: Maker, issue_id: RowId) -> Response:
    return _issued(request, db, actor, desk.find_issue(db, actor, issue_id))


@router.get("/reports/{issue_id}/file.{kind}")
def paper(db: Db, actor: Maker, files: Files, issue_id: RowId, kind: str) -> Response:
    """A paper byte for byte as it was made when the report was issued, or what it was made of, as JSON."""
    found = desk.find_issue(db, actor, issue_id)
    name = f"bao-cao-{found.number:02d}-{found.year}.{kind}"
    if kind == "json":
        return attachment(found.content.encode(), name, _JSON)
    if kind not in found.files:
        raise NotFound
    return attachment(b"".join(files.read(found.files[kind]["key"])), name, desk.PAPERS[kind][0])


@router.post("/reports/{issue_id}/scans")
def add_scan(
    request: Request, db: Db, actor: Maker, files: Files, issue_id: RowId,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """The signed paper, examined by its content and kept sealed."""
    found = desk.find_issue(db, actor, issue_id)
    try:
        if file is None or not file.filename:
            raise Invalid(_("Hãy chọn tệp PDF, hoặc ảnh JPG, PNG."))
        desk.add_scan(db, files, actor, found, check_document(file.file.read(MOST_BYTES + 1), file.filename))
    except Invalid as error:
        return _issued(request, db, actor, found, error.message)
    return redirect(request, f"/reports/{issue_id}", flash=("ok", _("Đã lưu bản ký.")))


@router.get("/reports/{issue_id}/scans/{scan_id}")
def scan(db: Db, actor: Maker, files: Files, issue_id: RowId, scan_id: RowId) -> Response:
    issue = desk.find_issue(db, actor, issue_id)
    found = db.scalar(select(ReportScan).where(ReportScan.id == scan_id, ReportScan.issue_id == issue.id))
    if found is None:
        raise NotFound
    name = f"ban-ky-{issue.number:02d}-{issue.year}-{found.id}.{ENDINGS[found.content_type]}"
    return attachment(read_document(files, found.storage_key), name, found.content_type)


@router.post("/reports/{issue_id}/correct")
def correct(request: Request, db: Db, actor: Maker, config: Config, issue_id: RowId) -> Response:
    """A new draft of the same question that will replace this report; the words are taken over."""
    found = desk.find_issue(db, actor, issue_id)
    made = desk.begin(db, actor, config.province_code, Wish.of(found.wish), found)
    desk.take_words(made, found)
    return redirect(
        request, f"/reports/drafts/{made.id}", flash=("ok", _("Đã lập dự thảo thay thế, số liệu mới nhất."))
    )


def _draft(request: Request, db: Session, found: ReportDraft, **typed: Any) -> Response:
    report, today = from_json(found.content), clock.today()
    proposed = desk.next_number(db, found.unit_id, report.letterhead.symbol, today.year)
    given: dict[str, Any] = {"report": report, "number": str(proposed), "dated_on": today.isoformat()} | typed
    page = DraftPage(found, **given)
    status = 422 if page.errors else 409 if page.is_stale else 200
    return render(request, "reports/draft.html", status=status, page=page, printed=printed)


def _issued(request: Request, db: Session, actor: Actor, found: ReportIssue, problem: str = "") -> Response:
    others = db.scalars(
        select(ReportIssue)
        .where(desk.issues_of(actor), ReportIssue.unit_id == found.unit_id, ReportIssue.id != found.id)
        .order_by(ReportIssue.dated_on.desc(), ReportIssue.id.desc())
        .limit(50)
    ).all()
    page = IssuePage(
        found, from_json(found.content),
        list(db.scalars(select(ReportScan).where(ReportScan.issue_id == found.id).order_by(ReportScan.id))),
        next((one for one in others if one.replaces_id == found.id), None),
        db.get(ReportIssue, found.replaces_id) if found.replaces_id else None,
        [(one.id, f"{one.numbered}, {one.dated_on:%d/%m/%Y}") for one in others], problem,
    )  # fmt: skip
    return render(request, "reports/issued.html", status=422 if problem else 200, page=page, printed=printed)


def _wish(form: WishForm) -> Wish:
    map_on = clock.parse_day(form.map) if form.map else None
    if form.map and map_on is None:
        raise Invalid(fields={"map": not_a_day(form.map)})
    return Wish(
        tuple(code for code in FROZEN_FORMS if code in form.forms), form.period, form.unit,
        "customary" if form.cut_off == "customary" else "calendar", map_on, form.has_body, form.series,
    )  # fmt: skip


def _errors_of(error: Invalid | NotFound | UnknownPeople) -> dict[str, str]:
    """A message per field; what is not found is the unit."""
    match error:
        case UnknownPeople():
            return {"recipients": str(error)}
        case Invalid() if error.fields:
            return dict(error.fields)
        case _:
            return {"unit": error.message}


def _choices() -> list[tuple[str, str, str]]:
    """Code, title and usual periods of each form that can be frozen."""
    return [(code, forms()[code].title, forms()[code].periods) for code in FROZEN_FORMS]


def _own_code(db: Session, actor: Actor) -> str:
    """The unit to propose: of somebody with one unit that one, else the province."""
    granted = actor.grants.get(desk.MAKE, frozenset())
    units = unit_queries.units_by_id(db, granted, clock.today()).values()
    return next((unit.code for unit in units if len(granted) == 1 and unit.parent_id), "")
