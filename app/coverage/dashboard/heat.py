"""Units beside each other: by indicator, or by month of one indicator; and places grouped by former district."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.core.table_files import Table
from app.core.tables import Cell as FileCell
from app.core.tables import Column
from app.coverage.counting.figures import Figure, Question, computed_by_unit, figure, period_of, while_books_stand
from app.coverage.counting.timeline import month_ends, sums_over
from app.coverage.counting.wording import question_words
from app.coverage.dashboard.units_summed import former_districts

BY = ("indicators", "months", "districts")


@dataclass(frozen=True)
class Cell:
    """One figure of the table; `ratio` is None where nothing is divided."""

    numerator: int | None
    denominator: int | None

    @property
    def ratio(self) -> float | None:
        return self.numerator / self.denominator if self.denominator and self.numerator is not None else None


@dataclass(frozen=True)
class HeatColumn:
    """`key` is what the address sorts by; `title` the words a reader hears for the few that are shown."""

    key: str
    text: str
    title: str


@dataclass(frozen=True)
class HeatRow:
    """A unit, or the places of one former district (`code` is ""); `spark` are its ratios at the months' ends."""

    code: str
    name: str
    kind: str
    cells: tuple[Cell, ...]
    spark: tuple[float, ...] = ()


@dataclass(frozen=True)
class Heat:
    """`whole` is the row of the unit itself, counted anew and not summed from the others."""

    whole: HeatRow
    columns: tuple[HeatColumn, ...]
    rows: tuple[HeatRow, ...]

    def sorted_by(self, key: str) -> tuple[HeatRow, ...]:
        """By a column, highest first, with “-” before it lowest first; units without a figure last; "": as they are."""
        at = next((at for at, column in enumerate(self.columns) if column.key == key.removeprefix("-")), None)
        if at is None:
            return self.rows
        sign = 1 if key.startswith("-") else -1
        return tuple(sorted(self.rows, key=lambda row: ((ratio := row.cells[at].ratio) is None, sign * (ratio or 0))))


def by_indicators(db: Session, question: Question) -> Heat:
    """A column for each indicator that has a ratio here; empty rows are left out."""
    found = computed_by_unit(db, question)
    columns = tuple(HeatColumn(one.definition.code, one.definition.code, one.definition.title) for one in found)
    rows: dict[tuple[str, str], list[Cell]] = defaultdict(lambda: [Cell(None, None)] * len(found))
    kinds: dict[tuple[str, str], str] = {}
    for at, one in enumerate(found):
        for child in one.children:
            kinds[child.unit_code, child.unit_name] = child.unit_kind
            rows[child.unit_code, child.unit_name][at] = _cell(child)
    whole = HeatRow(_code(found), _name(found), "", tuple(_cell(one) for one in found))
    return Heat(
        whole,
        columns,
        _with_figures(HeatRow(code, name, kinds[code, name], tuple(cells)) for (code, name), cells in rows.items()),
    )


def by_months(db: Session, question: Question) -> Heat:
    """A column for each month of the year until the reference date, of one indicator; one statement for all units."""
    found = figure(db, question)
    reference = found.reference_date
    days = month_ends(date(reference.year, 1, 1), reference)
    columns = tuple(
        HeatColumn(f"{day.month:02}", f"{day.month:02}", _("Tháng %(month)s", month=day.month)) for day in days
    )
    if found.definition.denominator != "roster" or found.definition.measure != "people":
        # Nothing of a unit's own to divide by month for month.
        return Heat(HeatRow(found.unit_code, found.unit_name, "", ()), (), ())
    children = [child for child in found.children if child.unit_id != found.unit_id and not child.group]
    sums = sums_over(
        db,
        found.definition.version_id,
        days,
        [found.unit_id, *(child.unit_id for child in children)],
        found.map_on,
        found.known_at,
    )

    def row(one: Figure) -> HeatRow:
        cells = tuple(Cell(of.coverage, of.roster or None) for of in sums[one.unit_id])
        return HeatRow(one.unit_code, one.unit_name, one.unit_kind, cells, tuple(cell.ratio or 0.0 for cell in cells))

    return Heat(row(found), columns, _with_figures(row(child) for child in children))


def by_districts(db: Session, question: Question) -> Heat:
    """The communes of today summed by the district they lay in until 2025-06-30; what lies astride stands by itself."""
    found = [one for one in computed_by_unit(db, question) if one.definition.measure == "people"]
    columns = tuple(HeatColumn(one.definition.code, one.definition.code, one.definition.title) for one in found)
    communes = {child.unit_id for one in found for child in one.children if child.unit_kind == "commune"}
    districts = former_districts(db, communes)
    rows: dict[str, list[Cell]] = defaultdict(lambda: [Cell(None, None)] * len(found))
    for at, one in enumerate(found):
        if one.definition.denominator != "roster":
            # A declared figure belongs to its own unit and is added to nothing.
            continue
        for child in one.children:
            if child.unit_id in districts:
                name = " + ".join(districts[child.unit_id]) or child.unit_name
                rows[name][at] = _added(rows[name][at], _cell(child))
    whole = HeatRow(_code(found), _name(found), "", tuple(_cell(one) for one in found))
    return Heat(whole, columns, tuple(HeatRow("", name, "district", tuple(cells)) for name, cells in rows.items()))


_READERS: dict[str, Callable[[Session, Question], Heat]] = {
    "indicators": by_indicators, "months": by_months, "districts": by_districts,
}  # fmt: skip


def heat_by(db: Session, by: str, question: Question) -> Heat:
    """The table by one of BY; worked out once while the books stand."""
    return while_books_stand(db, ("heat", by, question), lambda: _READERS[by](db, question))


def heat_table(heat: Heat, question: Question, rows: Sequence[HeatRow]) -> Table:
    """The same figures as a file: for each column numerator, denominator and ratio."""
    columns = [Column(_("Mã đơn vị"), width=12), Column(_("Đơn vị"), width=36)]
    for one in heat.columns:
        columns += [
            Column(_("%(column)s: đã đạt", column=one.text), "int", 14),
            Column(_("%(column)s: mẫu số", column=one.text), "int", 14),
            Column(_("%(column)s: tỷ lệ", column=one.text), "ratio", 12),
        ]
    notes = (
        _("Các đơn vị của %(unit)s", unit=heat.whole.name),
        question_words(period_of(question), question.on, question.map_on or question.on, question.known_at),
    )  # fmt: skip
    return Table(_("Các đơn vị"), notes, tuple(columns), [_file_row(row) for row in (heat.whole, *rows)])


def _file_row(row: HeatRow) -> list[FileCell]:
    cells: list[FileCell] = [row.code, row.name]
    for cell in row.cells:
        cells += [cell.numerator, cell.denominator, cell.ratio]
    return cells


def _cell(found: Figure) -> Cell:
    return Cell(found.numerator, found.denominator.value)


def _added(one: Cell, other: Cell) -> Cell:
    """People are added, ratios never (DESIGN 5, Maps)."""
    return Cell(
        (one.numerator or 0) + (other.numerator or 0), (one.denominator or 0) + (other.denominator or 0) or None
    )


def _with_figures(rows: Iterable[HeatRow]) -> tuple[HeatRow, ...]:
    return tuple(row for row in rows if any(cell.denominator for cell in row.cells))


def _code(found: Sequence[Figure]) -> str:
    return found[0].unit_code if found else ""


def _name(found: Sequence[Figure]) -> str:
    return found[0].unit_name if found else ""
