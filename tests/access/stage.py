"""The application with its world, one signed-in browser per persona, and a watch over what changes."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from app.core import events, i18n, limiting
from app.core.batching import GroupCommitter
from app.core.db import Database
from app.core.settings import Settings, get_settings
from app.learning.answering import answer_committer
from app.learning.finishing import finish_committer
from app.learning.saving import progress_committer
from app.main import HANDLERS, create_app
from app.runtime import Runtime
from tests.access.declarations import Declared
from tests.access.watch import count_writes, watch
from tests.access.world import ANONYMOUS, PERSONAS, build
from tests.browser import BASE_URL, Browser
from tests.seeded import Seeded

# Each works on one database.
_COMMITTERS: dict[str, Callable[[Database], GroupCommitter[Any, Any]]] = {
    "progress_committer": progress_committer,
    "answer_committer": answer_committer,
    "finish_committer": finish_committer,
}


@dataclass(frozen=True)
class Caller:
    """A persona's browser as it was right after signing in."""

    client: TestClient
    cookies: Mapping[str, str]
    token: str


class Copy:
    """A database of one's own, as the stage's was in the beginning, and what works on it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, pool_size=2)
        self.committers = {name: make(self.database) for name, make in _COMMITTERS.items()}
        for committer in self.committers.values():
            committer.start()
        self._watch = watch(url)
        self._untouched = self._watch.writes()

    def is_untouched(self) -> bool:
        return self._watch.writes() == self._untouched

    def close(self) -> None:
        for committer in self.committers.values():
            committer.stop()
        self._watch.close()
        self.database.dispose()


class Stage:
    """Sends declared calls as a persona. They meet the shared database, or a copy of their own in `copied()`."""

    def __init__(self, runtime: Runtime, folder: Path, seeded: Seeded) -> None:
        self.folder = folder
        self._runtime, self._seeded = runtime, seeded
        self.app = create_app(runtime)
        self.world = build(runtime)
        self.callers: dict[str, Caller] = {}
        self._closing = ExitStack()
        self._copying = self._closing.enter_context(ExitStack())
        self._copy: Copy | None = None

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
        shared = self._runtime.database.url
        count_writes(shared)
        # PostgreSQL copies only what nobody is connected to.
        self._runtime.database.dispose()
        self._original = self._closing.enter_context(self._seeded.copied(self.folder, "original.db", source=shared))
        self._watch = watch(shared)
        self._closing.callback(self._watch.close)

    def close(self) -> None:
        self._closing.close()

    def send(
        self, persona: str, declared: Declared, *, method: str = "", token: str | None = None, origin: str = ""
    ) -> httpx.Response:
        """The declared call with the form token of the persona's last page, or with another (`""`: none)."""
        request = declared.request(self.world, self.callers[persona].token if token is None else token)
        if origin:
            request["headers"]["origin"] = origin
        return self.ask(persona, method or declared.method, **request)

    def ask(self, persona: str, method: str, url: str, **request: Any) -> httpx.Response:
        """Whatever httpx can send, from the persona's browser as it was after signing in."""
        limiting.forget_all()
        caller = self.callers[persona]
        caller.client.cookies = httpx.Cookies(dict(caller.cookies))
        return caller.client.request(method, url, follow_redirects=False, **request)

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Inside, the application works on a database of its own, as it was in the beginning."""
        state, copy = self.app.state, self._untouched_copy()
        before = {name: getattr(state, name) for name in ("database", *_COMMITTERS)}
        for name, one in {"database": copy.database, **copy.committers}.items():
            setattr(state, name, one)
        try:
            yield
        finally:
            for name, one in before.items():
                setattr(state, name, one)

    def _untouched_copy(self) -> Copy:
        """The last one again if nobody wrote to it: what is refused is most of what these tests ask."""
        if self._copy is None or not self._copy.is_untouched():
            self._copying.close()
            url = self._copying.enter_context(self._a_copy())
            self._copy = self._copying.enter_context(closing(Copy(url)))
        return self._copy

    @contextmanager
    def _a_copy(self) -> Iterator[str]:
        with self._seeded.copied(self.folder, "copy.db", source=self._original) as url:
            yield url
        for left in self.folder.glob("copy.db*"):
            left.unlink()

    def everything(self) -> tuple[str, frozenset[tuple[str, int, int]]]:
        """All rows of the shared database, as a digest, and all stored files by name, size and time."""
        return self._watch.rows(), frozenset(_files_in(self.folder / "media"))


def _files_in(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Looks once at each: they are listed after every request, and asking a path of `pathlib` four times as often."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files_in(Path(entry.path))
            else:
                seen = entry.stat()
                yield entry.path, seen.st_size, seen.st_mtime_ns


@contextmanager
def staged(folder: Path, seeded: Seeded) -> Iterator[Stage]:
    """A stage with everybody signed in; its files are in `folder`."""
    with pytest.MonkeyPatch.context() as environment, seeded.copied(folder, "shared.db") as url:
        environment.setenv("DATA_DIR", str(folder))
        get_settings.cache_clear()
        events.wire(HANDLERS)
        i18n.speak(i18n.DEFAULT)
        settings = Settings(
            data_dir=folder,
            database_url=url,
            media_url=f"file://{folder}/media",
            workers=0,
            demo=True,
        )
        with closing(Runtime(settings)) as runtime:
            stage = Stage(runtime, folder, seeded)
            with TestClient(stage.app, base_url=BASE_URL) as running:
                stage.sign_everybody_in(running)
                yield stage
            stage.close()
    get_settings.cache_clear()
