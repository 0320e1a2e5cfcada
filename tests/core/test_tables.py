"""Tables out and in: what an office opens in Excel is what we wrote, and what it sends is read as typed."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from app.core import tables
from app.core.errors import Invalid
from app.core.tables import Cell, Column, cell_text, read_sheet, sheet_name, write_csv, write_xlsx

COLUMNS = [
    Column("Họ và tên"),
    Column("Số", "int"),
    Column("Tỷ lệ", "ratio"),
    Column("Ngày", "date"),
    Column("Lúc", "instant"),
]
LATE_EVENING_UTC = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
ROW: list[Cell] = ["Đặng Thị Hương", 1234, 0.843, date(2026, 7, 1), LATE_EVENING_UTC]

FORMULAS = [
    "=1+1", "+84912345678", "-5", "@SUM(A1)", "\tx", "\rx", "\n=1+1",
    '=HYPERLINK("http://evil.example","bấm")', "=cmd|' /C calc'!A0",
]  # fmt: skip
HARMLESS = ["Nguyễn Văn An", "a=b", "1-2", "000123", "24", "x@y.vn", "", " =1+1", "'đã có dấu"]


def csv_bytes(columns: list[Column], rows: list[list[Cell]]) -> bytes:
    out = io.BytesIO()
    assert write_csv(out, columns, rows) == len(rows)
    return out.getvalue()


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def opened(path: Path) -> "openpyxl.worksheet.worksheet.Worksheet":  # type: ignore[name-defined]
    return openpyxl.load_workbook(path).worksheets[0]


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_csv_begins_with_the_mark_excel_needs_and_is_written_in_vietnam_time() -> None:
    content = csv_bytes(COLUMNS, [ROW, [None] * 5])
    assert content.startswith(b"\xef\xbb\xbfH")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert csv_rows(content) == [
        ["Họ và tên", "Số", "Tỷ lệ", "Ngày", "Lúc"],
        ["Đặng Thị Hương", "1234", "0.843", "01/07/2026", "21/11/2026 06:30"],
        [""] * 5,
    ]


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_never_runs_a_cell_as_a_formula(text: str) -> None:
    [_head, [cell]] = csv_rows(csv_bytes([Column("A")], [[text]]))
    assert cell == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_csv_leaves_other_text_alone(text: str) -> None:
    assert csv_rows(csv_bytes([Column("A"), Column("B")], [[text, "x"]]))[1] == [text, "x"]


def test_csv_numbers_may_be_negative() -> None:
    assert csv_rows(csv_bytes([Column("A", "int")], [[-5], [-0.5]]))[1:] == [["-5"], ["-0.5"]]


def test_csv_quotes_what_would_break_the_row() -> None:
    awkward = 'Xã "A", huyện B;\nthôn C'
    assert csv_rows(csv_bytes([Column("A"), Column("B")], [[awkward, "x"]]))[1] == [awkward, "x"]


def test_csv_leaves_the_stream_open_even_if_the_rows_fail() -> None:
    def breaking() -> Iterator[list[Cell]]:
        yield ["a"]
        raise RuntimeError

    out = io.BytesIO()
    with pytest.raises(RuntimeError):
        write_csv(out, [Column("A")], breaking())
    assert not out.closed


# --- XLSX -------------------------------------------------------------------------------------------------------------


def test_xlsx_keeps_numbers_dates_and_text_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert write_xlsx(path, "Hoàn thành", COLUMNS, [ROW, [None] * 5], notes=["Số liệu đến 21/11/2026"]) == 2
    sheet = opened(path)
    assert sheet.title == "Hoàn thành"
    assert sheet["A1"].value == "Số liệu đến 21/11/2026"
    assert [cell.value for cell in sheet[2]] == [column.title for column in COLUMNS]
    name, number, ratio, day, instant = sheet[3]
    assert (name.value, number.value, ratio.value) == ("Đặng Thị Hương", 1234, 0.843)
    assert (day.value, instant.value) == (datetime(2026, 7, 1), datetime(2026, 11, 21, 6, 30))
    assert (day.number_format, instant.number_format) == ("dd/mm/yyyy", "dd/mm/yyyy hh:mm")
    assert (name.number_format, ratio.number_format) == ("@", "0.0%")
    assert [cell.value for cell in sheet[4]] == [None] * 5
    assert sheet.freeze_panes == "A3"


@pytest.mark.parametrize("text", [*FORMULAS[:4], *FORMULAS[-2:], *HARMLESS[:6], "http://hocso.vn"])
def test_xlsx_text_stays_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, "S", [Column("A")], [[text]])
    cell = opened(path)["A2"]
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)


def test_xlsx_takes_any_name_for_its_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, "Phường/xã: [07210] – tỷ lệ bao phủ của đơn vị?", [Column("A")], [])
    assert opened(path).title == "Phường xã   07210  – tỷ lệ bao"


def test_xlsx_shortens_what_no_cell_can_hold_instead_of_dropping_it(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, "S", [Column("A")], [["ă" * 40_000]])
    value = opened(path)["A2"].value
    assert len(value) == 32_767
    assert value.endswith("ăă…")


def test_xlsx_refuses_more_rows_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_LINES", 5)
    assert write_xlsx(tmp_path / "a.xlsx", "S", [Column("A")], [["x"]] * 4) == 4
    with pytest.raises(Invalid, match="CSV"):
        write_xlsx(tmp_path / "b.xlsx", "S", [Column("A")], [["x"]] * 5)


def test_xlsx_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def breaking() -> Iterator[list[Cell]]:
        yield ["a"]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_xlsx(tmp_path / "a.xlsx", "S", [Column("A")], breaking())
    assert list(tmp_path.iterdir()) == []


def test_xlsx_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_xlsx(tmp_path / "none" / "a.xlsx", "S", [Column("A")], [["x"]])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_table_needs_no_more_memory_than_a_short_one(tmp_path: Path, kind: str) -> None:
    def write(count: int) -> int:
        rows: Iterator[list[Cell]] = ([f"Người thứ {number}", number] for number in range(count))
        columns = [Column("Tên"), Column("Số", "int")]
        tracemalloc.start()
        if kind == "csv":
            with (tmp_path / "a.csv").open("wb") as out:
                write_csv(out, columns, rows)
        else:
            write_xlsx(tmp_path / "a.xlsx", "S", columns, rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    write(10)
    assert write(10_000) < write(500) + 1_000_000


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_sheet_is_read_as_it_was_typed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Danh sách"
    for row in (
        ["Họ và tên", "Mã", "Ngày sinh"],
        ["Lê Văn A", "000123", date(1980, 3, 9)],
        [],
        ["=1+1", 24.0, " 1990 "],
    ):
        sheet.append(row)
    sheet["A4"].data_type = "s"
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert sheet_name(path) == "Danh sách"
    rows = [[cell_text(cell) for cell in row] for row in read_sheet(path)]
    assert rows == [
        ["Họ và tên", "Mã", "Ngày sinh"],
        ["Lê Văn A", "000123", "09/03/1980"],
        ["", "", ""],
        ["=1+1", "24", "1990"],
    ]


def test_what_we_write_we_read(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", "S", COLUMNS, [ROW])
    head, row = read_sheet(tmp_path / "a.xlsx")
    assert head == [column.title for column in COLUMNS]
    assert row == ["Đặng Thị Hương", 1234.0, 0.843, date(2026, 7, 1), datetime(2026, 11, 21, 6, 30)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), ("  x ", "x"), (24.0, "24"), (24.5, "24.5"), (24, "24"), (1e15, "1000000000000000"),
        (date(2026, 7, 1), "01/07/2026"), (datetime(2026, 7, 1, 8, 30), "01/07/2026"), ("000123", "000123"),
    ],
)  # fmt: skip
def test_a_cell_as_the_person_typed_it(value: Cell, text: str) -> None:
    assert cell_text(value) == text


def broken_workbooks(folder: Path) -> list[Path]:
    write_xlsx(folder / "whole.xlsx", "S", COLUMNS, [ROW])
    whole = (folder / "whole.xlsx").read_bytes()
    for name, content in {
        "empty": b"", "text": b"a\nb\n", "pdf": b"%PDF-1.7\n", "cut": whole[: len(whole) // 2],
        "no-end": whole[:-10], "zip-of-nothing": b"PK\x05\x06" + bytes(18),
    }.items():  # fmt: skip
        (folder / f"{name}.xlsx").write_bytes(content)
    with zipfile.ZipFile(folder / "whole.xlsx") as source:
        for missing in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            with zipfile.ZipFile(folder / f"without-{Path(missing).stem}.xlsx", "w") as target:
                for name in source.namelist():
                    target.writestr(name, b"<broken" if name == missing else source.read(name))
    (folder / "whole.xlsx").unlink()
    return sorted(folder.iterdir())


def test_what_is_no_workbook_is_refused_in_words(tmp_path: Path) -> None:
    paths = [*broken_workbooks(tmp_path), tmp_path, tmp_path / "missing.xlsx"]
    assert len(paths) == 10
    for path in paths:
        with pytest.raises(Invalid, match="không phải bảng tính Excel"):
            list(read_sheet(path))
