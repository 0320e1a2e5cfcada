"""Rows of either database as lines of JSON, and lines back into either database."""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy import JSON, Boolean, Connection, Date, DateTime, LargeBinary, Table, Text, cast, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.admin.backup.archive import Column
from app.core.db import Base

# Pieces of about this many bytes: small enough to hold, large enough to compress.
_PIECE = 4 * 1024 * 1024
_ROWS_AT_ONCE = 2000
_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (DateTime, "instant"), (Date, "date"), (LargeBinary, "bytes"), (JSON, "json"), (Boolean, "bool"),
)  # fmt: skip
# Where rows say what they keep in the storage.
STORAGE_KEYS = frozenset({"storage_key", "source_key", "result_key", "pdf_key", "docx_key", "signature_key"})

Row = Sequence[Any]


def tables() -> list[Table]:
    """Every table of the models; what a database derives from them for itself (search) it derives again."""
    return sorted(Base.metadata.tables.values(), key=lambda table: table.name)


def columns(table: Table) -> list[Column]:
    return [Column(column.name, _kind(column.type)) for column in table.columns if column.computed is None]


def pieces(connection: Connection, table: Table, key_found: Callable[[str], None]) -> Iterator[tuple[int, bytes]]:
    """The table's rows in the order of its key, as (how many, lines); `key_found` hears of every stored file named."""
    # JSON as the very text it is: through Python an empty value and a stored null would become one.
    wanted = [
        cast(table.c[column.name], Text) if column.kind == "json" else table.c[column.name] for column in columns(table)
    ]
    named = [place for place, column in enumerate(columns(table)) if column.name in STORAGE_KEYS]
    lines, count = bytearray(), 0
    for row in connection.execute(
        select(*wanted).order_by(*table.primary_key), execution_options={"yield_per": _ROWS_AT_ONCE}
    ):
        lines += msgspec.json.encode(tuple(row)) + b"\n"
        count += 1
        for place in named:
            if row[place]:
                key_found(row[place])
        if len(lines) >= _PIECE:
            yield count, bytes(lines)
            lines, count = bytearray(), 0
    if count:
        yield count, bytes(lines)


def load(connection: Connection, table: str, given: Sequence[Column], lines: bytes) -> int:
    """Add the rows of one piece; how many."""
    rows = [msgspec.json.decode(line) for line in lines.splitlines()]
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in given)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {quote(table)} ({names}) FROM STDIN", _read(rows, given, _AS_OBJECTS))
    elif rows:
        marks = ", ".join("?" * len(given))
        values = [tuple(row) for row in _read(rows, given, _AS_SQLITE_KEEPS_IT)]
        connection.exec_driver_sql(f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})", values)  # noqa: S608
    return len(rows)


def _copy(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # As if it had gone through SQLAlchemy, whose errors are what callers know.
        raise DBAPIError(statement, None, error) from error


def _kind(column_type: TypeEngine[Any]) -> str:
    plain = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    return next((kind for known, kind in _KINDS if isinstance(plain, known)), "plain")


def _read(rows: Iterable[Row], given: Sequence[Column], how: dict[str, Callable[[Any], Any]]) -> Iterator[Row]:
    special = [(place, how[column.kind]) for place, column in enumerate(given) if column.kind in how]
    for row in rows:
        values = list(row)
        for place, convert in special:
            if values[place] is not None:
                values[place] = convert(values[place])
        yield values


def _sqlite_instant(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


_AS_OBJECTS: dict[str, Callable[[Any], Any]] = {
    "instant": datetime.fromisoformat, "date": date.fromisoformat, "bytes": base64.b64decode,
}  # fmt: skip
_AS_SQLITE_KEEPS_IT: dict[str, Callable[[Any], Any]] = {
    "instant": _sqlite_instant, "bytes": base64.b64decode, "bool": int,
}  # fmt: skip
