"""The heat table: units by indicator, by month or by former district; sorted by links, and as files."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.table_files import download
from app.core.web import Config, Db, Me, render
from app.coverage.counting.figures import Question
from app.coverage.dashboard.as_json import heat_as_json
from app.coverage.dashboard.asked import Asked, wants_json
from app.coverage.dashboard.choosing import checked, choosing_form
from app.coverage.dashboard.heat import BY, Heat, HeatRow, heat_by, heat_table

router = APIRouter()

# Every agency and every commune has members of this one: the province's own.
_USUAL = "BD-CBCC"


@dataclass(frozen=True)
class HeatAsked(Asked):
    """`by` is one of heat.BY; `indicator` whose months, and whose sparkline; `sort` a column, “-” before it for lowest
    first."""

    by: str = ""
    indicator: str = ""
    sort: str = ""


@dataclass(frozen=True)
class HeatPage:
    asked: HeatAsked
    by: str
    question: Question
    heat: Heat
    rows: tuple[HeatRow, ...]

    def url(self, **changed: str) -> str:
        return f"/coverage/heat{self.asked.at(**changed)}"

    def sorting(self, key: str) -> tuple[str, str]:
        """The address that sorts by a column, the other way round the second time; and what aria-sort says now."""
        if self.asked.sort == key:
            return self.url(sort=f"-{key}"), "descending"
        return self.url(sort=key), "ascending" if self.asked.sort == f"-{key}" else "none"


Wanted = Annotated[HeatAsked, Depends(checked(HeatAsked))]


@router.get("/coverage/heat")
def heat(request: Request, db: Db, actor: Me, config: Config, asked: Wanted) -> Response:
    page = _page(db, config.province_code, asked)
    if wants_json(request):
        return JSONResponse(heat_as_json(page.heat, page.by, page.question, page.rows))
    sparks = _sparks(db, page)
    ways = [
        (_("Theo chỉ tiêu"), page.url(by="", sort=""), page.by == "indicators"),
        (_("Theo tháng"), page.url(by="months", sort=""), page.by == "months"),
        (_("Theo địa bàn huyện cũ"), page.url(by="districts", sort=""), page.by == "districts"),
    ]
    sorts = [
        (column.text, page.sorting(column.key)[0], asked.sort.removeprefix("-") == column.key)
        for column in page.heat.columns
    ]
    return render(
        request, "coverage/heat.html", page=page, ways=ways, sorts=sorts, sparks=sparks,
        choosing=choosing_form(request, db, asked, page.question),
    )  # fmt: skip


@router.get("/coverage/heat.{format}")
def heat_file(request: Request, db: Db, actor: Me, config: Config, asked: Wanted, format: str) -> Response:
    """The table as it is sorted on the page."""
    page = _page(db, config.province_code, asked)
    return download(
        heat_table(page.heat, page.question, page.rows), format, f"hocso-don-vi-{page.question.on.isoformat()}"
    )


def _page(db: Db, province_code: str, asked: HeatAsked) -> HeatPage:
    by = asked.by or "indicators"
    if by not in BY:
        raise Invalid(_("Không có cách xếp bảng “%(text)s”.", text=by[:40]))
    question = asked.question(asked.indicator or _USUAL, province_code)
    found = heat_by(db, by, question)
    return HeatPage(asked, by, question, found, found.sorted_by(asked.sort))


def _sparks(db: Db, page: HeatPage) -> dict[str, tuple[float, ...]]:
    """By code the ratios of the months; beside a table of indicators those of the one asked for."""
    if page.by == "districts":
        return {}
    months = page.heat if page.by == "months" else heat_by(db, "months", page.question)
    return {row.code: row.spark for row in (months.whole, *months.rows) if len(row.spark) > 1}
