"""A long table as CSV: byte for byte what csv.writer would have written."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.core.long_columns import LongColumn
from app.core.long_csv import LongCsv
from app.core.tables import Cell, Column, write_csv

COLUMNS = [
    Column("Tên, họ"), Column("Giờ", "number"), Column("Ngày", "date"), Column("Lúc", "instant"), Column("Lớp"),
]  # fmt: skip
SINCE = datetime(2000, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 21, 18, 30, 15, tzinfo=UTC)
PLAIN = ["Đặng Thị Hương", 0.5, date(2026, 7, 1), AT, "7A"]
DELICATE = [None, "", "=1+1", "-2", "@a", "\tb", 'Đội "Sao", tổ 1', "hai\ndòng", "hai\r\ndòng", "\n", "a-b = c", "7A"]


@pytest.mark.parametrize("repeated", [1, 40])
def test_every_byte_is_as_csv_writer_writes_it(tmp_path: Path, repeated: int) -> None:
    """Also where a text comes so often that what was made of it is kept."""
    odd: list[list[Cell]] = [[text, None, None, None, "7A"] for text in DELICATE] * repeated
    rows = [PLAIN, *odd, PLAIN]
    long, plain = tmp_path / "a.csv", io.BytesIO()
    write_csv(plain, COLUMNS, rows)
    # Once as PostgreSQL gives days and instants and once as SQLite does; one batch with nothing delicate in it.
    for of_sqlite in (False, True):
        made = LongCsv([LongColumn(column) for column in COLUMNS])
        assert made.write(long, _batches([[PLAIN], odd, [PLAIN]], of_sqlite=of_sqlite)) == len(rows)
        assert long.read_bytes() == plain.getvalue()


def _batches(batches: list[list[list[Cell]]], *, of_sqlite: bool) -> Iterator[list[list[Cell | bytes]]]:
    def given(cell: Cell) -> Cell | bytes:
        if isinstance(cell, datetime):
            cell = f"{cell:%Y-%m-%d %H:%M:%S.%f}" if of_sqlite else (cell - SINCE) // timedelta(microseconds=1)
        elif isinstance(cell, date) and of_sqlite:
            cell = cell.isoformat()
        return cell.encode() if isinstance(cell, str) else cell

    for rows in batches:
        yield [[given(cell) for cell in cells] for cells in zip(*rows, strict=True)]
