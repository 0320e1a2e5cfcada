"""Lists that may come as a file or be typed and corrected in the page: one row a line, cells apart by semicolons."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.table_bombs import refuse_bombs
from app.core.tables import cell_text, read_sheet
from app.core.text import fold, nfc

_HEAD_LINES = 15


class LinesWrong(Invalid):
    """Some lines cannot be written, so none is; a sentence about each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(_("Có dòng cần sửa."))
        self.problems = problems


def rows_of_file(content: bytes, file_name: str, columns: Sequence[str]) -> Iterator[list[str]]:
    """The cells under columns of these titles in an XLSX or CSV file. Raises Invalid for what holds no such list."""
    rows = _csv_rows(content) if file_name.lower().endswith(".csv") else _sheet_rows(content)
    return _under_head(rows, columns)


def cells_of_lines(
    text: str, columns: Sequence[str], most: int, said: str, *, optional: int = 0
) -> list[tuple[int, list[str]]]:
    """The number of each line that is not blank, from 1, and its cells; the last `optional` ones may be left out.

    Raises Invalid for none, for more than `most`, and with `said` (%(number)s, %(columns)s) for other counts of cells.
    """
    rows = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), start=1):
        cells = [nfc(cell) for cell in line.split(";")]
        cells += [""] * min(optional, len(columns) - len(cells))
        if len(cells) != len(columns):
            raise Invalid(said % {"number": number, "columns": "; ".join(columns)})
        rows.append((number, cells))
    if not rows:
        raise Invalid(_("Hãy chọn tệp có ít nhất một dòng đã ghi số, hoặc ghi các số, mỗi số một dòng."))
    if len(rows) > most:
        raise Invalid(_("Tối đa %(most)s số một lần.", most=most))
    return rows


def rows_as_lines(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("; ".join(cell.replace(";", ",") for cell in row) for row in rows)


def _under_head(rows: Iterable[list[str]], columns: Sequence[str]) -> Iterator[list[str]]:
    """The cells of these columns in the rows below the one that names them, in the order asked for."""
    wanted = [fold(column) for column in columns]
    places: list[int] | None = None
    for number, row in enumerate(rows):
        folded = [fold(cell) for cell in row]
        if places is None:
            if all(column in folded for column in wanted):
                places = [folded.index(column) for column in wanted]
            elif number >= _HEAD_LINES:
                break
            continue
        yield [row[place] if place < len(row) else "" for place in places]
    if places is None:
        said = _("Không thấy dòng đầu bảng. Cần đủ các cột: %(columns)s.")
        raise Invalid(said % {"columns": ", ".join(columns)})


def _sheet_rows(content: bytes) -> Iterator[list[str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        path.write_bytes(content)
        refuse_bombs(path)
        for row in read_sheet(path):
            yield [cell_text(cell) for cell in row]


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(_("Tệp CSV phải dùng bảng mã UTF-8. Hãy lưu lại từ Excel dạng “CSV UTF-8”.")) from error
    head = text[:2000]
    separator = max(";,\t", key=head.count)
    for row in csv.reader(io.StringIO(text), delimiter=separator):
        yield [cell.strip() for cell in row]
