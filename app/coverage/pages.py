"""The dashboard: every counted indicator, one indicator down the unit tree, and who is missing."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.templating import format_percent
from app.core.web import Config, Db, Me, having, render
from app.coverage.definitions import definitions
from app.coverage.figures import Figure, Question, as_json, figure
from app.coverage.missing import MissingPeople, missing_people
from app.identity import unit_queries

router = APIRouter()

PeopleWatcher = Annotated[Actor, having("coverage.people")]


@dataclass(frozen=True)
class IndicatorPage:
    """One indicator at one unit; `crumbs` lead down to it from the province, `query` keeps date and map in links."""

    figure: Figure
    crumbs: list[tuple[str, str]]
    children: list[Figure]
    tiles: list[dict[str, object]]
    query: str
    on_given: date
    map_given: date | None
    may_see_people: bool

    @property
    def counted(self) -> list[Figure]:
        """Children with something to show; the others would be a hundred empty rows on a phone."""
        return [child for child in self.children if child.denominator.value or child.output]

    @property
    def empty(self) -> list[Figure]:
        return [child for child in self.children if not (child.denominator.value or child.output)]

    def url_of(self, code: str) -> str:
        return f"/coverage/{self.figure.definition.code}?unit={code}{self.query}"


@dataclass(frozen=True)
class Overview:
    on: date
    figures: list[Figure]


@dataclass(frozen=True)
class MissingPage:
    figure: Figure
    people: MissingPeople
    url: str


@router.get("/coverage")
def overview(request: Request, db: Db, actor: Me, config: Config, on: str = "") -> Response:
    """Every computed indicator at the province."""
    day = _day(on) or clock.today()
    codes = dict.fromkeys(found.code for found in definitions(db) if found.covers_year(day.year))
    figures = [figure(db, Question(code, config.province_code, day)) for code in codes]
    return render(request, "coverage/overview.html", page=Overview(day, figures))


@router.get("/coverage/{indicator}")
def indicator(
    request: Request, db: Db, actor: Me, config: Config, indicator: str, unit: str = "", on: str = "", map: str = "",
    period: str = "", sort: str = "",
) -> Response:  # fmt: skip
    """One indicator at a unit and its children; the same figures as JSON when asked for."""
    day, map_on = _day(on) or clock.today(), _day(map)
    code = unit or config.province_code
    found = figure(db, Question(indicator, code, day, map_on, period=period or None))
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(as_json(found))
    query = urlencode({name: value for name, value in (("on", on), ("map", map), ("period", period)) if value})
    query = f"&{query}" if query else ""
    page = IndicatorPage(
        figure=found, crumbs=_crumbs(db, found, query), children=_sorted(found.children, sort),
        tiles=[_tile(child, indicator, query) for child in found.children if child.unit_kind == "commune"],
        query=query, on_given=day, map_given=map_on, may_see_people=actor.can("coverage.people"),
    )  # fmt: skip
    return render(request, "coverage/indicator.html", page=page, sort=sort)


@router.get("/coverage/{indicator}/missing")
def missing(
    request: Request, db: Db, actor: PeopleWatcher, config: Config, indicator: str, unit: str = "", on: str = "",
    map: str = "", period: str = "", page: int = 1,
) -> Response:  # fmt: skip
    """Members of the roster without an earning completion, within the actor's scope."""
    day, map_on = _day(on) or clock.today(), _day(map)
    code = unit or config.province_code
    found = figure(db, Question(indicator, code, day, map_on, period=period or None))
    given = {"unit": found.unit_code, "on": on, "map": map, "period": period}
    query = urlencode({name: value for name, value in given.items() if value})
    people = missing_people(db, actor, found, max(1, min(page, 100_000)))
    return render(request, "coverage/missing.html", page=MissingPage(found, people, query))


def _crumbs(db: Db, found: Figure, query: str) -> list[tuple[str, str]]:
    trail: list[tuple[str, str]] = []
    unit = unit_queries.unit_on(db, found.unit_code, found.map_on)
    while unit is not None:
        trail.append((unit.name, f"/coverage/{found.definition.code}?unit={unit.code}{query}"))
        unit = unit_queries.unit_by_id(db, unit.parent_id, found.map_on) if unit.parent_id else None
    return [(_("Bao phủ"), "/coverage"), *reversed(trail)]


def _sorted(children: tuple[Figure, ...], sort: str) -> list[Figure]:
    """By name as they come, or lowest ratio first, or most people missing first."""
    if sort == "ratio":
        return sorted(children, key=lambda child: (child.ratio is None, child.ratio or 0.0))
    if sort == "missing":
        return sorted(children, key=lambda child: -child.missing)
    return list(children)


def _tile(child: Figure, indicator: str, query: str) -> dict[str, object]:
    reached = (
        _("%(unit)s: chưa có mẫu số", unit=child.unit_name)
        if child.ratio is None
        else _("%(unit)s: %(ratio)s (%(done)s trên %(all)s người)", unit=child.unit_name,
               ratio=format_percent(child.ratio), done=child.numerator, all=child.denominator.value)
    )  # fmt: skip
    return {"label": reached, "ratio": child.ratio, "url": f"/coverage/{indicator}?unit={child.unit_code}{query}"}


def _day(text: str) -> date | None:
    """A day from the address, as browsers or people write it; raises Invalid for what is none."""
    if not text:
        return None
    day = clock.parse_day(text)
    if day is None:
        raise Invalid(_("“%(text)s” không phải là ngày. Hãy viết như 21/11/2026.", text=text[:40]))
    return day
