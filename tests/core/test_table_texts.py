"""Tables in other files than Excel's of today: plain text in any encoding, OpenDocument, old workbooks."""

import unicodedata
import zipfile
from pathlib import Path

import pytest

from app.core.errors import Invalid
from app.core.table_texts import text_rows
from app.core.tables import read_sheet, read_sheets

TEXT = 'STT;Họ và tên;Đơn vị\r\n1;Nguyễn Thị Bưởi;"Xã A; huyện B"\r\n2;Đỗ Kỳ\r\n'
ROWS = [["STT", "Họ và tên", "Đơn vị"], ["1", "Nguyễn Thị Bưởi", "Xã A; huyện B"], ["2", "Đỗ Kỳ", None]]
OLD_WORKBOOK = Path(__file__).parent / "workbook-1997.xls"


def windows_1258(text: str) -> bytes:
    """Tones that have no letter of their own stand behind it, as Windows keeps them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    apart = ""
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(part for part in parts if part in tones)
        apart += unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones)) + tone
    return apart.encode("cp1258")


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        windows_1258(TEXT),
        TEXT.replace("A; huyện", "A\x01huyện").replace(";", "\t").replace("\x01", "; ").encode("utf-16"),
        TEXT.replace("A; huyện", "A\x01huyện").replace(";", ",").replace("\x01", "; ").encode(),
    ],
    ids=["utf-8", "utf-8 marked", "utf-16", "utf-16 big", "windows-1258", "tabs", "commas"],
)
def test_plain_text_is_read_whatever_saved_it(content: bytes) -> None:
    assert list(text_rows(content)) == ROWS


@pytest.mark.parametrize(
    "content",
    [
        b"STT;H\xe4 v\xb5 t\xaan;Ng\xb5y sinh\n1;Tr\xc7n V\xa8n An;1980\n",
        "STT;Hoï vaø teân;Ngaøy sinh\n1;Nguyeãn Vaên An;1980\n".encode("cp1252"),
        "STT;Name;Ngày\n1;François;1980\n".encode("cp1252"),
    ],
    ids=["TCVN3", "VNI", "western"],
)
def test_letters_that_are_not_certain_are_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(Invalid, match="Unicode"):
        list(text_rows(content))


@pytest.mark.parametrize(
    "content",
    [b"", b"one column\nonly\n", b"<html><table><tr><td>a,b</td></tr></table>", b"%PDF-1.7 a,b\n", b"a,b\x00,c\n"],
    ids=["empty", "a column", "a web page", "pdf", "bytes"],
)
def test_what_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match="không phải bảng tính"):
        list(read_sheet(path))


def test_more_columns_than_a_list_has_are_refused() -> None:
    with pytest.raises(Invalid, match="quá nhiều cột"):
        list(text_rows(b"," * 2_000))


def test_a_workbook_is_known_by_what_it_holds_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(OLD_WORKBOOK.read_bytes())
    [sheet] = read_sheets(path)
    assert sheet.name == "Danh sách"
    assert next(sheet.rows)[:2] == ["STT", "Họ và tên"]


def test_an_open_document_is_read(tmp_path: Path) -> None:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in ("Họ và tên", "Đơn vị")
    )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Danh sách"><table:table-row>{cells}</table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    path = tmp_path / "list.xls"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    assert list(read_sheet(path)) == [["Họ và tên", "Đơn vị"]]
