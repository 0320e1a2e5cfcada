"""Workbooks of people for tests."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import openpyxl

from app.identity.lists.people_import import COLUMNS

# A row that is right in everything; Phường Bắc Giang bears 07210 today.
GOOD = {
    "STT": 1,
    "Họ và tên": "Nguyễn Văn An",
    "Ngày sinh": "03/02/1985",
    "Giới tính": "Nam",
    "Số CCCD": "024085001234",
    "Điện thoại": "0912345678",
    "Email": "an@vidu.example",
    "Mã đơn vị": "07210",
    "Tên đơn vị": "Phường Bắc Giang",
    "Chức vụ": "Chuyên viên",
    "Lãnh đạo (x)": None,
    "Nhóm đối tượng": "CBCC",
    "Ngày bắt đầu": "05/01/2026",
}
Row = Mapping[str, object]


def good(number: int) -> dict[str, object]:
    """GOOD with identifiers of its own for each number."""
    return GOOD | {
        "STT": number,
        "Số CCCD": f"024085{number:06}",
        "Điện thoại": f"09{number:08}",
        "Email": f"nguoi{number}@vidu.example",
    }


def evidence_row(name: str, username: str, **cells: object) -> dict[str, object]:
    """A row of learning.evidence_lists.TEMPLATE that is right in everything."""
    return {
        "Họ và tên": name, "Tên đăng nhập": username, "Mã nhiệm vụ hoặc mã khóa học": "P04-NENTANG",
        "Tên khóa học, chứng nhận": "Kỹ năng số cơ bản", "Ngày hoàn thành": "15/03/2026", "Số giờ": 6,
        "Số chứng nhận": f"NT-{username}", "Điểm (%)": 85, "Nơi cấp": "Nền tảng thử",
    } | cells  # fmt: skip


def workbook(rows: Sequence[Row], columns: Sequence[str] = COLUMNS, before: int = 0) -> bytes:
    """An .xlsx with a header (after `before` empty lines) and these rows; text stays text, even `=1+1`."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Danh sách"
    for index, column in enumerate(columns, start=1):
        sheet.cell(before + 1, index, column)
        for line, row in enumerate(rows, start=before + 2):
            cell = sheet.cell(line, index, row.get(column))  # type: ignore[arg-type]
            if isinstance(cell.value, str):
                cell.data_type = "s"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def rows_of(content: bytes) -> list[dict[str, object]]:
    """The rows of a result workbook by column name."""
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert sheet is not None
    header, *rows = [[cell.value for cell in line] for line in sheet.iter_rows()]
    return [dict(zip([str(name) for name in header], row, strict=True)) for row in rows]


def saved(folder: Path, content: bytes, name: str = "danh-sach.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
