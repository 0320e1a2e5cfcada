"""The training tasks of the plan and what came of each."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.catalogue.programmes import STATED_BUDGET_MILLION, plans
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.table_files import download
from app.core.web import Config, Db, Me, render
from app.coverage.exports.tables import programmes_table
from app.coverage.indicators.definitions import definitions
from app.coverage.programmes.kept import FIRST_YEAR, kept_day, kept_report
from app.coverage.programmes.programme_queries import ProgrammeReport, ProgrammeRow

router = APIRouter()


@dataclass(frozen=True)
class ProgrammesPage:
    """`unit` is as typed; `query` carries it and the span in links."""

    report: ProgrammeReport
    unit: str
    years: list[tuple[str, str, bool]]
    query: str
    budget_sum: int
    budget_stated: int


@dataclass(frozen=True)
class ProgrammePage:
    """`indicators` are those that count this task: code and title."""

    report: ProgrammeReport
    row: ProgrammeRow
    unit: str
    years: list[tuple[str, str, bool]]
    query: str
    indicators: list[tuple[str, str]]


@router.get("/programmes")
def programmes(
    request: Request, db: Db, actor: Me, config: Config, unit: str = "", first: str = "", last: str = ""
) -> Response:
    """All sixteen rows of the plan with the figures of a span of days at a unit."""
    report = _report(db, config.province_code, unit, first, last)
    budget = sum(row.plan.budget_million or 0 for row in report.rows)
    page = ProgrammesPage(
        report, unit, _years(db, "/programmes", report, unit), _query(report, unit), budget, STATED_BUDGET_MILLION
    )
    return render(request, "coverage/programmes.html", page=page)


@router.get("/programmes/table.{format}")
def programmes_file(
    request: Request, db: Db, actor: Me, config: Config, format: str, unit: str = "", first: str = "", last: str = ""
) -> Response:
    """The same table as a file."""
    report = _report(db, config.province_code, unit, first, last)
    return download(programmes_table(report), format, f"hocso-nhiem-vu-{report.first:%Y%m%d}-{report.last:%Y%m%d}")


@router.get("/programmes/{code}")
def programme(
    request: Request, db: Db, actor: Me, config: Config, code: str, unit: str = "", first: str = "", last: str = ""
) -> Response:
    """One task: what the plan says, its courses, its figures, the indicators that count it."""
    if code not in {plan.code for plan in plans()}:
        raise NotFound(_("Không có nhiệm vụ đào tạo %(code)s.", code=code[:30]))
    report = _report(db, config.province_code, unit, first, last)
    row = next(row for row in report.rows if row.plan.code == code)
    counting = {one.code: one.title for one in definitions(db) if code in one.programmes}
    page = ProgrammePage(
        report, row, unit, _years(db, f"/programmes/{code}", report, unit), _query(report, unit), list(counting.items())
    )
    return render(request, "coverage/programme.html", page=page)


def _report(db: Db, province_code: str, unit: str, first: str, last: str) -> ProgrammeReport:
    today = clock.today()
    since, until = _day(first) or date(today.year, 1, 1), _day(last) or today
    if not first and not last:
        until = kept_day(db, today.year, unit.strip()[:40] or province_code) or today
    if not first and last:
        since = date(until.year, 1, 1)
    if since > until:
        raise Invalid(_("Ngày cuối phải sau ngày đầu."))
    return kept_report(db, province_code, unit.strip()[:40], since, until)


def _years(db: Db, path: str, report: ProgrammeReport, unit: str) -> list[tuple[str, str, bool]]:
    """Chips for whole calendar years; this one runs until it was counted at night, if it was, and also until today."""
    today = clock.today()
    newest = kept_day(db, today.year, report.unit.code) or today
    spans = [(str(year), date(year, 12, 31)) for year in range(FIRST_YEAR, today.year)] + [(str(today.year), newest)]
    if newest != today:
        spans.append((_("đến hôm nay"), today))
    chips = []
    for words, last in spans:
        first = date(last.year, 1, 1)
        given = {"unit": unit, "first": first.isoformat(), "last": last.isoformat()}
        query = urlencode({name: value for name, value in given.items() if value})
        chips.append((words, f"{path}?{query}", (report.first, report.last) == (first, last)))
    return chips


def _query(report: ProgrammeReport, unit: str) -> str:
    given = {"unit": unit, "first": report.first.isoformat(), "last": report.last.isoformat()}
    return urlencode({name: value for name, value in given.items() if value})


def _day(text: str) -> date | None:
    if not text:
        return None
    day = clock.parse_day(text)
    if day is None:
        raise Invalid(_("“%(text)s” không phải là ngày. Hãy viết như 21/11/2026.", text=text[:40]))
    return day
