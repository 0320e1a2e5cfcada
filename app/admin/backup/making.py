"""Making a backup while the platform runs: one moment of the database, and every file that moment names."""

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app import __version__
from app.admin.backup import archive, rows
from app.admin.backup.archive import End, Head, Writer
from app.core import clock, keys
from app.core.db import Database
from app.core.errors import CommandFailed, NotFound
from app.core.i18n import gettext as _
from app.core.settings import ROOT
from app.core.storage import Storage

Teller = Callable[[str], None]
_FILES_A_LINE = 500


def make(database: Database, storage: Storage, path: Path, tell: Teller) -> tuple[Head, End]:
    """Write the backup to `path`; readers and writers of the platform go on meanwhile.

    The rows are of one moment. Files are stored before a row names them and never change, so those that are there
    after that moment are enough. Raises CommandFailed, OSError.
    """
    with _Names() as names, archive.writing(path) as writer:
        with snapshot(database) as connection:
            head = _head(connection)
            writer.add(archive.HEAD, msgspec.json.format(msgspec.json.encode(head)))
            counts = _add_tables(connection, writer, names, tell)
        files, size = _add_files(storage, writer, names, tell)
        end = End(counts, files, size, list(names.missing()))
        writer.finish(end)
    return head, end


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A connection that sees one moment of the database, whoever writes meanwhile, and can change nothing."""
    with database.engine.connect() as connection:
        # SQLite's reading transactions are like that by themselves.
        level = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        yield connection.execution_options(hocso_write=False, **level)


def key_mark() -> str:
    """Which FIELD_KEY this installation has, told by something that does not help to guess it."""
    return hmac.new(keys.field_key(), b"backup", hashlib.sha256).hexdigest()[:16]


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"))).get_current_head()


def _head(connection: Connection) -> Head:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None or revision != newest_revision():
        raise CommandFailed(
            _(
                "Cơ sở dữ liệu chưa ở phiên bản của chương trình này (%(found)s). Hãy sao lưu bằng phiên bản Học Số "
                "đang chạy, hoặc chạy lệnh migrate trước.",
                found=revision or "–",
            )
        )
    return Head(
        archive.FORMAT, __version__, clock.now().isoformat(timespec="seconds"), connection.dialect.name, revision,
        key_mark(), {table.name: rows.columns(table) for table in rows.tables()},
    )  # fmt: skip


def _add_tables(connection: Connection, writer: Writer, names: "_Names", tell: Teller) -> dict[str, int]:
    counts = {}
    for table in rows.tables():
        counts[table.name] = 0
        for number, (count, lines) in enumerate(rows.pieces(connection, table, names.needed), 1):
            writer.add_rows(table.name, number, lines)
            counts[table.name] += count
    tell(_("Đã chép %(rows)s dòng của %(tables)s bảng.", rows=sum(counts.values()), tables=len(counts)))
    return counts


def _add_files(storage: Storage, writer: Writer, names: "_Names", tell: Teller) -> tuple[int, int]:
    count = total = 0
    for key in storage.all_keys():
        try:
            size = storage.size(key)
            chunks = storage.read(key)
        except NotFound:
            # Thrown away since it was listed: an expired import, for instance.
            continue
        writer.add_file(key, chunks, size)
        names.there(key)
        count, total = count + 1, total + size
        if count % _FILES_A_LINE == 0:
            tell(_("Đã chép %(count)s tệp.", count=count))
    return count, total


class _Names:
    """Which files the rows need and which are there, on disk: a province has millions."""

    def __enter__(self) -> "_Names":
        self._book = sqlite3.connect("")
        self._book.execute("CREATE TABLE needed (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._book.execute("CREATE TABLE there (key TEXT PRIMARY KEY) WITHOUT ROWID")
        return self

    def __exit__(self, *_error: object) -> None:
        self._book.close()

    def needed(self, key: str) -> None:
        self._book.execute("INSERT OR IGNORE INTO needed VALUES (?)", (key,))

    def there(self, key: str) -> None:
        self._book.execute("INSERT OR IGNORE INTO there VALUES (?)", (key,))

    def missing(self) -> Iterator[str]:
        for (key,) in self._book.execute("SELECT key FROM needed EXCEPT SELECT key FROM there ORDER BY key"):
            yield key
