"""Sums of money: typed and shown in million đồng, kept in whole đồng."""

import re

from app.core.templating import format_number

_TYPED = re.compile(r"(\d{1,3}(?:[. ]\d{3})+|\d{1,9})(?:,(\d{1,6}))?", re.ASCII)
MILLION = 1_000_000
MOST_DONG = 100_000_000 * MILLION


def dong_of(text: str) -> int | None:
    """“1.234,5” million as 1 234 500 000 đồng; None for what is no such sum or more than a province has."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        return None
    whole, part = re.sub("[. ]", "", found[1]), (found[2] or "").ljust(6, "0")
    dong = int(whole) * MILLION + int(part)
    return dong if dong <= MOST_DONG else None


def million_words(dong: int | None) -> str:
    """The sum as people type it: “1.234,5”; "–" for none."""
    if dong is None:
        return "–"
    digits = next(digits for digits in range(7) if dong % 10 ** (6 - digits) == 0)
    return format_number(dong / MILLION, digits)
