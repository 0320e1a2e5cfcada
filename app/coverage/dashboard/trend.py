"""One indicator at one unit over time: month by month against the year before, and year by year on one map."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.coverage.counting.amounts import Sums
from app.coverage.counting.figures import Figure, Question, figure_alone, while_books_stand
from app.coverage.counting.periods import year_period
from app.coverage.counting.timeline import month_ends, sums_over
from app.coverage.declared.book import DeclaredBook
from app.coverage.indicators.definitions import Definition, definitions, in_year

# Whoever asks for a day in the year 9998 shall not keep the server at eight thousand years.
_YEARS_MAX = 40


@dataclass(frozen=True)
class Point:
    """What stood at the end of a day; `ratio` is None where nothing is divided."""

    day: date
    numerator: int
    denominator: int | None
    output: int

    @property
    def ratio(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Line:
    """A year, counted by one version of the definition."""

    year: int
    version: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Trend:
    """`this` ends on the reference date; `before` is the whole year before, None if the indicator had not begun."""

    this: Line
    before: Line | None

    @property
    def is_broken(self) -> bool:
        """Whether the two years are counted in different ways."""
        return self.before is not None and self.before.version != self.this.version


def monthly(db: Session, found: Figure) -> Trend | None:
    """The months of the figure's year and of the year before; None where the figure cannot be told apart on its map.

    Every point is what `figure` says for that day on the same map.
    """
    if "not_separable" in found.flags:
        return None
    reference = found.reference_date
    known = definitions(db, found.definition.code, found.known_at)
    versions = {year: _version(known, year) for year in (reference.year - 1, reference.year)}
    days = {
        reference.year: month_ends(date(reference.year, 1, 1), reference),
        reference.year - 1: month_ends(date(reference.year - 1, 1, 1), date(reference.year - 1, 12, 31)),
    }
    points = points_of(db, found, [(versions[year], days[year]) for year in sorted(days) if versions[year]])
    lines = {year: _line(versions[year], year, points) for year in days}
    this = lines[reference.year]
    assert this is not None, "the figure asked for has a definition"
    return Trend(this, lines[reference.year - 1])


def yearly(db: Session, found: Figure, first_year: int) -> list[Line]:
    """One point for each year, at its end or on the reference date, all on the figure's map: old units summed into
    what they went into (DESIGN 5, Maps). The last forty years at most. Empty where the figure cannot be told apart."""
    if "not_separable" in found.flags:
        return []
    reference = found.reference_date
    asked, known = [], definitions(db, found.definition.code)
    for year in range(max(first_year, reference.year - _YEARS_MAX + 1), reference.year + 1):
        if version := _version(known, year):
            asked.append((version, [min(date(year, 12, 31), reference)]))
    points = points_of(db, found, asked)
    return [line for version, (day,) in asked if (line := _line(version, day.year, points))]


def points_of(
    db: Session, found: Figure, asked: Sequence[tuple[Definition | None, Sequence[date]]]
) -> dict[tuple[int, date], Point]:
    """By version and day; one statement for each version, whatever the number of days and people."""
    days_of: dict[int, list[date]] = {}
    by_id: dict[int, Definition] = {}
    for definition, days in asked:
        if definition is not None:
            by_id[definition.version_id] = definition
            days_of.setdefault(definition.version_id, []).extend(days)
    points: dict[tuple[int, date], Point] = {}
    for version_id, days in days_of.items():
        definition = by_id[version_id]
        if definition.measure == "units":
            points |= {(version_id, day): _counted(db, found, day) for day in days}
            continue
        sums = _sums(db, version_id, tuple(days), found)
        book = DeclaredBook(db, [definition], year_period(days[0].year), days[0], found.known_at, found.map_on)
        for day, of in zip(days, sums, strict=True):
            points[version_id, day] = _point(definition, book.on(day), found.unit_id, day, of)
    return points


def _sums(db: Session, version_id: int, days: tuple[date, ...], found: Figure) -> list[Sums]:
    def work_out() -> list[Sums]:
        return sums_over(db, version_id, days, [found.unit_id], found.map_on, found.known_at)[found.unit_id]

    return while_books_stand(db, ("trend", version_id, days, found.unit_id, found.map_on, found.known_at), work_out)


def _point(definition: Definition, book: DeclaredBook, unit_id: int, day: date, sums: Sums) -> Point:
    if definition.denominator == "roster":
        return Point(day, sums.coverage, sums.roster or None, sums.output)
    declared = book.denominator(definition, unit_id) if definition.denominator == "declared" else None
    return Point(day, sums.output, round(declared.value) if declared else None, sums.output)


def _counted(db: Session, found: Figure, day: date) -> Point:
    """Units that are counted themselves add up to nothing: each day is asked for by itself."""
    then = figure_alone(db, Question(found.definition.code, found.unit_code, day, found.map_on, found.known_at))
    return Point(day, then.numerator or 0, then.denominator.value, then.output)


def _version(known: Sequence[Definition], year: int) -> Definition | None:
    return next(iter(in_year(known, year)), None)


def _line(definition: Definition | None, year: int, points: dict[tuple[int, date], Point]) -> Line | None:
    if definition is None:
        return None
    own = [
        point for (version_id, day), point in points.items() if version_id == definition.version_id and day.year == year
    ]
    return Line(year, definition.number, tuple(sorted(own, key=lambda point: point.day)))
