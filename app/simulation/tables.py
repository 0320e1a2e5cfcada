"""Rows into tables in bulk: COPY on PostgreSQL, one compiled statement for many rows on SQLite.

Identifiers are given out here, so that rows can name each other before they are written; on PostgreSQL the tables are
locked against other writers until the end of the transaction, on SQLite there are none.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, cast

import msgspec
from sqlalchemy import Date, Table, func, select, text
from sqlalchemy.orm import Session

from app.core.db import Base, Instant

Row = Sequence[Any]
_BATCH = 20_000


class Rows:
    """The rows of one table that wait to be written, as tuples in the order of `columns`; JSON columns as text."""

    def __init__(self, db: Session, model: type[Base], *columns: str) -> None:
        self.table = cast(Table, model.__table__)
        self.columns = columns
        self.written = 0
        self._db = db
        self._waiting: list[Row] = []
        self._is_sqlite = db.get_bind().dialect.name == "sqlite"
        # SQLite keeps days and instants as text; COPY takes both as they are.
        self._converters = [(at, make) for at, make in enumerate(map(self._converter, columns)) if make]
        self.next_id = self._first_id() if columns[0] == "id" else 0

    def add(self, *row: Any) -> None:
        self._waiting.append(row)

    def add_new(self, *row: Any) -> int:
        """A row without its id, the first column; returns the id it gets."""
        id_ = self.next_id
        self.next_id = id_ + 1
        self._waiting.append((id_, *row))
        return id_

    def write(self) -> None:
        """Send what waits."""
        if not self._waiting:
            return
        if self._is_sqlite:
            self._insert(self._waiting)
        else:
            self._copy(self._waiting)
        self.written += len(self._waiting)
        self._waiting = []

    def finish(self) -> None:
        """Send the rest, and let the database go on counting after our last id."""
        self.write()
        if self.columns[0] == "id" and not self._is_sqlite and self.written:
            sequence = func.setval(func.pg_get_serial_sequence(self.table.name, "id"), self.next_id - 1)
            self._db.execute(select(sequence))

    def _first_id(self) -> int:
        if self._is_sqlite:
            return (self._db.scalar(select(func.max(self.table.c.id))) or 0) + 1
        self._db.execute(text(f"LOCK TABLE {self.table.name} IN SHARE ROW EXCLUSIVE MODE"))
        sequence = func.nextval(func.pg_get_serial_sequence(self.table.name, "id"))
        return int(self._db.scalar(select(sequence)) or 1)

    def _insert(self, rows: list[Row]) -> None:
        # By hand, because insert() would put the columns into the table's order instead of ours.
        names, marks = ", ".join(self.columns), ", ".join("?" * len(self.columns))
        sql = f"INSERT INTO {self.table.name} ({names}) VALUES ({marks})"  # noqa: S608
        connection = self._db.connection()
        for start in range(0, len(rows), _BATCH):
            connection.exec_driver_sql(sql, list(self._converted(rows[start : start + _BATCH])))

    def _copy(self, rows: list[Row]) -> None:
        # The driver itself: neither SQLAlchemy nor the DB-API knows of COPY.
        driver: Any = self._db.connection().connection.dbapi_connection
        names = ", ".join(self.columns)
        with driver.cursor() as cursor, cursor.copy(f"COPY {self.table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _converted(self, rows: Iterable[Row]) -> Iterable[Row]:
        converters = self._converters
        if not converters:
            yield from rows
            return
        for row in rows:
            values = list(row)
            for at, convert in converters:
                if values[at] is not None:
                    values[at] = convert(values[at])
            yield tuple(values)

    def _converter(self, name: str) -> Callable[[Any], str] | None:
        kind = self.table.c[name].type
        if not self._is_sqlite:
            return None
        if isinstance(kind, Instant):
            return _instant_text
        return date.isoformat if isinstance(kind, Date) else None


def json_text(value: Any) -> str:
    """As the database's own serializer writes it."""
    return msgspec.json.encode(value).decode()


def _instant_text(value: datetime) -> str:
    # Without the zone, which is UTC throughout (core.db.Instant).
    return value.isoformat(" ", "microseconds")[:26]
