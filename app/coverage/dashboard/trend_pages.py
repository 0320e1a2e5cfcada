"""The trend of one indicator: by month against the year before, and by year on one map."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.web import Config, Db, Me, render
from app.coverage.counting import wording
from app.coverage.counting.figures import Figure, figure_alone
from app.coverage.dashboard.as_json import trend_as_json
from app.coverage.dashboard.asked import Asked, wants_json
from app.coverage.dashboard.choosing import Here, choosing_form
from app.coverage.dashboard.line_chart import Chart, chart
from app.coverage.dashboard.pace import Pace, paces_of
from app.coverage.dashboard.trend import Line, Point, Trend, monthly, yearly
from app.coverage.dashboard.units_summed import SummedUnit, summed_units

router = APIRouter()

# Before this year the tables of units know nothing.
FIRST_YEAR = 2023


@dataclass(frozen=True)
class Month:
    """A row of the table under the chart."""

    number: int
    this: Point | None
    before: Point | None


@dataclass(frozen=True)
class Year:
    """A row of the table of years; `is_break` where the way of counting changed since the row above."""

    line: Line
    point: Point
    is_break: bool


@dataclass(frozen=True)
class TrendPage:
    figure: Figure
    trend: Trend | None
    months: list[Month]
    chart: Chart | None
    years: list[Year]
    years_chart: Chart | None
    summed: list[SummedUnit]
    pace: Pace | None
    asked: Asked


@router.get("/coverage/{indicator}/trend")
def trend(request: Request, db: Db, actor: Me, config: Config, asked: Here, indicator: str) -> Response:
    """Numerator and denominator at each month's end, this year beside the year before, then year by year."""
    question = asked.question(indicator, config.province_code)
    found = figure_alone(db, question)
    if not found.definition.is_counted:
        raise NotFound(_("Chỉ tiêu này không đếm trên nền tảng nên không có diễn biến theo tháng."))
    by_month = monthly(db, found)
    pace = paces_of(db, [found]).get(found.definition.code)
    by_year = yearly(db, found, FIRST_YEAR)
    if wants_json(request):
        return JSONResponse(trend_as_json(found, by_month, by_year, pace))
    years = _years(by_year)
    page = TrendPage(
        found, by_month, _months(by_month) if by_month else [],
        _month_chart(found, by_month, pace) if by_month else None, years, _year_chart(years),
        summed_units(db, found.unit_id, found.map_on), pace, asked,
    )  # fmt: skip
    return render(
        request, "coverage/trend.html", page=page, wording=wording, choosing=choosing_form(request, db, asked, question)
    )


def _months(found: Trend) -> list[Month]:
    this = {point.day.month: point for point in found.this.points}
    before = {point.day.month: point for point in found.before.points} if found.before else {}
    return [Month(number, this.get(number), before.get(number)) for number in range(1, 13)]


def _month_chart(found: Figure, shown: Trend, pace: Pace | None) -> Chart | None:
    """None where nothing is divided: there is no height to draw."""
    months = _months(shown)
    this = [month.this.ratio if month.this else None for month in months]
    before = [month.before.ratio if month.before else None for month in months]
    if not any(value is not None for value in (*this, *before)):
        return None
    lines = [("before", before), ("this", this)]
    if pace and this[-1] is None:
        last = found.reference_date.month - 1
        cast: list[float | None] = [None] * 12
        # A straight line needs every month between to be one stroke.
        cast[last:] = [_between(this[last] or 0.0, pace.ratio, step / (11 - last)) for step in range(12 - last)]
        lines.insert(0, ("cast", cast))
    return chart(lines, [str(month.number) for month in months], _target(found))


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _years(lines: list[Line]) -> list[Year]:
    versions = [line.version for line in lines]
    return [
        Year(line, line.points[0], at > 0 and versions[at - 1] != line.version)
        for at, line in enumerate(lines)
        if line.points
    ]


def _year_chart(years: list[Year]) -> Chart | None:
    values = [year.point.ratio for year in years]
    if sum(value is not None for value in values) < 2:
        return None
    breaks = [at - 0.5 for at, year in enumerate(years) if year.is_break]
    return chart([("this", values)], [str(year.line.year) for year in years], breaks=breaks)


def _target(found: Figure) -> float | None:
    is_ratio = found.target is not None and found.definition.target_unit == "percent"
    return found.target.value / 100 if found.target and is_ratio else None
