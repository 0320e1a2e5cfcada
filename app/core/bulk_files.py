"""Long tables as files, a batch of rows in memory at a time: XLSX, Parquet and JSON lines for a million rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.tables import MOST_LETTERS, MOST_LINES, NUMBER_FORMATS, Cell, Column, sheet_title, write_xlsx

if TYPE_CHECKING:
    from arro3.core import Array, DataType, RecordBatch

_BATCH = 10_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def write_long_xlsx(
    path: Path, sheet: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], notes: Sequence[str] = ()
) -> int:
    """What `write_xlsx` writes, at a fifth of its cost; the number of rows. Raises Invalid for more than a sheet holds.

    Its heads must differ.
    """
    from rustpy_xlsxwriter import Format, write_worksheet

    walk = iter(rows)
    first = next(walk, None)
    if first is None:
        return write_xlsx(path, sheet, columns, (), notes)
    titles = [column.title for column in columns]
    count = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal count
        for count, row in enumerate(chain((first,), walk), 1):
            if count + len(notes) >= MOST_LINES:
                raise Invalid(_("Bảng này dài hơn một trang tính Excel chứa được. Hãy xuất ra CSV hoặc lọc bớt."))
            yield dict(zip(titles, map(_excel_cell, row), strict=True))

    head = Format().set_bold().set_background_color("#E8EEF7").set_border("thin").set_text_wrap()
    write_worksheet(
        records(), str(path), sheet_name=sheet_title(sheet), header_row=len(notes), freeze_row=len(notes) + 1,
        column_formats=[Format().set_num_format(NUMBER_FORMATS[column.kind]) for column in columns],
        column_widths=[float(column.width) for column in columns], header_format=head,
        merge_ranges=[(line, 0, line, max(len(columns) - 1, 1), note) for line, note in enumerate(notes)],
    )  # fmt: skip
    return count


def write_json_lines(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    """One object a line, by the names of the columns; days and instants as ISO 8601. The number of rows."""
    names = [column.name for column in columns]
    encode = msgspec.json.Encoder().encode_into
    line, count = bytearray(), 0
    with path.open("wb") as out:
        for row in rows:
            encode(dict(zip(names, row, strict=True)), line)
            line += b"\n"
            out.write(line)
            count += 1
    return count


def write_parquet(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    """By the names of the columns, typed, packed with zstd; the number of rows."""
    # Loaded with the first file: 12 MB that most server processes never need.
    from arro3.core import Field, RecordBatch, RecordBatchReader, Schema
    from arro3.io import write_parquet as write

    kinds = [_arrow(column) for column in columns]
    schema = Schema([
        Field(column.name, kind, nullable=True) for column, (kind, _build) in zip(columns, kinds, strict=True)
    ])  # fmt: skip
    count = 0

    def batches() -> Iterator["RecordBatch"]:
        nonlocal count
        walk = iter(rows)
        while batch := list(islice(walk, _BATCH)):
            count += len(batch)
            arrays = [build(cells) for (_kind, build), cells in zip(kinds, zip(*batch, strict=True), strict=True)]
            yield RecordBatch.from_arrays(arrays, schema=schema)

    reader = RecordBatchReader.from_batches(schema, batches())
    write(reader, str(path), compression="zstd(1)", max_row_group_size=5 * _BATCH)
    return count


def _excel_cell(value: Cell) -> Cell:
    if isinstance(value, str) and len(value) > MOST_LETTERS:
        return value[: MOST_LETTERS - 1] + "…"
    if isinstance(value, datetime):
        return value.astimezone(clock.VIETNAM).replace(tzinfo=None)
    return value


def _arrow(column: Column) -> tuple["DataType", Callable[[Sequence[Any]], "Array"]]:
    """The type of a column and what makes an array of its cells."""
    from arro3.core import Array, DataType

    match column.kind:
        case "int":
            return DataType.int64(), lambda cells: Array(cells, type=DataType.int64())
        case "number" | "ratio":
            return DataType.float64(), lambda cells: Array([_float(cell) for cell in cells], type=DataType.float64())
        case "date":
            return DataType.date32(), lambda cells: Array(
                [None if cell is None else cell.toordinal() - _EPOCH_DAY for cell in cells], type=DataType.int32()
            ).cast(DataType.date32())
        case "instant":
            kind = DataType.timestamp("us", tz="UTC")
            return kind, lambda cells: Array(
                [None if cell is None else (cell - _EPOCH) // _MICROSECOND for cell in cells], type=DataType.int64()
            ).cast(kind)
        case _:
            return DataType.utf8(), lambda cells: Array(
                [None if cell is None else str(cell) for cell in cells], type=DataType.utf8()
            )


def _float(value: Cell) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
