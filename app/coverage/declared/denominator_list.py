"""Many denominators at once: a workbook, a CSV or lines of text; every wrong line is named, all or none is written.

A line is: code of the population; code of the unit; the number; its day; the source.
"""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.table_files import Table
from app.core.tables import Cell, Column
from app.core.typed_lists import LinesWrong, cells_of_lines, rows_as_lines, rows_of_file
from app.coverage.declared.declaring import Declaration, declare_denominator, reach_of
from app.coverage.declared.denominators import Asked, place_rows
from app.coverage.indicators.plan_data import populations
from app.coverage.models import DeclaredFigure

COLUMNS = ("Mã mẫu số", "Mã đơn vị", "Số", "Số của ngày", "Nguồn")
MOST_LINES = 2_000


def lines_of_file(content: bytes, file_name: str) -> str:
    """Rows with a number, as lines of text; the template names all units and leaves most numbers empty."""
    return rows_as_lines(row for row in rows_of_file(content, file_name, COLUMNS) if row[2])


def declare_lines(db: Session, actor: Actor, text: str) -> list[DeclaredFigure]:
    """The figures of all lines. Raises LinesWrong; Invalid for none, too many, or lines of fewer cells than columns."""
    reach = reach_of(db, actor)
    figures: list[DeclaredFigure] = []
    problems: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    said = _("Dòng %(number)s cần đúng năm ô, cách nhau bằng dấu chấm phẩy: %(columns)s.")
    for number, (population, unit, value, as_of, source) in cells_of_lines(text, COLUMNS, MOST_LINES, said):
        first = seen.setdefault((population, unit, as_of), number)
        if first != number:
            twice = _("Dòng %(number)s: trùng mẫu số, đơn vị và ngày với dòng %(first)s.", number=number, first=first)
            problems.append(twice)
            continue
        given = Declaration("denominator", value, unit, as_of, source[:500])
        try:
            figures.append(declare_denominator(db, actor, population, given, reach))
        except Invalid as error:
            problems.append(_("Dòng %(number)s: %(what)s", number=number, what=" ".join(error.fields.values())))
    if problems:
        raise LinesWrong(problems)
    return figures


def template(db: Session, code: str, asked: Asked) -> Table:
    """One row for each unit the population is about, to be filled in."""
    columns = (
        Column(COLUMNS[0], width=14), Column(COLUMNS[1], width=12), Column(_("Tên đơn vị"), width=34),
        Column(COLUMNS[2], width=14), Column(COLUMNS[3], width=14), Column(COLUMNS[4], width=50),
    )  # fmt: skip

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in place_rows(db, code, asked):
            yield code, row.unit.code, row.unit.name, "", "", ""

    population = populations()[code]
    note = _("Ghi số vào cột “Số”, ngày của số như 31/12/2025; dòng để trống số thì bỏ qua.")
    return Table(_("Mẫu số"), (population.name, note), columns, rows())
