"""Workbooks of people: reading the template's rows, writing the template and the result."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.table_bombs import refuse_bombs
from app.core.tables import Cell, Column, cell_text, read_sheet, sheet_name, write_xlsx
from app.identity.lists.office_titles import Period
from app.identity.lists.people_import import COLUMNS, is_template_header, missing_columns
from app.identity.lists.people_report import (
    OUTCOMES,
    ImportReport,
    Reading,
    RowReport,
    SkippedRow,
    UnitQuestion,
)

# Far above any list of a province; a guard for the memory.
MAX_ROWS = 100_000
# A template is the names of its columns with their widths, in order.
Template = Mapping[str, int]
PEOPLE: Template = dict(zip(COLUMNS, (6, 26, 13, 10, 16, 15, 26, 11, 28, 28, 12, 20, 14), strict=True))


@dataclass(frozen=True)
class SheetRow:
    """A row: its number as Excel shows it, its cells in the order of the template.

    `sheet` and what was said on the way only where an office's own list was put into the template (office_rows.py);
    a refusal names the column of the template it is about. What somebody decided on the row: that its doubts are none
    (`confirmed`), and whom it means (`choice`: a candidate's key, or NEW). `position`: among the rows of its list.
    `period` is what its list speaks of, if it says so; `question` is open if its unit cannot be told.
    """

    number: int
    cells: list[Cell]
    sheet: str = ""
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    confirmed: bool = False
    choice: str = ""
    position: int = 0
    period: Period | None = None
    question: UnitQuestion | None = None


@dataclass(frozen=True)
class PeopleSheet:
    """The rows of a workbook in the columns of the template; empty rows left out.

    `reading`: how they came there, for an office's own list.
    """

    file: str
    sheet: str
    rows: list[SheetRow]
    reading: Reading | None = None


def read_people_sheet(path: Path, file: str, template: Template = PEOPLE, max_rows: int = MAX_ROWS) -> PeopleSheet:
    """The first sheet; raises Invalid, saying why, for what is no workbook or does not follow the template."""
    refuse_bombs(path)
    numbered = [
        (number, cells)
        for number, cells in enumerate(read_sheet(path), start=1)
        if any(cell_text(cell) for cell in cells)
    ]
    header = numbered[0][1] if numbered else []
    if missing := missing_columns(header, tuple(template)):
        raise Invalid(
            _("Tệp thiếu cột: %(columns)s. Hãy dùng đúng tệp mẫu, dòng đầu tiên là tên cột."),
            columns=", ".join(missing),
        )
    if not is_template_header(header, tuple(template)):
        raise Invalid(_("Các cột chưa theo đúng thứ tự của tệp mẫu: %(columns)s."), columns=", ".join(template))
    rows = numbered[1:]
    if not rows:
        raise Invalid(_("Tệp chưa có dòng dữ liệu nào dưới dòng tên cột."))
    if len(rows) > max_rows:
        raise Invalid(
            _("Tệp có %(rows)s dòng; mỗi lần nhập nhiều nhất %(most)s dòng, hãy chia nhỏ."),
            rows=len(rows),
            most=max_rows,
        )
    return PeopleSheet(file, sheet_name(path), [SheetRow(number, cells[: len(template)]) for number, cells in rows])


def read_people_bytes(content: bytes, file: str, template: Template = PEOPLE, max_rows: int = MAX_ROWS) -> PeopleSheet:
    """As `read_people_sheet`, for a workbook that must not lie about on the disk."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.xlsx"
        path.write_bytes(content)
        return read_people_sheet(path, file, template, max_rows)


def template_bytes(template: Template = PEOPLE) -> bytes:
    """The empty template: one row of column names."""
    return _workbook(_("Danh sách"), _columns(template), [])


def result_bytes(report: ImportReport, template: Template = PEOPLE) -> bytes:
    """The given rows with outcome and remarks; after a real import also user names and one-time passwords."""
    extra = [Column(_("Kết quả"), width=18), Column(_("Ghi chú"), width=60)]
    if not report.dry_run and template is PEOPLE:
        extra += [Column(_("Tên đăng nhập"), width=18), Column(_("Mật khẩu lần đầu"), width=26)]
    # An office's own list: its columns stood elsewhere, so each row says where it was.
    place = [Column(_("Trang tính"), width=18), Column(_("Dòng"), width=8)] if report.reading else []
    width = len(template) + len(extra)
    return _workbook(
        _("Kết quả"),
        [*place, *_columns(template), *extra],
        chain(
            ([*(row.sheet, str(row.row))[: len(place)], *_result_cells(row)[:width]] for row in report.rows),
            (_skipped_cells(row, template, width) for row in (report.reading.skipped if report.reading else ())),
        ),
    )


def _skipped_cells(row: SkippedRow, template: Template, width: int) -> list[str | None]:
    """Below the people: what named nobody, so that the result accounts for every row."""
    said = [row.sheet, str(row.row), row.text, *[None] * (len(template) - 1), _("Bỏ qua"), row.reason]
    return said + [None] * (width + 2 - len(said))


def _result_cells(row: RowReport) -> list[str | None]:
    texts = (*row.cells, str(OUTCOMES[row.outcome]), " ".join(row.messages), row.username, row.password)
    return [text or None for text in texts]


def _columns(template: Template) -> list[Column]:
    return [Column(name, width=width) for name, width in template.items()]


def _workbook(sheet: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.xlsx"
        write_xlsx(path, sheet, columns, rows)
        return path.read_bytes()
