"""The database: one engine, read-only and writing sessions, column types shared by all tables.

A request or a job opens exactly one session (DESIGN 4.1): `reading()` for what only looks, `writing()` for what
changes. Services flush; whoever opened the session commits.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from app.core import postgresql
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.core.memory import Memory
from app.core.settings import Settings
from app.core.sqlite import driver_of, told_as_usual

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_NAIVE = "a naive datetime cannot be stored as an instant"
# Outlines and lessons of published courses, mostly: about 20 kB each.
_REMEMBERED = 1000


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(_NAIVE)
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}Z")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite keeps no zone, so a naive value is refused instead of guessed.

    There it is the text SQLAlchemy would keep, but sooner done: every save has six of them.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(_NAIVE)
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


# SQLite gives automatic ids only to INTEGER columns; PostgreSQL needs the wide type for 200 million rows.
Id = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map = {datetime: Instant, int: Id}


def pk() -> Any:
    """The surrogate key column of a table."""
    return mapped_column(Id, primary_key=True, autoincrement=True)


class Database:
    """An engine and its two kinds of session."""

    def __init__(self, url: str, pool_size: int = 8) -> None:
        self.url = url
        self.engine = _engine(check_url(url), pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        memory = Memory(_REMEMBERED)
        self._readers = sessionmaker(
            self.engine.execution_options(**_reader_options(self.engine)), expire_on_commit=False,
            info={"memory": memory, "reads_only": True},
        )  # fmt: skip
        self._writers = sessionmaker(
            self.engine.execution_options(hocso_write=True), expire_on_commit=False, info={"memory": memory}
        )

    @classmethod
    def of(cls, settings: Settings) -> "Database":
        """The database of an installation; a SQLite file gets its folder. Raises CommandFailed if that cannot be."""
        url = check_url(settings.database_url)
        if url.database and url.get_backend_name() == "sqlite":
            try:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CommandFailed(
                    _("Không tạo được thư mục cho cơ sở dữ liệu %(path)s (%(reason)s). Hãy kiểm tra DATA_DIR."),
                    path=url.database,
                    reason=error.strerror,
                ) from error
        return cls(settings.database_url, settings.db_pool_size)

    def open(self, *, write: bool) -> Session:
        """A session that begins at its first statement; the database itself refuses every change if not `write`."""
        return (self._writers if write else self._readers)()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For what only looks; a stray write raises, also one that was not sent to the database yet."""
        session = self.open(write=False)
        try:
            yield session
            session.flush()
        finally:
            # Ends the transaction too; a rollback before it would cost as much again.
            session.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Commits when the block ends well, rolls back when it raises."""
        session = self.open(write=True)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """Of all processes on this database only one at a time is inside a block for the same `work`.

        For what several servers do when they start together. On SQLite each transaction is alone anyway.
        """
        if self.is_sqlite:
            yield
            return
        with self.engine.begin() as connection:
            # However long the other one takes.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:work))"), {"work": work})
            yield

    def dispose(self) -> None:
        self.engine.dispose()


def check_url(given: str) -> URL:
    """What DATABASE_URL names; raises CommandFailed for what this installation cannot open. Passwords stay unsaid."""
    shown = re.sub(r"//[^@]*@", "//***@", given)
    try:
        # What hosts of databases hand out begins with postgres:// or postgresql://; psycopg is the driver we carry.
        url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", given))
        if url.get_driver_name() not in ("pysqlite", "psycopg"):
            raise CommandFailed(_("DATABASE_URL dùng loại cơ sở dữ liệu chưa được hỗ trợ: %(url)s"), url=shown)
        url.get_dialect().import_dbapi()
    # Without a number for a port make_url raises a plain ValueError.
    except (ArgumentError, ValueError) as error:
        raise CommandFailed(
            _(
                "DATABASE_URL không hợp lệ: %(url)s. Ví dụ đúng: sqlite:////srv/hocso/hocso.db hoặc "
                "postgresql://hocso:mật-khẩu@máy/hocso"
            ),
            url=shown,
        ) from error
    except ImportError as error:
        raise CommandFailed(
            _("DATABASE_URL cần thư viện %(name)s chưa được cài trên máy này: %(url)s"), name=error.name, url=shown
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise CommandFailed(
            _("DATABASE_URL phải chỉ tới một tệp, vì dữ liệu trong bộ nhớ mất khi dừng: %(url)s"), url=shown
        )
    return url


def met_another(error: DBAPIError) -> bool:
    """Whether two transactions came in each other's way, so that the same again may well succeed.

    They wrote the same unique value, waited for each other in a circle, or one waited too long: the last is all that
    can happen on SQLite, where writers take turns.
    """
    is_busy = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    return is_busy or getattr(error.orig, "sqlstate", None) in ("23505", "40001", "40P01", "55P03")


def cannot_hold(error: DBAPIError) -> bool:
    """Whether a value was refused that is in no row and never will be: a text with a NUL, a number too large.

    PostgreSQL only; SQLite takes any text.
    """
    return isinstance(error, DataError) and getattr(error.orig, "sqlstate", None) in (None, "22003", "22021")


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# Ten times as fast as the standard library, which shows where thousands of rows carry JSON.
_JSON: dict[str, Any] = {"json_serializer": _to_json, "json_deserializer": msgspec.json.decode}


def _reader_options(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "sqlite":
        return {"hocso_write": False}
    # As on SQLite a reader sees one moment: a page's figures fit together.
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _engine(url: URL, pool_size: int) -> Engine:
    if url.get_backend_name() != "sqlite":
        return postgresql.open_engine(url, pool_size, **_JSON)
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=4, connect_args={"timeout": 30, "check_same_thread": False}, **_JSON
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # pysqlite's own transaction handling begins late and loses updates in silence; we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        # 1 MB: each connection has its own, and what it leaves out the system still holds.
        "cache_size=-1000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Straight to the driver: on a page these two statements would cost as much as its queries.
    driver = driver_of(connection)
    if connection.get_execution_options().get("hocso_write", True):
        driver.execute("PRAGMA query_only=OFF")
        # This one may have to wait, and fail.
        with told_as_usual("BEGIN IMMEDIATE"):
            driver.execute("BEGIN IMMEDIATE")
    else:
        driver.execute("PRAGMA query_only=ON")
        driver.execute("BEGIN")


__all__ = ["Base", "Database", "Id", "Instant", "Session", "date", "pk"]
