"""Laws and decisions lessons cite, by number, and from when one of them counts no more (data/README.md)."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "laws.csv"
# 91/2025/QH15, 1908/QĐ-UBND, 57-NQ/TW, TCVN 14423:2026.
_NUMBER = re.compile(
    r"\bTCVN \d+(?::\d{4})?|\b\d{1,5}/\d{4}/[A-ZĐ]+\d*(?:-[A-ZĐa-z]+)?|\b\d{1,5}/[A-ZĐ]+\d*-[A-ZĐ]+[A-Za-zĐ\d]*"
    r"|\b\d{1,4}-[A-Z]+/[A-ZĐ]+"
)
_DATED = re.compile(r"\s*,?\s*ngày (\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True)
class Law:
    """One document. `issued`: None where no source at hand gives the day; `expired_on`: the first day without it."""

    number: str
    title: str
    issued: date | None
    expired_on: date | None
    replaced_by: str


def law(number: str) -> Law | None:
    """The document of that number, if the list holds it."""
    return _laws().get(number)


def cited(text: str) -> Iterator[tuple[str, date | None]]:
    """Numbers of documents in a text, each with the day written right after it; an impossible day is None."""
    for found in _NUMBER.finditer(text):
        dated = _DATED.match(text, found.end())
        yield found.group(), _day(*map(int, dated.groups())) if dated else None


def _day(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _laws() -> dict[str, Law]:
    def on(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    with _FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["number"]: Law(
                row["number"], row["title"], on(row["issued"]), on(row["expired_on"]), row["replaced_by"]
            )
            for row in csv.DictReader(file)
        }
