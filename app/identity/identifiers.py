"""Phones, emails and identity numbers: from what people type to the one form we store and look up."""

import re
from dataclasses import dataclass
from typing import Literal

import phonenumbers

from app.core.text import nfc

Sex = Literal["male", "female"]

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+")
_SEPARATORS = re.compile(r"[\s.\-]")
# The place of birth registration in a 12-digit number: provinces by Thông tư 07/2016/TT-BCA, annex 1. Countries
# (annex 2) have codes above 100.
_PROVINCES = frozenset(
    f"{code:03d}"
    for code in (
        1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44,
        45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89,
        91, 92, 93, 94, 95, 96,
    )
)  # fmt: skip


@dataclass(frozen=True)
class IdentityNumber:
    """A number of 12 digits (căn cước) says sex and year of birth; an old one of 9 digits (chứng minh) does not."""

    digits: str
    sex: Sex | None = None
    birth_year: int | None = None


def phone_e164(text: str) -> str | None:
    """`0912 345 678` as `+84912345678`; numbers without a country code are Vietnamese. None if it is no phone."""
    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_shown(e164: str) -> str:
    """A stored phone as people here write it: `0912 345 678`; foreign ones keep their country code."""
    number = phonenumbers.parse(e164)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if number.country_code == 84 else style.INTERNATIONAL)


def email_address(text: str) -> str | None:
    """Lower case; None if it cannot be an address."""
    address = nfc(text).lower()
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else None


def identity_number(text: str) -> IdentityNumber | None:
    """A number of 12 or 9 digits, spaces and dots ignored; None if it cannot be one.

    Digits 1–3 are the place of birth registration, the 4th sex and century (0/1 for the 20th, 2/3 for the 21st …, even
    for men), the 5th and 6th the year of birth: Nghị định 137/2015/NĐ-CP article 13, Thông tư 07/2016/TT-BCA.
    """
    digits = _SEPARATORS.sub("", text)
    if not digits.isascii() or not digits.isdigit():
        return None
    if len(digits) == 9:
        return IdentityNumber(digits)
    if len(digits) != 12 or not (digits[:3] in _PROVINCES or int(digits[:3]) > 100):
        return None
    century, female = divmod(int(digits[3]), 2)
    return IdentityNumber(digits, "female" if female else "male", 1900 + 100 * century + int(digits[4:6]))
