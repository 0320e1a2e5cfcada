"""SQLite's driver without SQLAlchemy in between, where that would cost more than SQLite's own work."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the transaction of this one."""
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


@contextmanager
def told_as_usual(sql: str, values: Any = ()) -> Iterator[None]:
    """What the driver raises becomes SQLAlchemy's, for whoever tells one error from another (core/db.py)."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, values, error, sqlite3.Error) from error
