"""Long tables for programs: Parquet and JSON lines for a million rows (for people: long_csv.py, long_sheets.py).

Each takes batches, and a batch is its columns: what is done to a whole column costs a tenth of the same cell by cell.
Only one batch is in memory at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from app.core.tables import Cell, Column

if TYPE_CHECKING:
    from arro3.core import Array, DataType, RecordBatch

BATCH = 2000
# As many cells as there are rows, for every column.
Batch = Sequence[Sequence[Cell]]

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def batches_of(rows: Iterable[Sequence[Cell]]) -> Iterator[Batch]:
    """Rows that are walked once, as batches."""
    walk = iter(rows)
    while batch := list(islice(walk, BATCH)):
        yield list(zip(*batch, strict=True))


def write_json_lines(path: Path, columns: Sequence[Column], batches: Iterable[Batch]) -> int:
    """One object a line, by the names of the columns; days and instants as ISO 8601. The number of rows."""
    names = [column.name for column in columns]
    encode = msgspec.json.Encoder().encode_lines
    count = 0
    with path.open("wb") as out:
        for batch in batches:
            count += len(batch[0])
            out.write(encode([dict(zip(names, row, strict=True)) for row in zip(*batch, strict=True)]))
    return count


def write_parquet(path: Path, columns: Sequence[Column], batches: Iterable[Batch]) -> int:
    """By the names of the columns, typed, packed with zstd; the number of rows."""
    # Loaded with the first file: 12 MB that most server processes never need.
    from arro3.core import Field, RecordBatch, RecordBatchReader, Schema
    from arro3.io import write_parquet as write

    kinds = [_arrow(column) for column in columns]
    schema = Schema([
        Field(column.name, kind, nullable=True) for column, (kind, _build) in zip(columns, kinds, strict=True)
    ])  # fmt: skip
    count = 0

    def record_batches() -> Iterator["RecordBatch"]:
        nonlocal count
        for batch in batches:
            count += len(batch[0])
            arrays = [build(cells) for (_kind, build), cells in zip(kinds, batch, strict=True)]
            yield RecordBatch.from_arrays(arrays, schema=schema)

    reader = RecordBatchReader.from_batches(schema, record_batches())
    write(reader, str(path), compression="zstd(1)", max_row_group_size=10 * BATCH)
    return count


def _arrow(column: Column) -> tuple["DataType", Callable[[Sequence[Any]], "Array"]]:
    """The type of a column and what makes an array of its cells."""
    from arro3.core import Array, DataType

    match column.kind:
        case "int":
            return DataType.int64(), lambda cells: Array(cells, type=DataType.int64())
        case "number" | "ratio":
            return DataType.float64(), lambda cells: Array(
                [None if cell is None else float(cell) for cell in cells], type=DataType.float64()
            )
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
