"""Notices what changed in a database, whoever changed it."""

import hashlib
import sqlite3
from abc import ABC, abstractmethod

import psycopg
from sqlalchemy import make_url

# What may move at any time without anybody having done anything.
_MOVING = {"sign_in_session": ["last_seen_at", "address"], "api_token": ["last_used_at"]}
_GROWING = "access_entry"


class Watch(ABC):
    """`rows()` is a digest of all rows of all tables, but for the columns that move by themselves."""

    def __init__(self) -> None:
        self._seen: tuple[object, str] = (None, "")

    def rows(self) -> str:
        """Reads the tables only if something was written since the last time."""
        if (writes := self.writes()) != self._seen[0]:
            self._seen = writes, self._digest()
        return self._seen[1]

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def writes(self) -> int:
        """A number that is another one after somebody wrote."""

    @abstractmethod
    def _digest(self) -> str: ...


def count_writes(url: str) -> None:
    """Before a database is watched or copied. PostgreSQL counts writes late and for all databases together: here
    triggers count them.
    """
    if not url.startswith("sqlite"):
        with _connected(url) as connection:
            connection.execute(_COUNTING)


def watch(url: str) -> Watch:
    """Of a database whose writes are counted, or a copy of one."""
    return WatchedFile(url) if url.startswith("sqlite") else WatchedServer(url)


class WatchedFile(Watch):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._connection = sqlite3.connect(make_url(url).database or "")

    def close(self) -> None:
        self._connection.close()

    def writes(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _digest(self) -> str:
        summed = hashlib.sha256()
        named = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> ? ORDER BY 1", (_GROWING,)
        )
        for (table,) in named.fetchall():
            columns = [row[1] for row in self._connection.execute(f'PRAGMA table_info("{table}")')]
            chosen = ", ".join(f'"{name}"' for name in columns if name not in _MOVING.get(table, []))
            summed.update(table.encode())
            for row in self._connection.execute(f'SELECT {chosen} FROM "{table}"'):
                summed.update(repr(row).encode())
        return summed.hexdigest()


_COUNTING = f"""
CREATE SEQUENCE writes;
CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM nextval(''writes''); RETURN NULL; END';
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '{_GROWING}' LOOP
        EXECUTE format('CREATE TRIGGER count_writes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION count_write()', name);
    END LOOP;
END $$""".encode()


def _connected(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


class WatchedServer(Watch):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._connection = _connected(url)

    def close(self) -> None:
        self._connection.close()

    def writes(self) -> int:
        # A sequence nobody has asked yet already tells the number the first one gets.
        return int(self._ask("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM writes"))

    def _digest(self) -> str:
        summed = hashlib.sha256()
        found = self._connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> %s ORDER BY 1", (_GROWING,)
        )
        for (table,) in found.fetchall():
            moving = "{" + ",".join(_MOVING.get(table, [])) + "}"
            row = f"md5((to_jsonb(t) - '{moving}'::text[])::text)"
            summed.update(
                f"{table} {self._ask(f'SELECT string_agg({row}, chr(10) ORDER BY {row}) FROM {table} t')}".encode()
            )
        return summed.hexdigest()

    def _ask(self, query: str) -> object:
        row = self._connection.execute(query.encode()).fetchone()
        return row and row[0]
