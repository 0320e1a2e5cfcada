"""A long table as XLSX: XlsxWriter draws the sheet with a single row, and a million others take this row's place.

A cell is a few letters around its text, written for a whole column at once; XlsxWriter needs ten times as long for it.
"""

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from app.core import clock
from app.core.bulk_files import Batch
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.tables import MOST_LETTERS, MOST_LINES, Cell, Column, write_xlsx

TOO_LONG = _("Bảng này dài hơn một trang tính Excel chứa được. Hãy xuất ra CSV hoặc lọc bớt.")

_SHEET = "xl/worksheets/sheet1.xml"
_ROW = re.compile(r'<row r="(\d+)"[^>]*>((?:(?!<row ).)*)</row>(?=</sheetData>)', re.DOTALL)
_STYLE = re.compile(r' s="\d+"')
# Says how far the table goes, and would have to be known before the first row; readers do without.
_DIMENSION = re.compile(r"<dimension [^>]*/>")
# What XML would take for something else, drop, or refuse; Excel's own way to write the last is _x0001_.
_DELICATE = ("&", "<", ">", "_x")
_REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
# Excel counts days from here, with a 29 February 1900 that never was.
_DAY_ZERO = date(1899, 12, 30).toordinal()
_MOMENT_ZERO = datetime(1899, 12, 30)
_SECONDS_A_DAY = 86_400


def write_long_xlsx(
    path: Path, sheet: str, columns: Sequence[Column], batches: Iterable[Batch], notes: Sequence[str] = ()
) -> int:
    """What `write_xlsx` writes, at a tenth of its cost; the number of rows.

    Raises Invalid for more than a sheet holds.
    """
    with tempfile.TemporaryDirectory(prefix="xlsx-") as scratch:
        frame = Path(scratch) / "frame.xlsx"
        write_xlsx(frame, sheet, columns, [[None] * len(columns)], notes)
        with zipfile.ZipFile(frame) as drawn, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for name in drawn.namelist():
                if name != _SHEET:
                    made.writestr(name, drawn.read(name))
            return _fill(made, drawn.read(_SHEET).decode(), columns, batches)


def _fill(made: zipfile.ZipFile, drawn: str, columns: Sequence[Column], batches: Iterable[Batch]) -> int:
    drawn = _DIMENSION.sub("", drawn)
    example = _ROW.search(drawn)
    assert example, "XlsxWriter has drawn no row"
    first = line = int(example[1])
    cells = [
        _cells_of(column, f'<c r="{_letters(place)}', f'"{style}')
        for place, (column, style) in enumerate(zip(columns, _STYLE.findall(example[2]), strict=True))
    ]
    with made.open(_SHEET, "w", force_zip64=True) as out:
        out.write(drawn[: example.start()].encode())
        for batch in batches:
            count = len(batch[0])
            if line + count - 1 > MOST_LINES:
                raise Invalid(TOO_LONG)
            numbers = list(map(str, range(line, line + count)))
            drawn_cells = [draw(numbers, column) for draw, column in zip(cells, batch, strict=True)]
            rows = map("".join, zip(*drawn_cells, strict=True))
            out.write("".join([f'<row r="{n}">{row}</row>' for n, row in zip(numbers, rows, strict=True)]).encode())
            line += count
        out.write(drawn[example.end() :].encode())
    return line - first


_Draw = Callable[[Sequence[str], Sequence[Any]], list[str]]


def _cells_of(column: Column, begin: str, style: str) -> _Draw:
    """What draws the cells of a column: `begin` and the row's number, then `style` and the value."""

    def numbers(lines: Sequence[str], cells: Iterable[Any]) -> list[str]:
        return [
            f"{begin}{n}{style}/>" if cell is None else f"{begin}{n}{style}><v>{cell}</v></c>"
            for n, cell in zip(lines, cells, strict=True)
        ]

    def texts(lines: Sequence[str], cells: Iterable[Any]) -> list[str]:
        cells = list(_safe(["" if cell is None else cell for cell in cells]))
        return [
            f'{begin}{n}{style} t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
            if cell else f"{begin}{n}{style}/>"
            for n, cell in zip(lines, cells, strict=True)
        ]  # fmt: skip

    match column.kind:
        case "int" | "number" | "ratio":
            # Words stand in a column of numbers where a truth is said in words.
            return lambda lines, cells: (texts if any(type(one) is str for one in cells) else numbers)(lines, cells)
        case "date":
            return lambda lines, cells: numbers(lines, [cell and cell.toordinal() - _DAY_ZERO for cell in cells])
        case "instant":
            return lambda lines, cells: numbers(lines, map(_moment, cells))
        case _:
            return texts


def _safe(texts: list[str]) -> Iterator[str] | list[str]:
    """Asked of all at once: hardly ever is there one to be changed."""
    together = "".join(texts)
    is_plain = together.isprintable() and not any(sign in together for sign in _DELICATE)
    return texts if is_plain and max(map(len, texts)) <= MOST_LETTERS else map(_safe_text, texts)


def _safe_text(text: str) -> str:
    if len(text) > MOST_LETTERS:
        text = text[: MOST_LETTERS - 1] + "…"
    return _REFUSED.sub(lambda found: f"_x{ord(found[0]):04X}_", escape(text))


def _moment(value: Cell) -> float | None:
    """Days since Excel's own beginning, on a clock in Vietnam."""
    if not isinstance(value, datetime):
        return None
    since = value.astimezone(clock.VIETNAM).replace(tzinfo=None) - _MOMENT_ZERO
    return round(since.total_seconds() / _SECONDS_A_DAY, 8)


def _letters(place: int) -> str:
    """A, B … Z, AA for 0, 1 …, as Excel calls columns."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
