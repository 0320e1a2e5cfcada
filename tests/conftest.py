"""Fixtures: a copy of the seeded database for each test (databases.py); a browser-like HTTP client."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.scratch import quick_place

# Each process of a run has a folder of its own: workers would clear away each other's half-made videos.
os.environ.update(
    SECRET_KEY="for-tests-only", FIELD_KEY="for-tests-only", WORKERS="0", DEMO="0", PUBLIC_URL="https://hocso.test",
    # What a role asks for has tests of its own; the others need not show a telephone.
    SECOND_FACTOR_FROM="9999-01-01",
    # What is published is tried wherever pages are tried.
    OPEN_DATA="1",
    DATA_DIR=tempfile.mkdtemp(prefix="hocso-"), PYTEST_DEBUG_TEMPROOT=str(quick_place()),
)  # fmt: skip

import hypothesis
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.__main__ import main
from app.core import events, i18n, limiting
from app.core.allocation import keep_what_is_loaded
from app.core.db import Database, Session
from app.core.jobs import Worker
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.main import HANDLERS, JOBS, create_app
from app.runtime import Runtime
from app.timetable import CRONS
from tests import hashing, statements
from tests.browser import BASE_URL, Browser
from tests.seeded import Seeded

hashing.make_quick()
statements.share_compiled()
# Neither timings nor luck decide a test; `EXPLORE=1` looks for more.
hypothesis.settings.register_profile("hocso", deadline=None, derandomize=not os.environ.get("EXPLORE"))
hypothesis.settings.load_profile("hocso")

pytest_plugins = ["tests.databases", "tests.swift.running", "tests.openid.running", "tests.openid.hand_made"]


def pytest_collection_finish() -> None:
    """Looking for garbage among all that is loaded, thousands of tests included, took a quarter of the run."""
    keep_what_is_loaded()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True)


@pytest.fixture
def settings(tmp_path: Path, seeded: Seeded) -> Iterator[Settings]:
    with seeded.copied(tmp_path) as url:
        yield Settings(  # type: ignore[call-arg]
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=0
        )


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    events.wire(HANDLERS)
    limiting.forget_all()
    i18n.speak(i18n.DEFAULT)
    runtime = Runtime(settings)
    yield runtime
    runtime.database.dispose()


@pytest.fixture
def database(runtime: Runtime) -> Database:
    return runtime.database


@pytest.fixture
def storage(runtime: Runtime) -> Storage:
    return runtime.storage


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A writing session; commit what another session must see (`db.commit()`)."""
    session = database.open(write=True)
    yield session
    session.rollback()
    session.close()


@pytest.fixture
def worker(runtime: Runtime) -> Worker:
    """Run due jobs in the test: `worker.run_all()`."""
    return Worker(runtime.database, runtime.storage, JOBS, CRONS)


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    return create_app(runtime)


@pytest.fixture
def new_browser(app: FastAPI) -> Iterator[Callable[[], Browser]]:
    """Several people at once: each call opens another browser on the same running application."""
    with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False):
        yield lambda: Browser(TestClient(app, base_url=BASE_URL, raise_server_exceptions=False))


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    """A browser nobody has signed in to."""
    return new_browser()


@pytest.fixture
def operate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """`operate(settings, "units", "tree", "--json")`: the exit code of the command line in that installation."""

    def operate(settings: Settings, *words: str) -> int:
        for name in ("data_dir", "database_url", "media_url", "s3_endpoint", "s3_access_key"):
            monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
        monkeypatch.setenv("S3_SECRET_KEY", settings.s3_secret_key.get_secret_value())
        get_settings.cache_clear()
        return main(list(words))

    yield operate
    get_settings.cache_clear()


@pytest.fixture
def command(settings: Settings, operate: Callable[..., int]) -> Callable[..., int]:
    """`command("units", "tree", "--json")` on the test's database: the exit code."""
    return partial(operate, settings)
