"""A long table as XLSX: XlsxWriter draws the sheet with a single row, and a million others take this row's place.

A cell is a few letters around its text, written in bytes for a whole column at once; the number of a row is what joins
its cells. XlsxWriter needs twenty times as long for it.
"""

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import repeat
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.long_columns import HOUR_US, HOURS_KEPT, LongColumn, Once, RawBatch, hour_of, meaning, repeats
from app.core.tables import MOST_LETTERS, MOST_LINES, Cell, write_xlsx

TOO_LONG = _("Bảng này dài hơn một trang tính Excel chứa được. Hãy xuất ra CSV hoặc lọc bớt.")

_SHEET = "xl/worksheets/sheet1.xml"
_ROW = re.compile(r'<row r="(\d+)"[^>]*>((?:(?!<row ).)*)</row>(?=</sheetData>)', re.DOTALL)
_STYLE = re.compile(r' s="\d+"')
# Says how far the table goes, and would have to be known before the first row; readers do without.
_DIMENSION = re.compile(r"<dimension [^>]*/>")
# What XML would take for something else, drop, or refuse; Excel's own way to write the last is _x0001_.
_DELICATE = bytes(range(32)) + b"&<>"
_REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
# Excel counts days from here, with a 29 February 1900 that never was.
_DAY_ZERO = date(1899, 12, 30).toordinal()
_MOMENT_ZERO = datetime(1899, 12, 30)
_SECONDS_A_DAY = 86_400


def write_long_xlsx(
    path: Path, sheet: str, columns: Sequence[LongColumn], batches: Iterable[RawBatch], notes: Sequence[str] = ()
) -> int:
    """What `write_xlsx` writes, at a twentieth of its cost; the number of rows. Texts are bytes.

    Raises Invalid for more than a sheet holds.
    """
    with tempfile.TemporaryDirectory(prefix="xlsx-") as scratch:
        frame = Path(scratch) / "frame.xlsx"
        write_xlsx(frame, sheet, [one.column for one in columns], [[None] * len(columns)], notes)
        with zipfile.ZipFile(frame) as drawn, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for name in drawn.namelist():
                if name != _SHEET:
                    made.writestr(name, drawn.read(name))
            return _fill(made, drawn.read(_SHEET).decode(), columns, batches)


def _fill(made: zipfile.ZipFile, drawn: str, columns: Sequence[LongColumn], batches: Iterable[RawBatch]) -> int:
    drawn = _DIMENSION.sub("", drawn)
    example = _ROW.search(drawn)
    assert example, "XlsxWriter has drawn no row"
    first = line = int(example[1])
    ends = [*(f'<c r="{_letters(place)}' for place in range(1, len(columns))), "</row>"]
    cells = [
        _drawn(one, f'"{style}', end)
        for one, style, end in zip(columns, _STYLE.findall(example[2]), ends, strict=True)
    ]  # fmt: skip
    # To pack takes as long as to draw: done beside it.
    with made.open(_SHEET, "w", force_zip64=True) as out, ThreadPoolExecutor(1) as packer:
        packed = packer.submit(out.write, drawn[: example.start()].encode())
        for batch in batches:
            count = len(batch[0])
            if line + count - 1 > MOST_LINES:
                raise Invalid(TOO_LONG)
            numbers = map(str.encode, map(str, range(line, line + count)))
            pieces = [draw(column) for draw, column in zip(cells, batch, strict=True)]
            rows = b"".join(map(bytes.join, numbers, zip(repeat(b'<row r="'), repeat(b'"><c r="A'), *pieces)))
            packed.result()
            packed = packer.submit(out.write, rows)
            line += count
        packed.result()
        out.write(drawn[example.end() :].encode())
    return line - first


def _drawn(one: LongColumn, style: str, end: str) -> Callable[[Sequence[Any]], Iterable[bytes]]:
    """What makes of the values of a column what follows the row's number: `style`, the value, and `end`."""
    cell = meaning(one)
    blank, full, after = f"{style}/>{end}", f'{style} t="inlineStr"><is><t', f"</t></is></c>{end}"

    def draw(value: Cell) -> bytes:
        if value is None or value == "":
            text = blank
        elif isinstance(value, str):
            # Else a reader may drop what is before and after the words.
            kept = ' xml:space="preserve"' if value != value.strip() else ""
            text = f"{full}{kept}>{_safe(value)}{after}"
        else:
            text = f"{style}><v>{_number(value)}</v></c>{end}"
        return text.encode()

    drawn = Once(lambda value: draw(cell(value)))
    before, behind, empty = f"{full}>".encode(), after.encode(), blank.encode()

    def texts(cells: Sequence[bytes | None]) -> Iterable[bytes]:
        if repeats(cells) or not _is_plain([text or b"" for text in cells]):
            return drawn.of_each(cells)
        return [before + text + behind if text else empty for text in cells]

    if one.column.kind == "text" and one.is_plain:
        return texts
    return _moments(style, end, draw) if one.column.kind == "instant" else drawn.of_each


def _is_plain(texts: Sequence[bytes]) -> bool:
    """Asked of all at once: hardly ever is there one to be changed."""
    together = b"\n".join([b"", *texts, b""])
    return (
        len(together.translate(None, _DELICATE)) == len(together) - len(texts) - 1
        and b"_x" not in together
        and b"\n " not in together
        and b" \n" not in together
        and max(map(len, texts)) <= MOST_LETTERS
    )


def _safe(text: str) -> str:
    if len(text) > MOST_LETTERS:
        text = text[: MOST_LETTERS - 1] + "…"
    return _REFUSED.sub(lambda found: f"_x{ord(found[0]):04X}_", escape(text))


def _number(value: int | float | date | datetime) -> int | float:
    """As Excel keeps it: days since its own beginning, on a clock in Vietnam."""
    if isinstance(value, datetime):
        since = value.astimezone(clock.VIETNAM).replace(tzinfo=None) - _MOMENT_ZERO
        return round(since.total_seconds() / _SECONDS_A_DAY, 8)
    return value.toordinal() - _DAY_ZERO if isinstance(value, date) else value


def _moments(style: str, end: str, draw: Callable[[Cell], bytes]) -> Callable[[Sequence[Any]], list[bytes]]:
    """Instants to the second. Hardly any comes twice, but hours do, and so do minutes of an hour with their seconds."""
    hours = Once(lambda hour: _number(hour_of(hour)), HOURS_KEPT)
    parts = Once(lambda part: (int(part[1:3]) * 60 + int(part[4:6])) / _SECONDS_A_DAY)
    form = f"{style}><v>%.8f</v></c>{end}".encode()

    def moment(value: bytes | int | datetime | None) -> Any:
        if isinstance(value, bytes):
            return form % (hours[value[:13]] + parts[value[13:19]])
        if isinstance(value, int):
            hour, rest = divmod(value, HOUR_US)
            return form % (hours[hour] + rest // 1_000_000 / _SECONDS_A_DAY)
        return draw(value)

    return lambda cells: list(map(moment, cells))


def _letters(place: int) -> str:
    """A, B … Z, AA for 0, 1 …, as Excel calls columns."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
