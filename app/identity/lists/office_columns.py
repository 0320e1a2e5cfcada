"""What the columns of an office's own list say of a person, told from their names and from how their cells look."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from app.core import clock
from app.core.i18n import lazy as _
from app.core.tables import Cell, cell_text
from app.core.text import fold, nfc
from app.identity.identifiers import email_address, identity_number, phone_e164
from app.identity.lists.births import read_birth
from app.identity.lists.people_import import SEXES
from app.identity.people.people import is_name

Field = Literal[
    "name", "family", "given", "birth", "birth_day", "birth_month", "birth_year", "sex", "male", "female", "identity",
    "phone", "email", "unit_code", "unit_name", "district", "province", "title", "leader", "audiences", "start",
]  # fmt: skip

FIELDS: Mapping[Field, _] = {
    "name": _("Họ và tên"),
    "family": _("Họ và tên đệm"),
    "given": _("Tên"),
    "birth": _("Ngày sinh hoặc năm sinh"),
    "birth_day": _("Ngày sinh: cột ngày"),
    "birth_month": _("Ngày sinh: cột tháng"),
    "birth_year": _("Ngày sinh: cột năm"),
    "sex": _("Giới tính"),
    "male": _("Đánh dấu hoặc năm sinh của nam"),
    "female": _("Đánh dấu hoặc năm sinh của nữ"),
    "identity": _("Số CCCD"),
    "phone": _("Điện thoại"),
    "email": _("Email"),
    "unit_code": _("Mã đơn vị"),
    "unit_name": _("Tên đơn vị"),
    "district": _("Huyện, thị xã, thành phố của đơn vị"),
    "province": _("Tỉnh của đơn vị"),
    "title": _("Chức vụ"),
    "leader": _("Lãnh đạo (x)"),
    "audiences": _("Nhóm đối tượng"),
    "start": _("Ngày bắt đầu"),
}

# Longer texts are titles and notes.
_LABEL_LENGTH = 60
_ASIDE = re.compile(r"\([^)]*\)")
_SIGNS = re.compile(r"[^a-z0-9]+")
# "Năm" (year) and "Nam" (male) fold to the same letters; the year keeps a w of its own.
YEAR_WORD = "nawm"
_WHOSE_SEX = r"(?:gioi tinh |gioi |phai |(?:ngay thang |ngay )?naw?m sinh |ngay sinh )?"
# In this order: the first pattern a name fits decides.
_PATTERNS: tuple[tuple[Field | None, str], ...] = (
    ("email", r"\be ?mail\b|thu dien tu|hop thu"),
    # What stands beside the fields: when and where a card was issued, parents, addresses, schooling.
    (None, r"\b(?:cap|cha|me|vo|chong|nguoi than|chu ho|ghi chu|dia chi|thuong tru|que quan|noi sinh|dan toc"
           r"|ton giao|trinh do|tai khoan|ngan hang|thue|bhxh|bao hiem|quyet dinh|ngach|luong|dang)\b"),
    ("family", r"^(?:ho va ten |ho ten )?(?:ho|ho dem|ho lot|ho va dem|ho va ten dem|ho va ten lot|ho ten dem"
               r"|ho va chu lot|ho va chu dem)$"),
    ("given", r"^(?:ho va ten |ho ten )?ten$"),
    ("male", rf"^{_WHOSE_SEX}nam$"),
    ("female", rf"^{_WHOSE_SEX}nu$"),
    ("sex", r"^(?:gioi tinh|gioi|phai|gt)\b|^nam nu$"),
    ("identity", r"cccd|can cuoc|cmnd|\bcmt|chung minh|dinh danh"),
    ("phone", r"dien thoai|di dong|\bs?dt(?:dd)?\b|^(?:tel|phone|mobile)\b|zalo"),
    ("birth_day", r"\bsinh ngay$"),
    ("birth_month", r"\bsinh thang$"),
    ("birth_year", rf"\bsinh {YEAR_WORD}$"),
    ("birth", r"\b(?:ngay|naw?m)\b.*\bsinh\b|^sinh\b|^ns$"),
    ("unit_code", r"^ma (?:so )?(?:don vi|dv|co quan|xa|phuong|to chuc)|^don vi ma"),
    ("start", r"ngay (?:bat dau|nhan viec|vao lam|bo nhiem|tuyen dung)|^tu ngay"),
    ("leader", r"^(?:la )?lanh dao"),
    ("audiences", r"^(?:nhom )?doi tuong"),
    ("name", r"\bho (?:va )?ten|^ten can bo"),
    ("title", r"chuc vu|chuc danh|vi tri"),
    ("district", r"^(?:ten )?(?:huyen|quan huyen|huyen (?:tx|thi xa|thanh pho|tp)\b)"),
    ("province", r"^(?:ten )?tinh(?: tp| thanh pho)?(?: cu)?$"),
    ("unit_name", r"^(?:ten )?(?:don vi|co quan|phong ban|to chuc|xa phuong)|noi (?:cong tac|lam viec)"),
)  # fmt: skip
_NAMES_FIELD = tuple((field, re.compile(pattern)) for field, pattern in _PATTERNS)
_FAMILIES = frozenset((
    "ban", "bui", "cao", "chau", "chu", "dam", "dang", "dao", "dinh", "do", "doan", "dong", "duong", "giap", "ha",
    "ho", "hoa", "hoang", "hua", "huynh", "khuc", "kieu", "la", "lam", "le", "lo", "luong", "luu", "ly", "ma", "mac",
    "mai", "ngan", "nghiem", "ngo", "ngoc", "nguyen", "ninh", "nong", "on", "pham", "phan", "phi", "phung", "quach",
    "su", "ta", "tang", "thach", "thai", "than", "thieu", "tieu", "to", "tong", "tran", "trang", "trieu", "trinh",
    "truong", "ung", "van", "vi", "vien", "vo", "vu", "vuong", "y",
))  # fmt: skip
# Not folded: Trường, Đảng, Tổ, Ban, Tổng begin offices and totals; Trương, Đặng, Tô, Bàn, Tống are families.
_NO_FAMILIES = frozenset(("trường", "đảng", "tổ", "ban", "tổng"))
_NUMBERING = re.compile(r"\(?(?:\d{1,5}|[A-Za-z])\)?\.?")
_MARK = re.compile(r"[x✓✔1+]|\d{4}", re.IGNORECASE)


def field_named(label: str) -> Field | None:
    """The field a column's name means; None for what is no field, or nothing we know."""
    words = label_words(label)
    if not words or len(words) > _LABEL_LENGTH:
        return None
    return next((field for field, pattern in _NAMES_FIELD if pattern.search(words)), None)


def label_words(label: str) -> str:
    """A column's name folded, without what stands in brackets: “Ngày, năm sinh (*)” as `ngay nawm sinh`."""
    folded = fold(nfc(label).lower().replace("năm", YEAR_WORD))
    return _SIGNS.sub(" ", _ASIDE.sub(" ", folded)).strip()


def looks_like(field: Field, cell: Cell) -> bool:
    """Could the cell be a value of the field? True for fields whose values have no look of their own."""
    look = _LOOKS.get(field)
    return look is None or look(nfc(cell_text(cell)), cell)


def begins_like_a_name(text: str) -> bool:
    """Two words or more that begin with a family name people here bear."""
    words = text.lower().split()
    if words[:2] == ["văn", "phòng"]:
        return False
    return len(words) > 1 and words[0] not in _NO_FAMILIES and fold(words[0]) in _FAMILIES and is_name(text)


def is_numbering(texts: Sequence[str]) -> bool:
    """A row of (1), (2), (3) under the head, or a number in a row that nobody filled."""
    return all(_NUMBERING.fullmatch(text) for text in texts)


# In this order an unnamed column is tried; what is here has values that can be told from all others.
TELLING: tuple[Field, ...] = ("email", "phone", "identity", "sex", "birth", "name")
_LOOKS: Mapping[Field, Callable[[str, Cell], bool]] = {
    "name": lambda text, _cell: begins_like_a_name(text),
    "given": lambda text, _cell: " " not in text and is_name(text),
    "family": lambda text, _cell: is_name(text) and fold(text).split()[0] in _FAMILIES,
    "birth": lambda _text, cell: _is_birth(cell),
    "birth_day": lambda text, _cell: _is_number(text, 1, 31),
    "birth_month": lambda text, _cell: _is_number(text, 1, 12),
    "birth_year": lambda text, _cell: _is_number(text, 0, 99) or _is_number(text, 1900, 2100),
    "sex": lambda text, _cell: fold(text) in SEXES,
    "male": lambda text, _cell: bool(_MARK.fullmatch(text)),
    "female": lambda text, _cell: bool(_MARK.fullmatch(text)),
    "identity": lambda text, _cell: bool(identity_number(text) or identity_number(text.zfill(12))),
    "phone": lambda text, _cell: phone_e164(text) is not None,
    "email": lambda text, _cell: email_address(text) is not None,
}


def _is_birth(cell: Cell) -> bool:
    birth = read_birth(cell, clock.today())
    year = birth.day.year if birth.day else birth.year
    return not birth.refusal and year is not None and 1920 <= year <= 2020


def _is_number(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most
