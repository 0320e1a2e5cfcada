"""The columns of a long table: what a value means as the driver gave it, and what was made of a value before.

A batch is its columns, for what is done to a whole column costs a tenth of the same cell by cell. Texts are UTF-8 as
the database keeps it, where a file is to have them so: to make a `str` of each and bytes again took a third of a row.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from app.core.tables import Cell, Column

# How a value of the database is read, for people and programs alike.
Reading = Literal["", "codes", "listed_codes", "rounded", "truth"]
# As a driver gives it: days and instants of SQLite are texts, instants of PostgreSQL may be numbers.
Raw = Cell | bytes
RawBatch = Sequence[Sequence[Raw]]
# In bytes, PostgreSQL gives an instant as microseconds since then.
HOUR_US = 3_600_000_000
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# The hours of ten years, and more.
HOURS_KEPT = 100_000


class LongColumn(msgspec.Struct, frozen=True):
    """A column of the statement and what becomes of it: `read`, then said in `words` where there are some.

    `named`: not a column of the statement, but the value at this place of the period it lies in (LongSelect.periods).
    """

    column: Column
    read: Reading = ""
    words: list[tuple[str | bool | None, str]] = []
    named: int | None = None

    @property
    def is_plain(self) -> bool:
        """It means what it says."""
        return not self.read and not self.words


class Once(dict[Any, Any]):
    """What a function makes of a value, kept: there are few days, few lists of codes, few titles."""

    def __init__(self, function: Callable[[Any], Any], kept: int = 10_000) -> None:
        self._function, self._kept = function, kept

    def __missing__(self, value: Any) -> Any:
        if len(self) > self._kept:
            self.clear()
        made = self[value] = self._function(value)
        return made

    def of_each(self, cells: Sequence[Any]) -> list[Any]:
        return list(map(self.__getitem__, cells))


def changed(read: Reading, words: Mapping[Any, str] | None) -> Callable[[Cell], Cell] | None:
    """What makes a cell of a value; None where it stays as it is."""
    if words:
        return lambda value: words.get(value, value)
    return _READINGS.get(read)


def meaning(one: LongColumn) -> Callable[[Any], Cell]:
    """What makes a cell of a value as the driver gave it."""
    change = changed(one.read, dict(one.words))
    kind = one.column.kind

    def cell(value: Raw) -> Cell:
        if isinstance(value, bytes):
            value = value.decode()
        if isinstance(value, str) and kind == "date":
            value = date.fromisoformat(value)
        if isinstance(value, str) and kind == "instant":
            # As core/db.py writes them.
            value = datetime.fromisoformat(f"{value}Z")
        return change(value) if change else value

    return cell


def hour_of(hour: bytes | int) -> datetime:
    """The beginning of an hour: what an instant of SQLite begins with, or hours since PostgreSQL's own beginning."""
    if isinstance(hour, int):
        return _BEGINNING + timedelta(hours=hour)
    return datetime.fromisoformat(f"{hour.decode()}:00Z")


def repeats(cells: Sequence[Raw]) -> bool:
    """So often that it is worth keeping what was made of each."""
    return len(set(cells)) * 4 < len(cells)


@lru_cache(maxsize=4096)
def _codes(text: str | None) -> str | None:
    """The codes of a JSON list in one text."""
    return ", ".join(sorted(msgspec.json.decode(text))) if text else None


@lru_cache(maxsize=4096)
def _listed_codes(text: str | None) -> str | None:
    """The same for codes with commas between."""
    return ", ".join(sorted(text.split(","))) if text else None


def _rounded(value: Any) -> Cell:
    return None if value is None else float(round(value, 1))


def _truth(value: Any) -> Cell:
    return None if value is None else int(value)


_READINGS: dict[str, Callable[[Any], Cell]] = {
    "codes": _codes, "listed_codes": _listed_codes, "rounded": _rounded, "truth": _truth,
}  # fmt: skip
