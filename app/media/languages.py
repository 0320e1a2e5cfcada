"""The languages lessons, recordings and captions are in, by their BCP 47 codes (data/languages.csv)."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from app.core import i18n

_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True)
class _Language:
    """`name` as its own readers look for it; the others as a sentence of the site has them."""

    name: str
    vietnamese: str
    english: str


def _read() -> dict[str, _Language]:
    path = Path(__file__).parent / "data" / "languages.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: _Language(row["name"], row["vietnamese"], row["english"]) for row in csv.DictReader(file)}


_KNOWN = _read()
# Code -> name, in the order they are offered in.
LANGUAGES = {code: one.name for code, one in _KNOWN.items()}


def language_name(code: str) -> str:
    """What readers call it; the code itself for one we have no name for."""
    return LANGUAGES.get(code, code)


def language_in_words(code: str) -> str:
    """As a sentence of the site names it: “tiếng Nùng” in “Nghe bài này bằng tiếng Nùng”."""
    known = _KNOWN.get(code)
    if known is None:
        return code
    return known.english if i18n.language() == "en" else known.vietnamese


def language_order(code: str) -> tuple[int, str]:
    """Sort key: the first is shown unless the reader chooses another, so Vietnamese leads."""
    known = list(LANGUAGES)
    return (known.index(code) if code in known else len(known), code)


def is_language(code: str) -> bool:
    """Whether a file of captions may bear it: `bai.vi.vtt`, `bai.zh-Hant.vtt`."""
    return _CODE.fullmatch(code) is not None
