"""A long table as XLSX: cell for cell what XlsxWriter would have written."""

import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.core import long_sheets
from app.core.bulk_files import batches_of
from app.core.errors import Invalid
from app.core.long_columns import LongColumn, RawBatch
from app.core.long_sheets import write_long_xlsx
from app.core.tables import Cell, Column, read_sheet, write_xlsx

COLUMNS = [
    Column("Tên", "text", 30), Column("Số", "int"), Column("Giờ", "number"), Column("Tỷ lệ", "ratio"),
    Column("Ngày", "date"), Column("Lúc", "instant"), Column("Đạt", "int"),
]  # fmt: skip
LONG = [LongColumn(column) for column in COLUMNS]
AT = datetime(2026, 11, 21, 23, 30, 15, tzinfo=UTC)
ROWS: list[list[Cell]] = [
    ["Đặng Thị Hương", 1234, 0.5, 0.843, date(2026, 7, 1), AT, "đạt"],
    [None, None, None, None, None, None, None],
    ["=1+1", -1, 1e-7, 1.0, date(2000, 2, 29), AT.replace(second=0), None],
    [' <b> & "x" ', 0, 2.0, 0.0, date(1950, 1, 1), AT, "chưa đạt"],
    ["_x0041_ \x07 dòng\nhai", 5, 3.25, 0.1, date(2026, 1, 1), AT, "đạt"],
    ["ă" * 40_000, 6, 3.0, 0.2, date(2026, 1, 2), AT, None],
]


def as_driver(rows: Iterable[Sequence[Cell]]) -> Iterator[RawBatch]:
    """Texts in bytes."""
    for batch in batches_of(rows):
        yield [[one.encode() if isinstance(one, str) else one for one in cells] for cells in batch]


def cells(path: Path) -> list[list[tuple[Any, str, float | None]]]:
    sheet = openpyxl.load_workbook(path).active
    return [
        [(cell.value, cell.number_format, sheet.column_dimensions[cell.column_letter].width) for cell in row]
        for row in sheet.iter_rows()
    ]


def test_every_cell_is_as_xlsxwriter_writes_it(tmp_path: Path) -> None:
    plain, long = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write_xlsx(plain, "Bảng", COLUMNS, ROWS, ["Tên bảng", "Ghi chú & <chữ>"])
    assert write_long_xlsx(long, "Bảng", LONG, as_driver(ROWS), ["Tên bảng", "Ghi chú & <chữ>"]) == len(ROWS)
    assert cells(long) == cells(plain)
    # Excel's other readers agree; this one ours.
    assert list(read_sheet(long)) == list(read_sheet(plain))
    assert openpyxl.load_workbook(long).active.freeze_panes == "A4"


def test_a_table_without_rows_has_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert write_long_xlsx(path, "S", LONG, []) == 0
    assert [[cell[0] for cell in row] for row in cells(path)] == [[column.title for column in COLUMNS]]


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_sheets, "MOST_LINES", 5)
    column = [LongColumn(Column("A"))]
    assert write_long_xlsx(tmp_path / "a.xlsx", "S", column, as_driver([["x"]] * 4)) == 4
    with pytest.raises(Invalid, match="CSV"):
        write_long_xlsx(tmp_path / "b.xlsx", "S", column, as_driver([["x"]] * 5))


def test_a_long_table_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    def peak(batches: int) -> int:
        def many() -> Iterator[RawBatch]:
            for _number in range(batches):
                yield [["Người".encode()] * 1000, list(range(1000))]

        tracemalloc.start()
        write_long_xlsx(tmp_path / "a.xlsx", "S", [LongColumn(Column("Tên")), LongColumn(Column("Số", "int"))], many())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)
    assert peak(40) < peak(2) + 1_000_000
