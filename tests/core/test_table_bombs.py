"""Workbooks that would fill the machine are refused, in every format; ordinary ones are not."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from app.core.errors import Invalid
from app.core.table_bombs import refuse_bombs

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "manifest")
)
_REPEATED = (
    f'<?xml version="1.0"?><office:document-content {_NAMES}><office:body><office:spreadsheet>'
    '<table:table table:name="A"><table:table-row table:number-rows-repeated="6000">'
    '<table:table-cell office:value-type="string" table:number-columns-repeated="16000"><text:p>x</text:p>'
    "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)


def _far_cell(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write(0, 0, "Họ và tên")
        page.write(1_048_575, 16_383, ".")


def _many_blanks(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/a.xml", "w") as part,
    ):
        for _ in range(310):
            part.write(b" " * 1024 * 1024)


def _repeated(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {_NAMES}/>")
        archive.writestr("content.xml", _REPEATED)


@pytest.mark.parametrize("make", [_far_cell, _many_blanks, _repeated])
def test_a_small_file_that_opens_to_gigabytes_is_refused(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "list"
    make(path)
    assert path.stat().st_size < 2 * 1024 * 1024
    with pytest.raises(Invalid):
        refuse_bombs(path)


@pytest.mark.parametrize("content", [b"", b"a;b\n1;2\n", b"PK\x03\x04 torn"])
def test_what_is_no_workbook_is_for_the_reader_to_refuse(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    refuse_bombs(path)


def test_a_long_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list"
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        page = book.add_worksheet()
        for row in range(5_000):
            page.write_row(row, 0, [f"Người {row}-{column}" for column in range(15)])
    refuse_bombs(path)
