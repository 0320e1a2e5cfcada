"""A long SELECT into a file, read by the driver alone: what a process of its own does for who exports (long_files.py).

It is told everything: the statement, what to make of its columns, the format. Nothing of a domain is loaded here, so
the process begins within a tenth of a second and takes little memory.
"""

import gc
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.core import clock
from app.core.bulk_files import BATCH, Batch, write_json_lines, write_long_csv, write_parquet
from app.core.errors import Invalid
from app.core.long_sheets import write_long_xlsx
from app.core.tables import Cell, Column

# How a value of the database is read, for people and programs alike.
Reading = Literal["", "codes", "listed_codes", "rounded", "truth"]
_NICENESS = 10
_KEPT = 50_000
REFUSED = 3


class LongColumn(msgspec.Struct, frozen=True):
    """A column of the statement and what becomes of it: `read`, then said in `words` where there are some.

    `named`: not a column of the statement, but the value at this place of the period it lies in (LongSelect.periods).
    """

    column: Column
    read: Reading = ""
    words: list[tuple[str | bool | None, str]] = []
    named: int | None = None


class LongSelect(msgspec.Struct, frozen=True):
    """A statement with its values, ordered by a key between `:after` and `:until`, both numbers it is given later.

    `target`: the file of a SQLite database, or what libpq takes for PostgreSQL.
    """

    is_sqlite: bool
    target: str
    sql: str
    values: dict[str, str | int | float | bool | None]
    columns: list[LongColumn]
    format: str
    sheet: str = ""
    notes: list[str] = []
    # A statement with (key, first day, day after the last or null, values…), as of the names a unit had. Where it is
    # given, the last two columns of `sql` are a key and a day. To join each row with it would take as long as all else.
    periods: str = ""


class Part(msgspec.Struct, frozen=True):
    """Rows whose key is above `after` and at most `until`, and the file they go to."""

    path: str
    after: int
    until: int
    with_head: bool = True


class Source:
    """A connection, and what becomes of its rows: prepared once for all parts."""

    def __init__(self, connection: Any, wish: LongSelect) -> None:
        self.connection, self.wish = connection, wish
        self.changes = [_changes(one, wish) for one in wish.columns]

    @cached_property
    def periods(self) -> "_Periods | None":
        return _Periods(self.connection.execute(self.wish.periods).fetchall()) if self.wish.periods else None


def write_part(source: Source, part: Part, tell: Callable[[int], None]) -> int:
    """The number of rows; `tell` is told of each batch how many rows it had. Raises Invalid for a sheet too long."""
    wish = source.wish
    path, columns, batches = Path(part.path), [one.column for one in wish.columns], _read(source, part, tell)
    match wish.format:
        case "csv":
            return write_long_csv(path, columns, batches, with_head=part.with_head)
        case "jsonl":
            return write_json_lines(path, columns, batches)
        case "parquet":
            return write_parquet(path, columns, batches)
        case _:
            return write_long_xlsx(path, wish.sheet, columns, batches, wish.notes)


def connect(wish: LongSelect) -> Any:
    """A connection of the driver's, closed by whoever asked; `begin` starts its only transaction."""
    if wish.is_sqlite:
        connection = sqlite3.connect(wish.target, timeout=30, isolation_level=None)
        connection.execute("PRAGMA query_only=ON")
        return connection
    import psycopg

    return psycopg.connect(wish.target, options="-c timezone=UTC -c default_transaction_read_only=on")


def begin(connection: Any, snapshot: str = "") -> None:
    """From here on it sees one moment: that of `snapshot` (pg_export_snapshot), or now."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN")
        # A reader's moment is that of its first look.
        connection.execute("SELECT count(*) FROM sqlite_master")
        return
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    if snapshot:
        connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
    connection.execute("SELECT 1")


def changed(read: Reading, words: Mapping[Any, str] | None) -> Callable[[Cell], Cell] | None:
    """What makes a cell of a value; None where it stays as it is."""
    if words:
        return lambda value: words.get(value, value)
    return _READINGS.get(read)


def _read(source: Source, part: Part, tell: Callable[[int], None]) -> Iterator[Batch]:
    connection, wish, periods = source.connection, source.wish, source.periods
    values = wish.values | {"after": part.after, "until": part.until}
    if wish.is_sqlite:
        cursor = connection.execute(wish.sql, values)
    else:
        cursor = connection.cursor(name="long_select", binary=True)
        cursor.itersize = BATCH
        cursor.execute(wish.sql, values)
    try:
        while rows := cursor.fetchmany(BATCH):
            found = list(zip(*rows, strict=True))
            if periods:
                found = _with_names(found, wish.columns, periods)
            for place, steps in enumerate(source.changes):
                for step in steps:
                    found[place] = step(found[place])
            yield found
            tell(len(rows))
    finally:
        cursor.close()


class _Periods:
    """What holds for a key on a day."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self._by_key: dict[Any, list[tuple[Any, Any, Sequence[Any]]]] = {}
        # The latest first: most rows are of these days.
        for key, first, end, *values in sorted(rows, key=lambda row: row[1], reverse=True):
            self._by_key.setdefault(key, []).append((first, end, values))
        self._nothing = [None] * (len(rows[0]) - 3 if rows else 0)

    def at(self, keys: Iterable[Any], days: Iterable[Any]) -> list[Sequence[Any]]:
        """For each key on its day the values; None for each of them where nothing holds."""
        found = []
        known, nothing = self._by_key.get, self._nothing
        for key, day in zip(keys, days, strict=True):
            for first, end, values in known(key, ()):
                if first <= day and (end is None or day < end):
                    found.append(values)
                    break
            else:
                found.append(nothing)
        return found


def _with_names(found: list[Any], columns: Sequence[LongColumn], periods: _Periods) -> list[Any]:
    """The columns asked for: those of the statement, and the names among them."""
    names = list(zip(*periods.at(*found[-2:]), strict=True))
    own = iter(found)
    return [next(own) if one.named is None else names[one.named] for one in columns]


class _Once(dict[Any, Any]):
    """What a function makes of a value, kept: there are few days, few lists of codes."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __missing__(self, value: Any) -> Any:
        if len(self) > _KEPT:
            self.clear()
        made = self[value] = self._function(value)
        return made


_Step = Callable[[Sequence[Any]], Any]


def _changes(one: LongColumn, wish: LongSelect) -> list[_Step]:
    """What is done to a whole column as the driver gave it."""
    steps: list[_Step] = []
    if wish.is_sqlite and one.column.kind == "date":
        steps.append(_mapped(_Once(lambda text: text and date.fromisoformat(text))))
    if wish.is_sqlite and one.column.kind == "instant":
        # As core/db.py writes them.
        steps.append(
            _said_to_the_minute() if wish.format == "csv"
            else lambda texts: [text and datetime.fromisoformat(f"{text}Z") for text in texts]
        )  # fmt: skip
    if change := changed(one.read, dict(one.words)):
        steps.append(_mapped(_Once(change)))
    return steps


def _said_to_the_minute() -> _Step:
    """Instants as CSV says them. To make a time of each and to write that took a fifth of a row; hours repeat."""
    hours = _Once(lambda hour: datetime.fromisoformat(f"{hour}:00Z").astimezone(clock.VIETNAM).strftime("%d/%m/%Y %H"))
    return lambda texts: [text and hours[text[:13]] + text[13:16] for text in texts]


def _mapped(known: dict[Any, Any]) -> _Step:
    return lambda cells: list(map(known.__getitem__, cells))


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


def main() -> None:
    """Lines in: a LongSelect, the snapshot to begin with, then Parts. Lines out: a blank one when ready and when
    begun; for each part how many rows every batch had, and a blank one at its end.

    Ends with its input, so it does not outlive who asked; with the code REFUSED after the words for a person.
    """
    os.nice(_NICENESS)
    # Rows make no circles, and looking for some among the tuples of a batch took a tenth of the time.
    gc.disable()
    wish = msgspec.json.decode(sys.stdin.readline(), type=LongSelect)
    connection = connect(wish)
    _tell("")
    begin(connection, sys.stdin.readline().strip())
    _tell("")
    source = Source(connection, wish)
    for line in sys.stdin:
        try:
            write_part(source, msgspec.json.decode(line, type=Part), _tell)
        except Invalid as error:
            _tell(error.message)
            sys.exit(REFUSED)
        _tell("")


def _tell(said: object) -> None:
    print(said, flush=True)


if __name__ == "__main__":
    main()
