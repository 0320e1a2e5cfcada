"""The database every test starts from, and copies of it: SQLite files, or databases of the run's PostgreSQL server."""

import secrets
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from app.commands import migrate
from app.core import events
from app.core.settings import Settings
from app.runtime import Runtime
from app.seeding import seed_everything
from tests.postgresql import Server


class Seeded(ABC):
    """Migrated, with the province's units, audiences, programmes and indicators; no people and no courses."""

    kind: str
    url: str

    @abstractmethod
    def copied(self, folder: Path, name: str = "test.db", source: str = "") -> AbstractContextManager[str]:
        """The DATABASE_URL of a copy, for as long as the block lasts; on SQLite it is the file `name` in `folder`.

        `source` is the URL of what to copy instead of the seeded database; on PostgreSQL nobody may be using it.
        """

    @abstractmethod
    def empty(self, folder: Path, name: str = "empty.db") -> AbstractContextManager[str]:
        """The DATABASE_URL of a database without tables, for as long as the block lasts."""


class SeededFile(Seeded):
    """SQLite."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'seeded.db'}"
        fill(self.url, folder)
        # In one file: no write-ahead log beside it.
        with closing(sqlite3.connect(_path(self.url))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def copied(self, folder: Path, name: str = "test.db", source: str = "") -> Iterator[str]:
        if source:
            with closing(sqlite3.connect(_path(source))) as old, closing(sqlite3.connect(folder / name)) as new:
                old.backup(new)
        else:
            shutil.copyfile(_path(self.url), folder / name)
        yield f"sqlite:///{folder / name}"

    @contextmanager
    def empty(self, folder: Path, name: str = "empty.db") -> Iterator[str]:
        yield f"sqlite:///{folder / name}"


class SeededTemplate(Seeded):
    """PostgreSQL: `url` names the server and the template on it that `make_template` filled."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url
        self._server = Server(url)

    @contextmanager
    def copied(self, folder: Path, name: str = "", source: str = "") -> Iterator[str]:
        with self._made(Server(source).database if source else self._server.database) as url:
            yield url

    @contextmanager
    def empty(self, folder: Path, name: str = "") -> Iterator[str]:
        with self._made(None) as url:
            yield url

    @contextmanager
    def _made(self, template: str | None) -> Iterator[str]:
        name = f"hocso_test_{secrets.token_hex(8)}"
        yield self._server.create(name, template)
        self._server.drop(name)


def _path(url: str) -> str:
    return make_url(url).database or ""


def make_template(server: Server, folder: Path) -> str:
    """Fill a database of the server for `SeededTemplate`; its URL."""
    url = server.create(f"hocso_seeded_{secrets.token_hex(8)}")
    fill(url, folder)
    return url


def fill(url: str, folder: Path) -> None:
    """Migrate and seed an empty database. Nobody hears of it, whatever ran before: its queue of jobs is empty."""
    events.wire([])
    runtime = Runtime(
        Settings(  # type: ignore[call-arg]
            data_dir=folder,
            database_url=url,
            media_url=f"file://{folder}/media",
            courses_dir=folder / "none",
            demo=False,
        )
    )
    try:
        migrate(runtime)
        seed_everything(runtime)
    finally:
        runtime.database.dispose()
