"""Made-up people and the many ways offices write their cells, each with what reading it must come to."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Expected = Literal["read", "confirm", "refuse", "skip"]
Cells = dict[str, object]

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Giáp", "Thân", "Đặng", "Đỗ", "Vũ")
_MIDDLE = {"male": ("Văn", "Đức", "Hữu", "Quang"), "female": ("Thị", "Thị Thu", "Thị Hồng", "Ngọc")}
_GIVEN = {"male": ("An", "Bình", "Cường", "Dũng", "Đạt"), "female": ("Ánh", "Hòa", "Lan", "Thủy", "Yến")}
# What lists write, as (code, name), and the code of the unit it means on 2026-11-21; None: more than one.
UNITS_TODAY = (("07210", "Phường Bắc Giang"), ("09187", "Phường Kinh Bắc"), ("07375", "Phường Lạng Giang"))
UNITS_PAST = (
    ("07375", "Xã Lạng Giang", "07375"),
    ("07216", "Phường Mỹ Độ", "07228"),
    ("07210", "Phường Hoàng Văn Thụ", "07210"),
    (None, "Phường Mỹ Độ - TP Bắc Giang", "07228"),
    (None, "P. Mỹ Độ (TP. Bắc Giang)", "07228"),
)
UNIT_OF_TWO = "Phương Sơn"


@dataclass
class Truth:
    """What a row is: the values it must be read as (where it is read), and whether it may pass."""

    expected: Expected
    values: dict[str, object] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def person(chance: random.Random, number: int) -> tuple[Cells, Truth]:
    """A person as an office knows them: `Cells` by what they say (name, birth …), and the truth of them."""
    sex = chance.choice(("male", "female"))
    family, middle, given = (chance.choice(names) for names in (_FAMILY, _MIDDLE[sex], _GIVEN[sex]))
    born = date(chance.randint(1960, 1999), chance.randint(1, 12), chance.randint(1, 28))
    phone = f"9{number:08}"
    digits = f"024{'1' if sex == 'female' else '0'}{born.year % 100:02}{number:06}"
    code, unit = chance.choice(UNITS_TODAY)
    cells: Cells = {
        "family": f"{family} {middle}", "given": given, "birth": born.strftime("%d/%m/%Y"), "sex": sex,
        "identity": digits, "phone": f"0{phone}", "code": code, "unit": unit,
    }  # fmt: skip
    values = {
        "name": f"{family} {middle} {given}", "birth_date": born, "birth_year": born.year, "sex": sex,
        "identity": digits, "phone": f"+84{phone}", "unit": code,
    }  # fmt: skip
    return cells, Truth("read", values)


def spoil(chance: random.Random, cells: Cells, truth: Truth) -> None:
    """Write some of the cells as offices do."""
    for trouble in chance.sample(HARMLESS, 3):
        trouble(cells, truth, chance)
        truth.troubles.append(trouble.__name__)
    if chance.random() < 0.12:
        trouble = chance.choice(HARMFUL)
        trouble(cells, truth, chance)
        truth.troubles.append(trouble.__name__)


def _born(truth: Truth) -> date:
    born = truth.values["birth_date"]
    assert isinstance(born, date)
    return born


def real_date(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["birth"] = datetime.combine(_born(truth), datetime.min.time())


def date_with_other_signs(cells: Cells, truth: Truth, chance: random.Random) -> None:
    born = _born(truth)
    cells["birth"] = chance.choice((f"{born.day}-{born.month}-{born.year}", f"{born.day} / {born.month} / {born.year}"))


def two_digit_year(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["birth"] = _born(truth).strftime("%d/%m/%y")


def date_in_words(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    born = _born(truth)
    cells["birth"] = f"Ngày {born.day} tháng {born.month} năm {born.year}"


def month_first(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    """Only where nothing else can be meant."""
    if _born(truth).day > 12:
        cells["birth"] = _born(truth).strftime("%m/%d/%Y")


def phone_as_offices_write(cells: Cells, truth: Truth, chance: random.Random) -> None:
    digits = str(truth.values["phone"])[3:]
    spaced = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    cells["phone"] = chance.choice(
        (f"+84{digits}", f"84{digits}", f"+84 {spaced}", f"0{spaced}", spaced.replace(" ", "."), float(digits),
         float(f"84{digits}"), f"'0{digits}", f"0{digits}/ 0900000001")
    )  # fmt: skip


def identity_with_spaces(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    digits = str(truth.values["identity"])
    cells["identity"] = f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def decomposed(cells: Cells, _truth: Truth, _chance: random.Random) -> None:
    cells |= {key: unicodedata.normalize("NFD", text) for key, text in cells.items() if isinstance(text, str)}


def capitals(cells: Cells, _truth: Truth, _chance: random.Random) -> None:
    cells |= {key: str(cells[key]).upper() for key in ("family", "given")}


def without_identity(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["identity"], truth.values["identity"] = None, ""


def unit_of_the_past(cells: Cells, truth: Truth, chance: random.Random) -> None:
    cells["code"], cells["unit"], truth.values["unit"] = chance.choice(UNITS_PAST)


def _with_identity(truth: Truth, digits: str) -> None:
    truth.values["identity"] = digits


def identity_as_a_number(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["identity"] = float(str(cells["identity"] or "").replace(" ", "") or 24085000001)
    _with_identity(truth, f"{int(cells['identity']):012}")  # type: ignore[call-overload]
    truth.expected = "confirm"


def old_identity_card(cells: Cells, truth: Truth, chance: random.Random) -> None:
    cells["identity"] = f"{chance.randint(120_000_000, 129_999_999)}"
    _with_identity(truth, str(cells["identity"]))


def no_name(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["family"] = cells["given"] = None
    truth.expected = "refuse"


def impossible_birth(cells: Cells, truth: Truth, chance: random.Random) -> None:
    cells["birth"] = chance.choice(("31/02/1985", "31/02/85", "15//1980", "không rõ"))
    truth.expected = "refuse"


def short_phone(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["phone"] = "0912"
    truth.expected = "refuse"


def unit_of_two(cells: Cells, truth: Truth, _chance: random.Random) -> None:
    cells["code"], cells["unit"], truth.expected = None, UNIT_OF_TWO, "refuse"


Trouble = Callable[[Cells, Truth, random.Random], None]
HARMLESS: tuple[Trouble, ...] = (
    real_date, date_with_other_signs, two_digit_year, date_in_words, month_first,
    phone_as_offices_write, identity_with_spaces, decomposed, capitals,
    without_identity, unit_of_the_past,
)  # fmt: skip
HARMFUL: tuple[Trouble, ...] = (
    identity_as_a_number, old_identity_card, no_name, impossible_birth, short_phone, unit_of_two,
)  # fmt: skip
