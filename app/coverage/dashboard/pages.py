"""The dashboard: every indicator, one indicator down the unit tree, and who is missing."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.table_files import download
from app.core.templating import format_percent
from app.core.web import Config, Db, Me, having, redirect, render
from app.coverage.counting import figures, wording
from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import Figure, Question, figure, figure_alone, period_of
from app.coverage.counting.periods import Period
from app.coverage.dashboard.asked import Asked, wants_json
from app.coverage.dashboard.choosing import Here, checked, choosing_form
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
class SortedAsked(Asked):
    """`sort` is "" for the order of names, else ratio (lowest first) or missing (most first)."""

    sort: str = ""


@dataclass(frozen=True)
class IndicatorPage:
    """One indicator at one unit; `crumbs` lead down to it from the province, `asked` keeps date and map in links."""

    figure: Figure
    crumbs: list[tuple[str, str]]
    children: list[Figure]
    tiles: list[dict[str, object]]
    asked: SortedAsked
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

    def url_of(self, code: str, **changed: str) -> str:
        return f"/coverage/{self.figure.definition.code}{self.asked.at(unit=code, **changed)}"

    @property
    def query(self) -> str:
        """Date, map and period for links that name the unit themselves."""
        return "&" + query.removeprefix("?") if (query := self.asked.below("")) else ""


@dataclass(frozen=True)
class OverviewAsked(Asked):
    """`year` is an older word for a period; `kind` is "" for all, else computed, entered or not_measured."""

    year: str = ""
    kind: str = ""

    def settled(self) -> Self:
        return replace(self, period=self.period or self.year, year="")

    def of_province(self, province_code: str) -> Question:
        """A past period is seen at its end, this one and the coming ones as of today, unless a day is given."""
        question = self.question("", province_code)
        period = period_of(question)
        on = question.on if self.on else min(question.on, period.last)
        return replace(question, on=on, period=period.code)


@dataclass(frozen=True)
class Group:
    """The indicators of one section of a plan."""

    plan: str
    section: str
    figures: list[Figure]


@dataclass(frozen=True)
class Overview:
    """`counts` indicators of each kind and verdict; `unit_name` is "" where no unit has any."""

    asked: OverviewAsked
    question: Question
    period: Period
    unit_name: str
    years: list[int]
    counts: Counter[str]
    groups: list[Group]
    paces: dict[str, Pace]

    def url_of(self, indicator: str) -> str:
        """Its page, of the day and the period shown here."""
        asked, question = self.asked, self.question
        shown = Asked(asked.unit, question.on.isoformat(), asked.map, question.period or "", asked.known)
        return f"/coverage/{indicator}{shown.at()}"


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


SortedHere = Annotated[SortedAsked, Depends(checked(SortedAsked))]
OverviewHere = Annotated[OverviewAsked, Depends(checked(OverviewAsked))]


@router.get("/coverage")
def overview(request: Request, db: Db, actor: Me, config: Config, asked: OverviewHere) -> Response:
    """Every indicator at the province against its target of the year."""
    question = asked.of_province(config.province_code)
    found = figures.overview(db, question)
    if wants_json(request):
        return JSONResponse({"indicators": [as_json(one, children=False) for one in found]})
    counts = Counter(kind_of(one) for one in found)
    counts.update({True: "met", False: "not_met", None: "unknown"}[one.met] for one in found)
    shown = [one for one in found if asked.kind in ("", kind_of(one))]
    groups = [
        Group(plan, section, list(some))
        for (plan, section), some in groupby(
            shown, key=lambda one: (one.definition.plan, one.definition.source_section)
        )
    ]
    years = sorted({*range(_FIRST_YEAR, clock.today().year + 1), max(row.year for row in plan_rows())})
    page = Overview(
        asked, question, period_of(question), found[0].unit_name if found else "", years, counts, groups,
        paces_of(db, found),
    )  # fmt: skip
    return render(
        request, "coverage/overview.html", page=page, kind_of=kind_of, wording=wording, sources=FIGURE_SOURCES,
        years=_year_chips(page), kinds=_kind_tabs(page, len(found)),
        choosing=choosing_form(request, db, asked, question),
    )  # fmt: skip


@router.get("/coverage/table.{format}")
def overview_file(request: Request, db: Db, actor: Me, config: Config, asked: OverviewHere, format: str) -> Response:
    """The dashboard as a file."""
    question = asked.of_province(config.province_code)
    table = overview_table(db, question)
    return download(table, format, f"hocso-chi-tieu-{question.period}")


@router.get("/coverage/{indicator}")
def indicator(request: Request, db: Db, actor: Me, config: Config, asked: SortedHere, indicator: str) -> Response:
    """One indicator at a unit and its children; the same figures as JSON when asked for."""
    question = asked.question(indicator, config.province_code)
    found = figure(db, question)
    if wants_json(request):
        return JSONResponse(as_json(found))
    if not found.definition.is_counted:
        # Nothing of ours to drill into: what was declared stands with the definition.
        return redirect(request, f"/coverage/{indicator}/definition")
    page = IndicatorPage(
        figure=found, crumbs=_crumbs(db, found, asked), children=_sorted(found.children, asked.sort),
        tiles=_tiles(found, asked), asked=asked, pace=paces_of(db, [found]).get(found.definition.code),
        may_see_people=actor.can("coverage.people") and _lists(found), may_take_evidence=may_take_evidence(actor),
    )  # fmt: skip
    return render(
        request, "coverage/indicator.html", page=page, wording=wording, sources=FIGURE_SOURCES,
        choosing=choosing_form(request, db, asked, question),
    )  # fmt: skip


@router.get("/coverage/{indicator}/missing")
def missing(
    request: Request, db: Db, actor: PeopleWatcher, config: Config, asked: Here, indicator: str, page: int = 1
) -> Response:
    """Members of the roster without an earning completion, within the actor's scope."""
    question = asked.question(indicator, config.province_code)
    found = figure_alone(db, question)
    if not _lists(found):
        raise NotFound(_("Chỉ tiêu này không có danh sách người để đối chiếu."))
    query = asked.at(unit=found.unit_code).removeprefix("?")
    people = missing_people(db, actor, found, max(1, min(page, 100_000)))
    return render(
        request, "coverage/missing.html", page=MissingPage(found, people, query),
        choosing=choosing_form(request, db, asked, question),
    )  # fmt: skip


def _year_chips(page: Overview) -> list[tuple[str, str, bool]]:
    return [
        (str(year), "/coverage" + page.asked.at(period=str(year), on="", kind=""),
         page.period.is_whole_year and year == page.period.year)
        for year in page.years
    ]  # fmt: skip


def _kind_tabs(page: Overview, total: int) -> list[tuple[str, str, bool, int]]:
    words = (
        ("", _("Tất cả")), ("computed", _("Tự tính")), ("entered", _("Khai báo, khảo sát")),
        ("not_measured", _("Không đo")),
    )  # fmt: skip
    return [
        (text, "/coverage" + page.asked.at(kind=kind), page.asked.kind == kind,
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
