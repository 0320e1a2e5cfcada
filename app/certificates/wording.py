"""How the facts of a certificate are written on paper and on the public page, and how a code is read back."""

import re
from collections.abc import Callable
from datetime import date

from app.certificates.models import Certificate
from app.core.templating import format_date, format_number
from app.core.text import nfc

_CODE_IN_URL = re.compile(r"/verify/([^/?#\s]+)")
_STATEMENT_IN = re.compile(r"/verify/q/([A-Z2-7]+)|^([A-Z2-7]{100,})$")
_BRACED = re.compile(r"\{([^{}]*)\}")
# What the sentences of a form may name, in braces.
PLACEHOLDERS: dict[str, Callable[[Certificate], str]] = {
    "ho_ten": lambda certificate: certificate.holder_name,
    "khoa_hoc": lambda certificate: certificate.course_title,
    "so_gio": lambda certificate: plain_number(certificate.hours),
    "ket_qua": lambda certificate: (
        "–" if certificate.score_percent is None else plain_number(certificate.score_percent)
    ),
    "ngay_hoan_thanh": lambda certificate: format_date(certificate.completed_on),
    "ngay_cap": lambda certificate: format_date(certificate.issued_on),
    "so": lambda certificate: certificate.number,
    "don_vi": lambda certificate: certificate.unit_name,
}
_NOT_CODE = re.compile(r"[^0-9A-Za-z]")


def grouped(code: str) -> str:
    """A code in groups of four, as people copy it from paper."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def code_in(entered: str) -> str:
    """The code somebody typed, copied with its spaces, or scanned as the whole address."""
    found = _CODE_IN_URL.search(entered)
    return _NOT_CODE.sub("", found.group(1) if found else entered).upper()


def statement_in(entered: str) -> str:
    """The signed statement of a QR code, scanned as the whole address or alone; empty if it holds none."""
    found = _STATEMENT_IN.search(entered.strip())
    return (found.group(1) or found.group(2)) if found else ""


def filled(sentence: str, certificate: Certificate) -> str:
    """A sentence of a form with its {names} filled in; `unknown_names` has been asked when it was written."""
    return _BRACED.sub(lambda name: PLACEHOLDERS[name.group(1)](certificate), sentence)


def unknown_names(sentence: str) -> list[str]:
    """The {names} of a sentence that say nothing; a brace left alone is one."""
    strange = [name for name in _BRACED.findall(sentence) if name not in PLACEHOLDERS]
    return strange + [brace for brace in "{}" if brace in _BRACED.sub("", sentence)]


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
