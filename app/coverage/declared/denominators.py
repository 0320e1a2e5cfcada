"""Which denominators are there on a day, as known at some time, and which are missing, since when and from whom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.coverage.counting.periods import year_period
from app.coverage.counting.sums import units_of_kinds
from app.coverage.declared.book import DeclaredBook
from app.coverage.declared.figures_in_force import Declared, history
from app.coverage.declared.models import FigureDocument
from app.coverage.indicators.definitions import Definition, definitions, to_speak_of
from app.coverage.indicators.plan_data import Population, populations
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay


@dataclass(frozen=True)
class Asked:
    """The unit tree and the figures of a day; `known_at`: only what had been recorded by then, None for all."""

    province_code: str
    on: date
    known_at: datetime | None = None


@dataclass(frozen=True)
class PopulationRow:
    """A population at the province. `indicators` divide by it; `place_count` communes it is about, `declared_count` of
    them with a figure. `missing_since`: an indicator wants it from that day and the province has none."""

    population: Population
    indicators: tuple[str, ...]
    declared: Declared | None
    place_count: int
    declared_count: int
    missing_since: date | None


@dataclass(frozen=True)
class PlaceRow:
    """One place and its figure; `missing_since` where it has none."""

    unit: UnitOnDay
    declared: Declared | None
    missing_since: date | None


@dataclass(frozen=True)
class Entry:
    """One declared figure; `replaced` once a later entry corrects it, `document` the name of its paper."""

    declared: Declared
    unit_name: str
    replaced: bool
    document: str


def population_rows(db: Session, asked: Asked) -> list[PopulationRow]:
    """All populations, those that are missing first."""
    wanted = _wanted(definitions(db), asked.on.year)
    book = _book(db, asked, populations())
    province = unit_queries.unit_on(db, asked.province_code, asked.on)
    places = {
        scope: units_of_kinds(db, ("commune",), scope, asked.on)
        for scope in {one.former_province for one in populations().values()}
    }
    began = unit_queries.lives_of(db, {province.unit_id})[province.unit_id][0].valid_from if province else date.max
    rows = []
    for code, population in populations().items():
        declared = book.population(code, province.unit_id) if province else None
        inside = places[population.former_province]
        indicators, since = wanted.get(code, ((), None))
        with_figure = sum(book.population(code, unit_id) is not None for unit_id in inside)
        missing = _missing_since(since, began, declared, asked.on)
        rows.append(PopulationRow(population, indicators, declared, len(inside), with_figure, missing))
    return sorted(rows, key=lambda row: (row.missing_since is None, not row.indicators))


def place_rows(db: Session, code: str, asked: Asked) -> list[PlaceRow]:
    """The province, then the communes the population is about, in order."""
    population = populations()[code]
    province = unit_queries.unit_on(db, asked.province_code, asked.on)
    if province is None:
        return []
    inside = units_of_kinds(db, ("commune",), population.former_province, asked.on)
    communes = unit_queries.in_order(unit_queries.units_by_id(db, inside, asked.on).values())
    book = _book(db, asked, [code])
    _indicators, since = _wanted(definitions(db), asked.on.year).get(code, ((), None))
    lives = unit_queries.lives_of(db, {province.unit_id, *inside})
    rows = []
    for unit in (province, *communes):
        declared = book.population(code, unit.unit_id)
        rows.append(
            PlaceRow(unit, declared, _missing_since(since, lives[unit.unit_id][0].valid_from, declared, asked.on))
        )
    return rows


def entries(db: Session, code: str, known_at: datetime | None) -> list[Entry]:
    """Everything declared for a population by then, newest first."""
    found = [one for one in history(db, [code]) if known_at is None or one.recorded_at <= known_at]
    units = unit_queries.lives_of(db, {one.unit_id for one in found})
    replaced = {one.corrects_id for one in found}
    documents = documents_of(db, {one.id for one in found})
    return [
        Entry(
            one, unit_queries.version_for(units[one.unit_id], one.as_of).name, one.id in replaced,
            documents.get(one.id, ""),
        )
        for one in found
    ]  # fmt: skip


def documents_of(db: Session, figure_ids: Collection[int]) -> dict[int, str]:
    """Names of the papers behind these figures."""
    rows = db.execute(
        select(FigureDocument.figure_id, FigureDocument.file_name).where(FigureDocument.figure_id.in_(figure_ids))
    )
    return dict(rows.all())


def how_words(declared: Declared) -> str:
    """How the figure came to this unit; "" for its own."""
    return {"carried": _("theo dòng sáp nhập"), "summed": _("tổng của các địa bàn")}.get(declared.how, "")


def _book(db: Session, asked: Asked, codes: Collection[str]) -> DeclaredBook:
    return DeclaredBook(db, (), year_period(asked.on.year), asked.on, asked.known_at, asked.on, also=codes)


def _missing_since(since: date | None, began: date, declared: Declared | None, on: date) -> date | None:
    """A unit that came later, from several others, declares from its own first day on."""
    if since is None or declared is not None:
        return None
    first = max(since, began)
    return first if first <= on else None


def _wanted(found: list[Definition], year: int) -> Mapping[str, tuple[tuple[str, ...], date]]:
    """Population -> the indicators that divide by it in a year, and the first day one of them did."""
    wanted: dict[str, tuple[tuple[str, ...], date]] = {}
    in_force = to_speak_of(found, year)
    for one in found:
        if one.population is None or one.population != in_force[one.code].population:
            continue
        codes, since = wanted.get(one.population, ((), date.max))
        wanted[one.population] = (
            tuple(dict.fromkeys((*codes, one.code))), min(since, date(one.first_year, 1, 1)),
        )  # fmt: skip
    return wanted
