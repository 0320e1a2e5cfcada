"""A long SELECT into a file, read by the driver alone: what a process of its own does for who exports (long_files.py).

It is told everything: the statement, what to make of its columns, the format. Nothing of a domain is loaded here, so
the process begins within a tenth of a second and takes little memory.
"""

import gc
import os
import sqlite3
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from app.core.bulk_files import BATCH, Batch, write_json_lines, write_parquet
from app.core.errors import Invalid
from app.core.long_columns import LongColumn, Once, meaning
from app.core.long_csv import LongCsv
from app.core.long_sheets import write_long_xlsx

# Written from what the driver gives; the others take values of Python.
_IN_BYTES = ("csv", "xlsx")
_NICENESS = 10
_CACHE_KB = 8_000
REFUSED = 3


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
        self._meant = [_meant(one, wish) for one in wish.columns]

    @cached_property
    def csv(self) -> LongCsv:
        return LongCsv(self.wish.columns)

    @cached_property
    def periods(self) -> "_Periods | None":
        if not self.wish.periods:
            return None
        cursor = self.connection.cursor() if self.wish.is_sqlite else self.connection.cursor(binary=True)
        return _Periods(cursor.execute(self.wish.periods).fetchall())

    def meant(self, batch: Sequence[Any]) -> Batch:
        """The cells of these values."""
        return [cells if say is None else say(cells) for say, cells in zip(self._meant, batch, strict=True)]


def write_part(source: Source, part: Part, tell: Callable[[int], None]) -> int:
    """The number of rows; `tell` is told of each batch how many rows it had. Raises Invalid for a sheet too long."""
    wish = source.wish
    path, batches = Path(part.path), _read(source, part, tell)
    columns = [one.column for one in wish.columns]
    match wish.format:
        case "csv":
            return source.csv.write(path, batches, with_head=part.with_head)
        case "jsonl":
            return write_json_lines(path, columns, map(source.meant, batches))
        case "parquet":
            return write_parquet(path, columns, map(source.meant, batches))
        case _:
            return write_long_xlsx(path, wish.sheet, wish.columns, batches, wish.notes)


def connect(wish: LongSelect) -> Any:
    """A connection of the driver's, closed by whoever asked; `begin` starts its only transaction."""
    if wish.is_sqlite:
        connection = sqlite3.connect(wish.target, timeout=30, isolation_level=None)
        connection.execute("PRAGMA query_only=ON")
        # Rows of several tables, found by keys that are no neighbours.
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        if wish.format in _IN_BYTES:
            connection.text_factory = bytes
        return connection
    import psycopg
    from psycopg.types.numeric import Int8BinaryLoader
    from psycopg.types.string import ByteaBinaryLoader

    server = psycopg.connect(wish.target, options="-c timezone=UTC -c default_transaction_read_only=on")
    if wish.format in _IN_BYTES:
        for kind in ("text", "varchar"):
            server.adapters.register_loader(kind, ByteaBinaryLoader)
        server.adapters.register_loader("timestamptz", Int8BinaryLoader)
    return server


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


def _read(source: Source, part: Part, tell: Callable[[int], None]) -> Iterator[Any]:
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
            yield found
            tell(len(rows))
    finally:
        cursor.close()


class _Periods:
    """What holds for a key on a day. Between two days on which anything changed, one table of keys serves all days."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self._by_key: dict[Any, list[tuple[Any, Any, Sequence[Any]]]] = {}
        for key, first, end, *values in rows:
            self._by_key.setdefault(key, []).append((first, end, values))
        self._changes = sorted({day for row in rows for day in row[1:3] if day is not None})
        self._nothing = [None] * (len(rows[0]) - 3 if rows else 0)
        self._tables = Once(self._table)
        self._on = Once(lambda day: self._tables[bisect_right(self._changes, day)])

    def at(self, keys: Sequence[Any], days: Sequence[Any]) -> list[Sequence[Any]]:
        """For each key on its day the values; None for each of them where nothing holds."""
        on = self._on
        return [on[day][key] for key, day in zip(keys, days, strict=True)]

    def _table(self, changes: int) -> Once:
        """Of the days after so many changes."""
        day = self._changes[changes - 1] if changes else None
        return Once(lambda key: self._holding(key, day), kept=100_000)

    def _holding(self, key: Any, day: Any) -> Sequence[Any]:
        for first, end, values in self._by_key.get(key, ()) if day is not None else ():
            if first <= day and (end is None or day < end):
                return values
        return self._nothing


def _with_names(found: list[Any], columns: Sequence[LongColumn], periods: _Periods) -> list[Any]:
    """The columns asked for: those of the statement, and the names among them."""
    names = list(zip(*periods.at(*found[-2:]), strict=True))
    own = iter(found)
    return [next(own) if one.named is None else names[one.named] for one in columns]


def _meant(one: LongColumn, wish: LongSelect) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """What makes cells of a column; None where they are the driver's own."""
    is_text = wish.is_sqlite and one.column.kind in ("date", "instant")
    if one.is_plain and not is_text:
        return None
    if one.column.kind == "instant":
        # Hardly any comes twice.
        return lambda texts: [text and datetime.fromisoformat(f"{text}Z") for text in texts]
    return Once(meaning(one)).of_each


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
