"""Two servers, each a process with a worker inside, on one PostgreSQL and one storage."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.live import LiveServer, running


@pytest.fixture
def servers(settings: Settings, tmp_path: Path) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Machines of their own as far as one machine can show it: they share nothing but the database and the files."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(running(machine(settings, tmp_path / name))) for name in ("a", "b"))  # type: ignore[misc]


def machine(settings: Settings, folder: Path, database_url: str = "") -> LiveServer:
    """A server that is not started, on the test's database or another."""
    folder.mkdir()
    shared = {"MEDIA_URL": settings.media_url, "WORKERS": "1"}
    return LiveServer(folder, shared, database_url=database_url or settings.database_url)
