"""The application with its world, one signed-in browser per persona, and a watch over what changes."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.testclient import TestClient

from app.core import limiting
from app.core.db import Database
from app.learning.saving import progress_committer
from app.main import create_app
from app.runtime import Runtime
from tests.access.declarations import Declared
from tests.access.world import ANONYMOUS, PERSONAS, build
from tests.browser import BASE_URL, Browser

# What may move at any time without anybody having done anything.
_MOVING = {"sign_in_session": {"last_seen_at"}}


@dataclass(frozen=True)
class Caller:
    """A persona's browser as it was right after signing in."""

    client: TestClient
    cookies: Mapping[str, str]
    token: str


class Stage:
    """Sends declared calls as a persona. They meet the shared database, or a copy of their own in `copied()`."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        self.folder = folder
        self.app = create_app(runtime=runtime)
        self.world = build(runtime)
        self.callers: dict[str, Caller] = {}
        self._watch = sqlite3.connect(runtime.database.engine.url.database or "")
        self._digest: tuple[int, str] = (-1, "")

    def sign_everybody_in(self, running: TestClient) -> None:
        """Open a browser per persona on the running application, then keep the database as it is for `copied()`."""
        for persona in PERSONAS:
            browser = Browser(TestClient(self.app, base_url=BASE_URL, raise_server_exceptions=False))
            # One event loop for all: starting one per request would take a sixth of the run.
            browser.client.portal = running.portal
            if persona == ANONYMOUS:
                browser.get("/sign-in")
            else:
                browser.sign_in(persona)
            self.callers[persona] = Caller(browser.client, dict(browser.client.cookies), browser.token)
        with closing(sqlite3.connect(self.folder / "original.db")) as original:
            self._watch.backup(original)

    def close(self) -> None:
        self._watch.close()

    def send(
        self, persona: str, declared: Declared, *, method: str = "", token: str | None = None, origin: str = ""
    ) -> httpx.Response:
        """The declared call with the form token of the persona's last page, or with another (`""`: none)."""
        limiting.forget_all()
        caller = self.callers[persona]
        caller.client.cookies = httpx.Cookies(dict(caller.cookies))
        request = declared.request(self.world, caller.token if token is None else token)
        if origin:
            request["headers"]["origin"] = origin
        return caller.client.request(method or declared.method, follow_redirects=False, **request)

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Inside, the application works on a database of its own, as it was in the beginning."""
        state, path = self.app.state, self.folder / "copy.db"
        before = state.database, state.progress_committer
        shutil.copyfile(self.folder / "original.db", path)
        state.database = Database(f"sqlite:///{path}", pool_size=2)
        state.progress_committer = progress_committer(state.database)
        state.progress_committer.start()
        try:
            yield
        finally:
            state.progress_committer.stop()
            state.database.dispose()
            state.database, state.progress_committer = before
            for left in self.folder.glob("copy.db*"):
                left.unlink()

    def everything(self) -> tuple[str, frozenset[tuple[str, int, int]]]:
        """All rows of the shared database, as a digest, and all stored files by name, size and time."""
        files = (path for path in (self.folder / "media").rglob("*") if path.is_file())
        stored = ((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
        return self._rows(), frozenset(stored)

    def _rows(self) -> str:
        # SQLite counts the commits of others; without one there is nothing to read again.
        commits = self._watch.execute("PRAGMA data_version").fetchone()[0]
        if commits != self._digest[0]:
            self._digest = commits, digest(self._watch)
        return self._digest[1]


def digest(connection: sqlite3.Connection) -> str:
    """A hash over the rows of all tables, but for the columns that move by themselves."""
    summed = hashlib.sha256()
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    for table in tables:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        chosen = ", ".join(f'"{name}"' for name in columns if name not in _MOVING.get(table, set()))
        summed.update(table.encode())
        for row in connection.execute(f'SELECT {chosen} FROM "{table}"'):
            summed.update(repr(row).encode())
    return summed.hexdigest()
