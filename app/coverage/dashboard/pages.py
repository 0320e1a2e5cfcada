"""The dashboard: every indicator, one indicator down the unit tree, and who is missing."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.table_files import download
from app.core.templating import format_percent
from app.core.web import Config, Db, Me, having, redirect, render
from app.coverage.counting import figures, wording
from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.dashboard.asked import Asked, Here, parsed_day
from app.coverage.dashboard.evidence import may_take_evidence
from app.coverage.dashboard.missing import MissingPeople, missing_people
from app.coverage.dashboard.pace import Pace, paces_of
from app.coverage.dashboard.tile_grid import placed
from app.coverage.exports.tables import overview_table
from app.coverage.indicators.definitions import FIGURE_SOURCES
from app.coverage.indicators.plan_data import plan_rows
from app.identity.units import unit_queries

router = APIRouter()

PeopleWatcher = Annotated[Actor, having("coverage.people")]

# The first year a plan speaks of on the dashboard.
_FIRST_YEAR = 2023


@dataclass(frozen=True)
class IndicatorPage:
    """One indicator at one unit; `crumbs` lead down to it from the province, `asked` keeps date and map in links."""

    figure: Figure
    crumbs: list[tuple[str, str]]
    children: list[Figure]
    tiles: list[dict[str, object]]
    asked: Asked
    pace: Pace | None
    may_see_people: bool
    may_take_evidence: bool

    @property
    def counted(self) -> list[Figure]:
        """Children with something to show; the others would be a hundred empty rows on a phone."""
        return [child for child in self.children if child.denominator.value or child.output]

    @property
    def empty(self) -> list[Figure]:
        return [child for child in self.children if not (child.denominator.value or child.output)]

    def url_of(self, code: str) -> str:
        return f"/coverage/{self.figure.definition.code}{self.asked.at(unit=code)}"

    @property
    def query(self) -> str:
        """Date, map and period for links that name the unit themselves."""
        return "&" + query.removeprefix("?") if (query := self.asked.at(unit="")) else ""


@dataclass(frozen=True)
class Group:
    """The indicators of one section of a plan."""

    plan: str
    section: str
    figures: list[Figure]


@dataclass(frozen=True)
class Overview:
    """`kind` is "" for all, else computed, entered or not_measured; `counts` indicators of each kind and verdict."""

    on: date
    year: int
    years: list[int]
    kind: str
    counts: Counter[str]
    groups: list[Group]
    paces: dict[str, Pace]
    query: str


@dataclass(frozen=True)
class MissingPage:
    figure: Figure
    people: MissingPeople
    url: str


def kind_of(found: Figure) -> str:
    """The three kinds of indicator a reader must not confuse."""
    if found.definition.is_computed:
        return "computed"
    return "entered" if found.definition.is_declared else "not_measured"


@router.get("/coverage")
def overview(
    request: Request, db: Db, actor: Me, config: Config, year: str = "", on: str = "", kind: str = ""
) -> Response:
    """Every indicator at the province against its target of the year."""
    question = _overview_question(config.province_code, year, on)
    found = figures.overview(db, question)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"indicators": [as_json(one, children=False) for one in found]})
    chosen_year = int(question.period or question.on.year)
    counts = Counter(kind_of(one) for one in found)
    counts.update({True: "met", False: "not_met", None: "unknown"}[one.met] for one in found)
    shown = [one for one in found if kind in ("", kind_of(one))]
    groups = [
        Group(plan, section, list(some))
        for (plan, section), some in groupby(
            shown, key=lambda one: (one.definition.plan, one.definition.source_section)
        )
    ]
    years = sorted({*range(_FIRST_YEAR, clock.today().year + 1), max(row.year for row in plan_rows())})
    given = {"year": chosen_year, "on": on}
    query = urlencode({name: value for name, value in given.items() if value})
    page = Overview(question.on, chosen_year, years, kind, counts, groups, paces_of(db, found), query)
    return render(
        request, "coverage/overview.html", page=page, kind_of=kind_of, wording=wording, sources=FIGURE_SOURCES,
        years=_year_chips(page), kinds=_kind_tabs(page, len(found)),
    )  # fmt: skip


@router.get("/coverage/table.{format}")
def overview_file(
    request: Request, db: Db, actor: Me, config: Config, format: str, year: str = "", on: str = ""
) -> Response:
    """The dashboard as a file."""
    question = _overview_question(config.province_code, year, on)
    table = overview_table(db, question)
    return download(table, format, f"hocso-chi-tieu-{question.period or question.on.year}")


@router.get("/coverage/{indicator}")
def indicator(
    request: Request, db: Db, actor: Me, config: Config, asked: Here, indicator: str, sort: str = ""
) -> Response:
    """One indicator at a unit and its children; the same figures as JSON when asked for."""
    found = figure(db, asked.question(indicator, config.province_code))
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(as_json(found))
    if not found.definition.is_counted:
        # Nothing of ours to drill into: what was declared stands with the definition.
        return redirect(request, f"/coverage/{indicator}/definition")
    page = IndicatorPage(
        figure=found, crumbs=_crumbs(db, found, asked), children=_sorted(found.children, sort),
        tiles=_tiles(found, asked), asked=asked, pace=paces_of(db, [found]).get(found.definition.code),
        may_see_people=actor.can("coverage.people") and _lists(found), may_take_evidence=may_take_evidence(actor),
    )  # fmt: skip
    return render(request, "coverage/indicator.html", page=page, sort=sort, wording=wording, sources=FIGURE_SOURCES)


@router.get("/coverage/{indicator}/missing")
def missing(
    request: Request, db: Db, actor: PeopleWatcher, config: Config, asked: Here, indicator: str, page: int = 1
) -> Response:
    """Members of the roster without an earning completion, within the actor's scope."""
    found = figure(db, asked.question(indicator, config.province_code))
    if not _lists(found):
        raise NotFound(_("Chỉ tiêu này không có danh sách người để đối chiếu."))
    query = asked.at(unit=found.unit_code).removeprefix("?")
    people = missing_people(db, actor, found, max(1, min(page, 100_000)))
    return render(request, "coverage/missing.html", page=MissingPage(found, people, query), wording=wording)


def _overview_question(province_code: str, year: str, on: str) -> Question:
    """A past year is seen at its end, this one and the coming ones as of today, unless a day is given."""
    day = parsed_day(on)
    if year and not (year.isascii() and year.isdigit() and len(year) == 4 and year >= "1900"):
        raise Invalid(_("“%(text)s” không phải là năm. Hãy viết như 2026.", text=year[:40]))
    if not year:
        day = day or clock.today()
        return Question("", province_code, day, period=str(day.year))
    return Question("", province_code, day or min(clock.today(), date(int(year), 12, 31)), period=year)


def _year_chips(page: Overview) -> list[tuple[str, str, bool]]:
    return [(str(year), f"/coverage?year={year}", year == page.year) for year in page.years]


def _kind_tabs(page: Overview, total: int) -> list[tuple[str, str, bool, int]]:
    words = (
        ("", _("Tất cả")), ("computed", _("Tự tính")), ("entered", _("Khai báo, khảo sát")),
        ("not_measured", _("Không đo")),
    )  # fmt: skip
    return [
        (text, f"/coverage?{page.query}" + (f"&kind={kind}" if kind else ""), page.kind == kind,
         page.counts[kind] if kind else total)
        for kind, text in words
    ]  # fmt: skip


def _lists(found: Figure) -> bool:
    """Whether there is a roster of people whom one could call."""
    return found.definition.denominator == "roster" and found.definition.measure == "people"


def _crumbs(db: Db, found: Figure, asked: Asked) -> list[tuple[str, str]]:
    trail: list[tuple[str, str]] = []
    unit = unit_queries.unit_on(db, found.unit_code, found.map_on)
    while unit is not None:
        trail.append((unit.name, f"/coverage/{found.definition.code}{asked.at(unit=unit.code)}"))
        unit = unit_queries.unit_by_id(db, unit.parent_id, found.map_on) if unit.parent_id else None
    return [(_("Bao phủ"), "/coverage"), *reversed(trail)]


def _sorted(children: tuple[Figure, ...], sort: str) -> list[Figure]:
    """By name as they come, or lowest ratio first, or most people missing first."""
    if sort == "ratio":
        return sorted(children, key=lambda child: (child.ratio is None, child.ratio or 0.0))
    if sort == "missing":
        return sorted(children, key=lambda child: -child.missing)
    return list(children)


def _tiles(found: Figure, asked: Asked) -> list[dict[str, object]]:
    """The places under a province as a map, each on its own square; none where not one of them has a ratio.

    On a map of before 2025-07-01 they are its districts: the communes of then stand below their own district.
    """
    here = [child for child in found.children if child.unit_kind in ("commune", "district")]
    if found.unit_kind != "province" or all(child.ratio is None for child in here):
        return []
    places = placed([(child.unit_kind, child.unit_code) for child in here])
    tiles = [
        _tile(child, found.definition.code, asked) | {"row": row, "col": col}
        for child, (row, col) in zip(here, places, strict=True)
    ]
    # Read out and tabbed through from the north-west, as the eye goes.
    return sorted(tiles, key=itemgetter("row", "col"))


def _tile(child: Figure, indicator: str, asked: Asked) -> dict[str, object]:
    reached = (
        _("%(unit)s: chưa có mẫu số", unit=child.unit_name)
        if child.ratio is None
        else _("%(unit)s: %(ratio)s (%(basis)s)", unit=child.unit_name, ratio=format_percent(child.ratio),
               basis=wording.basis_words(child))
    )  # fmt: skip
    return {"label": reached, "ratio": child.ratio, "url": f"/coverage/{indicator}{asked.at(unit=child.unit_code)}"}
