"""One row of an office's list put into the columns of our template, with what had to be decided on the way."""

import re
from dataclasses import replace

from app.core.i18n import gettext as _
from app.core.tables import Cell
from app.core.text import fold
from app.identity.identifiers import identity_number, phone_e164
from app.identity.lists.cells import read_year, text_of
from app.identity.lists.office_columns import Field, begins_like_a_name, is_numbering, looks_like
from app.identity.lists.office_mapping import Row, SheetMapping
from app.identity.lists.office_titles import unit_in_heading
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_report import SkippedRow
from app.identity.lists.people_sheet import SheetRow

# Fields that stand in our template as they are.
_PLAIN: dict[Field, str] = {
    "email": "Email", "unit_code": "Mã đơn vị", "title": "Chức vụ",
    "leader": "Lãnh đạo (x)", "audiences": "Nhóm đối tượng", "start": "Ngày bắt đầu",
}  # fmt: skip
_UNIT_CODE, _UNIT_NAME = COLUMNS.index("Mã đơn vị"), COLUMNS.index("Tên đơn vị")
# What tells of one human being; a total or a signature has none of it.
_OF_A_PERSON: tuple[Field, ...] = ("birth", "birth_year", "sex", "male", "female", "identity", "phone", "email")
_TICKS = frozenset({"x", "✓", "✔", "1", "+"})
_SEVERAL = re.compile(r"\s*(?:[/;,\n]|\s-\s|\bhoặc\b)\s*")
_AROUND_SIGNS = re.compile(r"\s*([/.-])\s*")
_TOTAL = re.compile(r"^(?:tong|cong)\b")
_CLOSING = re.compile(
    r"^(?:danh sach (?:nay|tren)|an dinh|nguoi lap|lap bieu|ke toan|thu truong|xac nhan|noi nhan|ghi chu|luu y"
    r"|chu tich$|pho chu tich$|giam doc$|hieu truong$|truong phong$|tm\b|kt\b|tl\b|ky ten|\(ky)"
    r"|\bngay\b.*\bthang\b.*\bnam\b"
)


class RowReader:
    """Reads the rows under one head, from the top."""

    def __init__(self, mapping: SheetMapping) -> None:
        self._sheet = mapping.sheet
        self._at = mapping.fields
        self._head = {guess.label for guess in mapping.columns if guess.label}
        self._ended = False
        self._unit, self._period, self._group = mapping.unit, mapping.period, ""

    def read(self, number: int, cells: Row) -> SheetRow | SkippedRow | None:
        """What a row says, or why it is nobody's; None for an empty one."""
        texts = [text for cell in cells if (text := text_of(cell))]
        if not texts:
            return None
        if reason := self._why_nobody(cells, texts):
            return SkippedRow(self._sheet, number, " | ".join(texts)[:200], reason)
        row = _PersonCells(self._at, cells).row(self._sheet, number)
        return replace(self._with_unit(row), period=self._period)

    def _with_unit(self, row: SheetRow) -> SheetRow:
        """A row that names no unit is of the group it stands in, and of the unit the list is of."""
        unit = ", ".join(part for part in (self._group, self._unit) if part)
        if not unit or text_of(row.cells[_UNIT_CODE]) or text_of(row.cells[_UNIT_NAME]):
            return row
        cells = list(row.cells)
        cells[_UNIT_NAME] = unit
        said = _("Dòng không ghi đơn vị, lấy theo tiêu đề: %(unit)s.", unit=unit)
        return replace(row, cells=cells, notes=(*row.notes, said))

    def _why_nobody(self, cells: Row, texts: list[str]) -> str:
        name = self._text(cells, "name") or f"{self._text(cells, 'family')} {self._text(cells, 'given')}".strip()
        is_named = begins_like_a_name(name)
        of_a_person = any(
            self._text(cells, field) and looks_like(field, cells[self._at[field]]) for field in _OF_A_PERSON
        )
        if sum(text in self._head for text in texts) > len(texts) / 2:
            return _("Tên cột lặp lại.")
        if is_numbering(texts) and (name or len(texts) == 1):
            return _("Dòng đánh số, không có tên ai.")
        if not is_named and any(_TOTAL.search(fold(text)) for text in texts):
            self._ended = True
            return _("Dòng tổng cộng.")
        if not of_a_person and not (is_named and len(texts) > 2) and any(_CLOSING.search(fold(text)) for text in texts):
            self._ended = True
            return _("Lời kết hoặc chỗ ký ở cuối danh sách.")
        if self._ended and not of_a_person and len(texts) < 3:
            return _("Lời kết hoặc chỗ ký ở cuối danh sách.")
        self._ended = False
        if not of_a_person and not is_named and len(texts) < 3:
            self._group = unit_in_heading(max(texts, key=len))
            if self._group:
                return _("Tiêu đề của một nhóm: các dòng sau không ghi đơn vị là của “%(unit)s”.", unit=self._group)
            return _("Tiêu đề của một nhóm; không có thông tin của ai.")
        if not of_a_person and not name and not self._text(cells, "unit_code"):
            return _("Không có ô nào nói về một người.")
        return ""

    def _text(self, cells: Row, field: Field) -> str:
        at = self._at.get(field)
        return "" if at is None else text_of(cells[at])


class _PersonCells:
    """The cells of one person, by field, turned into those of the template."""

    def __init__(self, at: dict[Field, int], cells: Row) -> None:
        self._at, self._given = at, cells
        self._cells: dict[str, Cell] = {}
        self.repairs: list[str] = []
        self.notes: list[str] = []
        self.refusals: list[tuple[str, str]] = []

    def row(self, sheet: str, number: int) -> SheetRow:
        parts = (self._text("name"), self._text("family"), self._text("given"))
        self._cells["Họ và tên"] = " ".join(part for part in parts if part)
        self._cells["Ngày sinh"] = self._birth()
        self._cells["Giới tính"] = self._sex()
        self._cells["Số CCCD"] = self._identity()
        self._cells["Điện thoại"] = self._phone()
        for field, column in _PLAIN.items():
            self._cells[column] = self._cell(field)
        self._cells["Tên đơn vị"] = self._unit_name()
        cells = [self._cells.get(column) or None for column in COLUMNS]
        return SheetRow(number, cells, sheet, tuple(self.repairs), tuple(self.notes), tuple(self.refusals))

    def _cell(self, field: Field) -> Cell:
        at = self._at.get(field)
        return None if at is None else self._given[at]

    def _text(self, field: Field) -> str:
        return text_of(self._cell(field))

    def _birth(self) -> Cell:
        cell = self._cell("birth")
        if not text_of(cell):
            cell = self._birth_in_parts()
        if not text_of(cell):
            # Years of birth in a column for men and one for women.
            cell = next((self._cell(field) for field in ("male", "female") if read_year(self._cell(field))), None)
        return _AROUND_SIGNS.sub(r"\1", text_of(cell)) if isinstance(cell, str) else cell

    def _birth_in_parts(self) -> str:
        day, month, year = (self._text(field) for field in ("birth_day", "birth_month", "birth_year"))
        if day:
            return f"{day}/{month}/{year}"
        return f"{month}/{year}" if month else year

    def _sex(self) -> str:
        said = self._text("sex")
        marks = {"Nam": self._text("male"), "Nữ": self._text("female")}
        marks = {sex: text for sex, text in marks.items() if text}
        for text in marks.values():
            if text.lower() not in _TICKS and not read_year(text):
                self._refuse_sex(_("Dấu “%(text)s” ở cột Nam hoặc Nữ không đọc được; hãy ghi x.", text=text))
        if len(marks) > 1:
            self._refuse_sex(_("Cả hai cột Nam và Nữ đều được đánh dấu."))
            return said
        return said or next(iter(marks), "")

    def _refuse_sex(self, said: str) -> None:
        self.refusals.append(("Giới tính", said))

    def _unit_name(self) -> str:
        """With what it lies in behind it, as `office_units` reads a name."""
        name = self._text("unit_name")
        above = (self._text(field) for field in ("district", "province"))
        return ", ".join((name, *(part for part in above if part and part not in name))) if name else ""

    def _identity(self) -> str:
        text = self._text("identity").lstrip("'")
        digits = re.sub(r"[\s.-]", "", text)
        if not digits.isascii() or not digits.isdigit():
            return text
        # Ten or eleven digits: Excel took a number of twelve for an amount. Eight: an old one of nine.
        whole = {10: 12, 11: 12, 8: 9}.get(len(digits))
        if whole and identity_number(digits.zfill(whole)):
            return digits
        if len(digits) == 9:
            self.notes.append(_("Số chứng minh cũ 9 chữ số, giữ nguyên như trong tệp."))
        return text

    def _phone(self) -> str:
        text = self._text("phone").lstrip("'")
        numbers = [part for part in _SEVERAL.split(text) if part]
        if len(numbers) > 1 and (good := [part for part in numbers if phone_e164(part)]):
            self.notes.append(_("Ô điện thoại có nhiều số, lấy số %(phone)s.", phone=good[0]))
            return good[0]
        return text
