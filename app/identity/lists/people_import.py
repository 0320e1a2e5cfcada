"""One row of the people template, as pure computation: cells in, a person and a post or messages out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from app.core.i18n import gettext as _
from app.core.tables import Cell
from app.core.text import fold, nfc
from app.identity.identifiers import Sex, email_address, identity_number, phone_e164
from app.identity.lists.births import read_birth
from app.identity.lists.cells import read_day, text_of
from app.identity.people.people import is_name

COLUMNS = (
    "STT", "Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD", "Điện thoại", "Email", "Mã đơn vị", "Tên đơn vị",
    "Chức vụ", "Lãnh đạo (x)", "Nhóm đối tượng", "Ngày bắt đầu",
)  # fmt: skip

SEXES: dict[str, Sex] = {"nam": "male", "nu": "female", "male": "male", "female": "female"}
_TICKS = {"": False, "0": False, "khong": False, "x": True, "1": True, "co": True}
_TITLE_LENGTH = 120


@dataclass(frozen=True)
class KnownUnit:
    """A unit in force on the day of import."""

    unit_id: int
    code: str
    name: str
    # Folded names it bears or bore, with and without the word for its kind.
    names: frozenset[str]
    first_day: date


@dataclass(frozen=True)
class Register:
    """What the cells are looked up in: units by code in capitals, audience codes by folded code or name."""

    units: Mapping[str, KnownUnit]
    audiences: Mapping[str, str]


@dataclass
class ParsedRow:
    """What a row says. `refusals` or `doubts` keep it from being applied; `repairs` and `notes` do not."""

    name: str = ""
    sex: Sex | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    identity: str = ""
    phone: str = ""
    email: str = ""
    unit: KnownUnit | None = None
    unit_code: str = ""
    unit_name: str = ""
    title: str = ""
    is_leader: bool = False
    audiences: tuple[str, ...] = ()
    started_on: date | None = None
    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    # Which column of the template a doubt or a refusal is about.
    about: dict[str, str] = field(default_factory=dict)
    # The identity number lost zeros in front, which are proposed.
    lost_zeros: bool = False

    def copy(self) -> "ParsedRow":
        """To be settled: that leaves values to others and adds repairs and notes."""
        return replace(self, repairs=[*self.repairs], notes=[*self.notes])

    def blame(self, column: str) -> None:
        """Whatever was found wrong since the last call is about this column."""
        for said in (*self.refusals, *self.doubts):
            self.about.setdefault(said, column)


def missing_columns(header: Sequence[Cell], columns: Sequence[str] = COLUMNS) -> list[str]:
    """The names of the template's columns that this header row lacks."""
    present = {_label(cell) for cell in header}
    return [name for name in columns if _label(name) not in present]


def is_template_header(header: Sequence[Cell], columns: Sequence[str] = COLUMNS) -> bool:
    """All columns, in the template's order, with nothing to their right."""
    labels = [_label(cell) for cell in header]
    return labels[: len(columns)] == [_label(name) for name in columns] and not any(labels[len(columns) :])


def parse_row(cells: Sequence[Cell], register: Register, day: date, speaks_of: date | None = None) -> ParsedRow:
    """Read one row of the template on the day of import; never raises, whatever the cells hold.

    `speaks_of`: the day of which the list says how old people are, if that is another one.
    """
    padded = [*cells, *[None] * len(COLUMNS)]
    cell = dict(zip(COLUMNS, padded, strict=False))
    row = ParsedRow()
    _read_name(row, text_of(cell["Họ và tên"]))
    row.blame("Họ và tên")
    _read_birth(row, cell["Ngày sinh"], speaks_of or day)
    row.blame("Ngày sinh")
    _read_sex(row, text_of(cell["Giới tính"]))
    row.blame("Giới tính")
    read_identity(row, text_of(cell["Số CCCD"]))
    row.blame("Số CCCD")
    read_phone(row, text_of(cell["Điện thoại"]))
    row.blame("Điện thoại")
    read_email(row, text_of(cell["Email"]))
    row.blame("Email")
    _read_unit(row, text_of(cell["Mã đơn vị"]), text_of(cell["Tên đơn vị"]), register)
    row.blame("Mã đơn vị")
    _read_title(row, text_of(cell["Chức vụ"]))
    row.blame("Chức vụ")
    _read_leader(row, text_of(cell["Lãnh đạo (x)"]))
    row.blame("Lãnh đạo (x)")
    _read_audiences(row, text_of(cell["Nhóm đối tượng"]), register)
    row.blame("Nhóm đối tượng")
    _read_start(row, cell["Ngày bắt đầu"], day)
    row.blame("Ngày bắt đầu")
    return row


# --- the person ---------------------------------------------------------------------------------------------------


def _read_name(row: ParsedRow, text: str) -> None:
    row.name = text
    if not text:
        row.refusals.append(_("Thiếu họ và tên."))
    elif not is_name(text):
        row.refusals.append(_("Họ và tên chỉ gồm chữ cái, dài nhất 120 ký tự."))
    elif " " not in text:
        row.doubts.append(_("Họ và tên chỉ có một chữ; hãy ghi đủ họ, tên."))
    elif text in (text.upper(), text.lower()):
        row.name = text.title()
        row.repairs.append(_("Họ và tên được viết lại chữ hoa, chữ thường: %(name)s.", name=row.name))


def _read_birth(row: ParsedRow, cell: Cell, day: date) -> None:
    birth = read_birth(cell, day)
    row.birth_date = birth.day
    row.birth_year = birth.year or (birth.day.year if birth.day else None)
    row.repairs += [birth.repair] if birth.repair else []
    row.doubts += [birth.doubt] if birth.doubt else []
    row.refusals += [birth.refusal] if birth.refusal else []


def _read_sex(row: ParsedRow, text: str) -> None:
    row.sex = SEXES.get(fold(text))
    if text and row.sex is None:
        row.refusals.append(_("Giới tính “%(text)s” không đọc được; hãy ghi Nam hoặc Nữ.", text=text))


def read_identity(row: ParsedRow, text: str) -> None:
    """Into `row`, with what was repaired or is wrong."""
    if not text:
        return
    number = identity_number(text)
    if number is None and text.isascii() and text.isdigit():
        # Excel drops leading zeros of numbers; provinces' codes begin with one.
        number = identity_number(text.zfill(12)) if len(text) in (10, 11) else None
        number = number or (identity_number(text.zfill(9)) if len(text) == 8 else None)
        if number:
            row.lost_zeros = True
            row.doubts.append(
                _("Số giấy tờ “%(text)s” có lẽ mất số 0 ở đầu: %(number)s.", text=text, number=number.digits)
            )
    if number is None:
        row.refusals.append(
            _("Số CCCD “%(text)s” không đúng; cần 12 chữ số (hoặc 9 chữ số nếu là chứng minh cũ).", text=text)
        )
        return
    row.identity = number.digits
    if number.sex and row.sex is None:
        row.sex = number.sex
        row.notes.append(_("Giới tính lấy theo số CCCD."))
    elif number.sex and number.sex != row.sex:
        row.doubts.append(_("Giới tính không khớp với số CCCD."))
    if number.birth_year and row.birth_year is None:
        row.birth_year = number.birth_year
        row.notes.append(_("Năm sinh lấy theo số CCCD."))
    elif number.birth_year and number.birth_year != row.birth_year:
        row.doubts.append(_("Năm sinh không khớp với số CCCD."))


def read_phone(row: ParsedRow, text: str) -> None:
    row.phone = phone_e164(text) or ""
    if text and not row.phone:
        row.refusals.append(_("Số điện thoại “%(text)s” không đúng.", text=text))
    elif row.phone.startswith("+84") and text.isdigit() and len(text) == 9:
        row.repairs.append(_("Số điện thoại thiếu số 0 ở đầu, đã thêm lại."))


def read_email(row: ParsedRow, text: str) -> None:
    row.email = email_address(text) or ""
    if text and not row.email:
        row.refusals.append(_("Email “%(text)s” không đúng.", text=text))


# --- the post -----------------------------------------------------------------------------------------------------


def _read_unit(row: ParsedRow, code: str, name: str, register: Register) -> None:
    row.unit_code, row.unit_name = code.upper(), name
    unit = register.units.get(row.unit_code)
    if unit is None and row.unit_code.isdigit() and (unit := register.units.get(row.unit_code.zfill(5))):
        row.unit_code = unit.code
        row.repairs.append(_("Mã đơn vị thiếu số 0 ở đầu, đã thêm lại: %(code)s.", code=unit.code))
    if not code:
        row.refusals.append(_("Thiếu mã đơn vị."))
    elif unit is None:
        row.refusals.append(_("Không có đơn vị nào mang mã %(code)s vào ngày nhập.", code=code))
    elif not name:
        row.doubts.append(_("Thiếu tên đơn vị; mã %(code)s hôm nay là %(unit)s.", code=unit.code, unit=unit.name))
    elif fold(name).removeprefix("ubnd ") not in unit.names:
        # A code is not an identity: 51 of the 99 communes of today bear a code that named something else before.
        row.doubts.append(
            _("Mã %(code)s hôm nay là %(unit)s, tệp ghi %(name)s.", code=unit.code, unit=unit.name, name=name)
        )
    elif fold(name) != fold(unit.name):
        row.notes.append(_("Tên đơn vị hôm nay: %(unit)s.", unit=unit.name))
    row.unit = unit


def _read_title(row: ParsedRow, title: str) -> None:
    row.title = title
    if len(title) > _TITLE_LENGTH:
        row.refusals.append(_("Chức vụ dài quá %(most)s ký tự.", most=_TITLE_LENGTH))


def _read_leader(row: ParsedRow, leader: str) -> None:
    tick = _TICKS.get(fold(leader))
    if tick is None:
        row.refusals.append(_("Cột Lãnh đạo chỉ ghi x hoặc để trống."))
    row.is_leader = bool(tick)


def _read_audiences(row: ParsedRow, text: str, register: Register) -> None:
    typed = [part for part in (nfc(part) for part in text.split(";")) if part]
    unknown = [part for part in typed if fold(part) not in register.audiences]
    row.audiences = tuple(
        dict.fromkeys(register.audiences[fold(part)] for part in typed if fold(part) in register.audiences)
    )
    if unknown:
        row.refusals.append(
            _(
                "Không có nhóm đối tượng: %(unknown)s. Mã dùng được: %(codes)s; nhiều nhóm cách bằng dấu chấm phẩy.",
                unknown=", ".join(unknown), codes=", ".join(sorted(set(register.audiences.values()))),
            )
        )  # fmt: skip
    elif not typed:
        row.notes.append(_("Chưa ghi nhóm đối tượng nên chưa tính vào chỉ tiêu nào."))


def _read_start(row: ParsedRow, cell: Cell, day: date) -> None:
    row.started_on = read_day(cell)
    if row.started_on is None:
        if text_of(cell):
            row.refusals.append(
                _("Ngày bắt đầu “%(text)s” không đọc được; hãy ghi ngày/tháng/năm.", text=text_of(cell))
            )
    elif not 1950 <= row.started_on.year <= day.year + 1:
        row.refusals.append(_("Ngày bắt đầu “%(text)s” không thể đúng.", text=text_of(cell)))


# --- cells --------------------------------------------------------------------------------------------------------


def _label(cell: Cell) -> str:
    return text_of(cell).lower()
