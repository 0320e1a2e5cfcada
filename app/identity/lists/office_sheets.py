"""Workbooks of people as offices send them: which sheets hold lists, and what every row of those says."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.table_bombs import refuse_bombs
from app.core.tables import Cell, Sheet, read_sheet, read_sheets
from app.identity.lists.cells import text_of
from app.identity.lists.office_columns import Field
from app.identity.lists.office_mapping import HEAD_ROWS, SAMPLE, SheetMapping, guess_mapping
from app.identity.lists.office_rows import RowReader
from app.identity.lists.office_titles import Period
from app.identity.lists.people_import import is_template_header
from app.identity.lists.people_report import Reading, SkippedRow
from app.identity.lists.people_sheet import MAX_ROWS, PeopleSheet, SheetRow, read_people_sheet


@dataclass(frozen=True)
class Choice:
    """What somebody chose for a sheet instead of our guesses: the columns, its unit and what it speaks of."""

    columns: Mapping[int, Field | None]
    unit: str
    period: Period | None


# By sheet.
Choices = Mapping[str, Choice]
# “họ và tên”, “họ tên” as the letters of TCVN3 and VNI look in Unicode.
_IN_OLD_LETTERS = re.compile(r"hä (?:vµ )?tªn|hoï (?:vaø )?teân")


def read_list(path: Path, file: str, choices: Choices | None = None, most: int = MAX_ROWS) -> PeopleSheet:
    """A workbook of people: by our template if its head is ours, else as an office's own.

    Raises Invalid, saying why, for what is no workbook, holds no list, too many rows, or choices that cannot be.
    """
    refuse_bombs(path)
    if _follows_template(path):
        return read_people_sheet(path, file, max_rows=most)
    return _Book(choices or {}, most).read(path, file)


def begins_a_list(content: bytes, file: str) -> None:
    """Raises Invalid, saying why, for a workbook that names nobody; looks no further than the first person."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.xlsx"
        path.write_bytes(content)
        refuse_bombs(path)
        if _follows_template(path):
            read_people_sheet(path, file)
        else:
            _Book({}, MAX_ROWS).begin(path)


def read_list_bytes(content: bytes, file: str, choices: Choices | None = None) -> PeopleSheet:
    """As `read_list`, for a workbook that must not lie about on the disk."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.xlsx"
        path.write_bytes(content)
        return read_list(path, file, choices)


def _follows_template(path: Path) -> bool:
    filled = (cells for cells in islice(read_sheet(path), HEAD_ROWS) if any(text_of(cell) for cell in cells))
    return is_template_header(next(filled, []))


class _Book:
    def __init__(self, choices: Choices, most: int) -> None:
        self._choices = choices
        self._most = most
        self._lists: list[SheetMapping] = []
        self._others: dict[str, str] = {}
        self._rows: list[SheetRow] = []
        self._skipped: list[SkippedRow] = []
        self._blank = 0
        self._in_old_letters = False

    def read(self, path: Path, file: str) -> PeopleSheet:
        for row in self._people(path):
            self._rows.append(row)
            if len(self._rows) > self._most:
                raise Invalid(
                    _("Tệp có hơn %(most)s dòng; mỗi lần nhập nhiều nhất %(most)s dòng, hãy chia nhỏ.",
                      most=self._most)
                )  # fmt: skip
        self._refuse_empty(self._rows[0] if self._rows else None)
        reading = Reading(tuple(self._lists), self._others, tuple(self._skipped), self._blank)
        return PeopleSheet(file, self._lists[0].sheet, self._rows, reading)

    def begin(self, path: Path) -> None:
        """Raises Invalid if there is nobody."""
        self._refuse_empty(next(self._people(path), None))

    def _people(self, path: Path) -> Iterator[SheetRow]:
        return chain.from_iterable(self._take(sheet) for sheet in read_sheets(path))

    def _refuse_empty(self, first: SheetRow | None) -> None:
        if not self._lists and self._in_old_letters:
            raise Invalid(
                _(
                    "Chữ trong tệp dùng phông cũ (TCVN3 hoặc VNI) nên không đọc chắc chắn được. Hãy mở tệp bằng Excel,"
                    " chuyển chữ sang Unicode rồi lưu lại."
                )
            )
        if not self._lists:
            raise Invalid(
                _(
                    "Không tìm thấy danh sách người nào trong tệp. Trong %(rows)s dòng đầu của trang tính cần một dòng"
                    " tên cột, có cột họ và tên và ít nhất một cột khác, ví dụ ngày sinh, số CCCD, đơn vị.",
                    rows=HEAD_ROWS,
                )
            )
        if first is None:
            raise Invalid(_("Tệp chưa có dòng dữ liệu nào dưới dòng tên cột."))

    def _take(self, sheet: Sheet) -> Iterator[SheetRow]:
        if not sheet.visible:
            self._others[sheet.name] = _("Trang tính ẩn, không đọc.")
            return
        window = list(islice(sheet.rows, HEAD_ROWS + SAMPLE))
        mapping = guess_mapping(sheet.name, window)
        if mapping is None:
            texts = (text_of(cell).lower() for cells in window for cell in cells)
            self._in_old_letters |= any(_IN_OLD_LETTERS.search(text) for text in texts)
            self._others[sheet.name] = (
                _("Không có dòng tên cột của một danh sách người.")
                if any(text_of(cell) for cells in window for cell in cells)
                else _("Trang tính trống.")
            )
            return
        if chosen := self._choices.get(sheet.name):
            mapping = replace(mapping.chosen(chosen.columns), unit=chosen.unit, period=chosen.period)
            mapping.check()
        self._lists.append(mapping)
        for said in _read_rows(mapping, chain(window, sheet.rows)):
            if said is None:
                self._blank += 1
            elif isinstance(said, SkippedRow):
                self._skipped.append(said)
            else:
                yield said


def _read_rows(mapping: SheetMapping, rows: Iterable[list[Cell]]) -> Iterator[SheetRow | SkippedRow | None]:
    reader = RowReader(mapping)
    for number, cells in enumerate(rows, start=1):
        if number > mapping.head_to:
            yield reader.read(number, cells)
