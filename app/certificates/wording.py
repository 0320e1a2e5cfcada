"""How the facts of a certificate are written on paper and on the public page, and how a code is read back."""

import re
from datetime import date

from app.core.templating import format_date, format_number
from app.core.text import nfc

_CODE_IN_URL = re.compile(r"/verify/([^/?#\s]+)")
_NOT_CODE = re.compile(r"[^0-9A-Za-z]")


def grouped(code: str) -> str:
    """A code in groups of four, as people copy it from paper."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def code_in(entered: str) -> str:
    """The code somebody typed, copied with its spaces, or scanned as the whole address."""
    found = _CODE_IN_URL.search(entered)
    return _NOT_CODE.sub("", found.group(1) if found else entered).upper()


def number_in(entered: str) -> str:
    """A certificate's number as stored, from what somebody copied off the paper: 412 / 2026 / hs-skhcn."""
    serial, *rest = nfc(entered).upper().replace("SỐ:", "").replace(" ", "").split("/")
    return "/".join([serial.zfill(5), *rest])


def birth_day(born: str) -> str:
    """A sealed birth date in words: 1985-03-02 is `ngày 02/03/1985`, 1985 is `năm 1985`."""
    return f"năm {born}" if len(born) == 4 else f"ngày {format_date(date.fromisoformat(born))}"


def masked_birth_date(born: str) -> str:
    """Only the year is shown to the public: **/**/1985."""
    return f"**/**/{born[:4]}"


def plain_number(value: float) -> str:
    """A number without idle decimals: 6, 1,5, 0,75."""
    return format_number(value, 2).rstrip("0").rstrip(",")
