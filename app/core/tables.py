"""Tables in and out: CSV that Excel opens rightly, XLSX with styled heads, and reading what offices send."""

import csv
import io
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.table_texts import text_rows

if TYPE_CHECKING:
    import xlsxwriter

Cell = str | int | float | date | datetime | None
Kind = Literal["text", "int", "number", "ratio", "date", "instant"]

# Limits of Excel itself; what is over them XlsxWriter would drop without a word.
MOST_LINES = 1_048_576
MOST_LETTERS = 32_767
NUMBER_FORMATS: dict[Kind, str] = {
    "text": "@", "int": "#,##0", "number": "General", "ratio": "0.0%", "date": "dd/mm/yyyy",
    "instant": "dd/mm/yyyy hh:mm",
}  # fmt: skip
_NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
RUNS_AS_FORMULA = frozenset("=+-@\t\r\n")
_ZIPPED, _COMPOUND = b"PK", b"\xd0\xcf\x11\xe0"
_TEXT_SHEET = "CSV"
_UNREADABLE = _("Tệp này không phải bảng tính Excel đọc được. Hãy mở tệp rồi lưu lại dạng .xlsx.")
_LOCKED = _("Tệp có mật khẩu. Hãy bỏ mật khẩu rồi lưu lại.")


@dataclass(frozen=True)
class Column:
    """One column of an output table; `kind` chooses the number format, `name` is what programs call it."""

    title: str
    kind: Kind = "text"
    width: int = 18
    name: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; `rows` can be walked once, empty cells are None."""

    name: str
    visible: bool
    rows: Iterator[list[Cell]]


def write_csv(out: BinaryIO, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    """UTF-8 with a BOM, since Excel else reads Vietnamese as another code page; returns the number of rows."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    count = 0
    try:
        writer = csv.writer(text)
        writer.writerow([column.title for column in columns])
        for row in rows:
            # Most cells are texts nothing need be done to: to ask here costs a quarter of a call.
            writer.writerow(
                [cell if type(cell) is str and cell[:1] not in RUNS_AS_FORMULA else csv_cell(cell) for cell in row]
            )
            count += 1
    finally:
        # Else the wrapper would close the caller's stream when it goes.
        text.detach()
    return count


def write_xlsx(
    path: Path, sheet: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], notes: Sequence[str] = ()
) -> int:
    """One sheet with a frozen styled head, streamed to disk with flat memory; returns the number of rows.

    Raises Invalid for more rows than a sheet holds, OSError if the file cannot be written.
    """
    # Loaded with the first workbook: 10 MB that most server processes never need.
    import xlsxwriter

    with tempfile.TemporaryDirectory(prefix="xlsx-") as scratch:
        made = Path(scratch) / "book.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": scratch}
        book = xlsxwriter.Workbook(str(made), options)
        try:
            count = _fill(book, sheet, columns, rows, notes)
        finally:
            # Also after an error: the book holds scratch files open.
            _close(book)
        shutil.move(made, path)
    return count


def read_sheet(path: Path) -> Iterator[list[Cell]]:
    """The rows of the first sheet, empty trailing cells kept; raises Invalid if it is no table (`read_sheets`)."""
    if _is_text(path):
        yield from _text_rows(path)
        return
    try:
        sheet = _open_book(path).get_sheet_by_index(0)
    except (CalamineError, IndexError) as error:
        raise Invalid(_UNREADABLE) from error
    for row in sheet.iter_rows():
        yield [_cell(value) for value in row]


def read_sheets(path: Path) -> Iterator[Sheet]:
    """Every sheet with cells, one in memory at a time, also the hidden; raises Invalid if it is no table.

    Excel of all times (.xlsx, .xlsb, .xls), OpenDocument (.ods) and plain text (CSV, TSV: one sheet), told apart by
    what they hold: offices rename files.
    """
    if _is_text(path):
        yield Sheet(_TEXT_SHEET, True, _text_rows(path))
        return
    book = _open_book(path)
    try:
        for index, about in enumerate(book.sheets_metadata):
            if about.typ == SheetTypeEnum.WorkSheet:
                rows = ([_cell(value) for value in row] for row in book.get_sheet_by_index(index).iter_rows())
                yield Sheet(about.name, about.visible == SheetVisibleEnum.Visible, rows)
    except CalamineError as error:
        raise Invalid(_UNREADABLE) from error


def sheet_name(path: Path) -> str:
    """The name of the first sheet; raises Invalid if it is no table."""
    if _is_text(path):
        return _TEXT_SHEET
    names = _open_book(path).sheet_names
    return str(names[0]) if names else ""


def sheet_title(text: str) -> str:
    """A name Excel takes for a sheet."""
    return _NOT_IN_A_SHEET_NAME.sub(" ", text)[:31].strip(" '")


def cell_text(value: Cell) -> str:
    """A cell as the person typed it: Excel hands whole numbers over as floats."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value).strip()


def _fill(
    book: "xlsxwriter.Workbook",
    sheet: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    notes: Sequence[str],
) -> int:
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1, "text_wrap": True, "valign": "vcenter"})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in NUMBER_FORMATS.items()}
    page = book.add_worksheet(sheet_title(sheet))
    for index, column in enumerate(columns):
        page.set_column(index, index, column.width)
    line = 0
    for note in notes:
        page.write_string(line, 0, note)
        line += 1
    page.freeze_panes(line + 1, 0)
    for index, column in enumerate(columns):
        page.write_string(line, index, column.title, head)
    count = 0
    for row in rows:
        line += 1
        count += 1
        if line >= MOST_LINES:
            raise Invalid(_("Bảng này dài hơn một trang tính Excel chứa được. Hãy xuất ra CSV hoặc lọc bớt."))
        for index, (column, value) in enumerate(zip(columns, row, strict=True)):
            _write_cell(page, line, index, value, formats[column.kind])
    return count


def _close(book: "xlsxwriter.Workbook") -> None:
    from xlsxwriter.exceptions import FileCreateError

    try:
        book.close()
    except FileCreateError as error:
        # XlsxWriter hides the error of the operating system, which says whether the disk is full.
        raise error.args[0] from None


def _cell(value: object) -> Cell:
    return None if value == "" else value  # type: ignore[return-value]


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return not file.read(4).startswith((_ZIPPED, _COMPOUND))
    except OSError as error:
        raise Invalid(_UNREADABLE) from error


def _text_rows(path: Path) -> Iterator[list[Cell]]:
    try:
        yield from map(list[Cell], text_rows(path.read_bytes()))
    except ValueError as error:
        raise Invalid(_UNREADABLE) from error


def _open_book(path: Path) -> CalamineWorkbook:
    try:
        with path.open("rb") as file:
            return CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise Invalid(_LOCKED) from error
    except (CalamineError, OSError) as error:
        raise Invalid(_UNREADABLE) from error


def csv_cell(value: Cell) -> str:
    """As people read it: days and minutes of Vietnam, and nothing that Excel would run as a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(clock.VIETNAM).strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return _csv_day(value)
    text = str(value)
    # A cell that begins so would run as a formula in Excel; the apostrophe keeps it text.
    return "'" + text if isinstance(value, str) and text[:1] in RUNS_AS_FORMULA else text


@lru_cache(maxsize=4096)
def _csv_day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _write_cell(page: "xlsxwriter.worksheet.Worksheet", line: int, index: int, value: Cell, style: object) -> None:
    if value is None:
        page.write_blank(line, index, None, style)
    elif isinstance(value, datetime):
        page.write_datetime(line, index, value.astimezone(clock.VIETNAM).replace(tzinfo=None), style)
    elif isinstance(value, date):
        page.write_datetime(line, index, datetime(value.year, value.month, value.day), style)
    elif isinstance(value, int | float):
        page.write_number(line, index, value, style)
    else:
        page.write_string(line, index, value if len(value) <= MOST_LETTERS else value[: MOST_LETTERS - 1] + "…", style)
