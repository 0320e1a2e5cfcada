"""The plugin that runs a test on SQLite, on PostgreSQL or on both: `pytest --database sqlite|postgresql|both`.

Only tests that use the fixture `database_kind`, mostly through `settings`, touch a database; the others run once. A
test about one kind says so with `@pytest.mark.databases("sqlite")` and is not collected for the other.

Where both were asked for, each case of a test that goes through pages runs on one of them, by turns: what pages ask of
a database has tests of its own. So does a test marked `by_turns`, which asks the same of hundreds of routes or nothing
of the database. One marked `on_both` does not: races, and what the records of learning live by. Asked for alone, a
kind gets every case (`make proof`).
"""

import os
import tempfile
from pathlib import Path
from zlib import crc32

import pytest

from tests.postgresql import OwnServer, Server
from tests.seeded import Seeded, SeededFile, SeededTemplate, make_template

KINDS = ("sqlite", "postgresql")
# How the run tells its workers where the template is.
_TEMPLATE = "HOCSO_TEST_TEMPLATE"
_SERVER = pytest.StashKey[Server]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=(*KINDS, "both"), default="sqlite", help="where tests with a database run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "databases(*kinds): this test is about these databases alone")
    config.addinivalue_line("markers", "by_turns: of both databases, each case of this test meets one")
    config.addinivalue_line("markers", "on_both: each case of this test meets both databases, though it goes by pages")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """One server and one template for all workers, ready before they start."""
    config = session.config
    if hasattr(config, "workerinput") or "postgresql" not in _chosen(config) or config.option.collectonly:
        return
    given = os.environ.get("TEST_DATABASE_URL")
    config.stash[_SERVER] = server = Server(given) if given else OwnServer()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[_TEMPLATE] = make_template(server, Path(folder))


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(_SERVER, None):
        if template := os.environ.pop(_TEMPLATE, None):
            server.drop(Server(template).database)
        server.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        about = _about(metafunc.definition)
        kinds = [kind for kind in _chosen(metafunc.config) if kind in about]
        metafunc.parametrize("database_kind", kinds or about, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test about a kind that was not asked for is left out, and of those by turns whose turn it is not."""
    chosen = _chosen(config)
    wanted = [item for item in items if any(kind in chosen for kind in _about(item)) and _has_turn(item, chosen)]
    if len(wanted) < len(items):
        kept = set(wanted)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = wanted


def _chosen(config: pytest.Config) -> tuple[str, ...]:
    asked: str = config.getoption("--database")
    return KINDS if asked == "both" else (asked,)


def _about(item: pytest.Item) -> tuple[str, ...]:
    mark = item.get_closest_marker("databases")
    return mark.args if mark else KINDS


def _has_turn(item: pytest.Item, chosen: tuple[str, ...]) -> bool:
    """By what the case is called, so that every worker of a run chooses alike, and every run."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    kind = params.get("database_kind")
    if kind is None or not _goes_by_turns(item):
        return True
    case = item.nodeid.replace(kind, "")
    kinds = [one for one in chosen if one in _about(item)]
    return kind not in kinds or kinds[crc32(case.encode()) % len(kinds)] == kind


def _goes_by_turns(item: pytest.Item) -> bool:
    if item.get_closest_marker("by_turns"):
        return True
    goes_through_pages = "new_browser" in getattr(item, "fixturenames", ())
    return goes_through_pages and item.get_closest_marker("on_both") is None


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.param)


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> SeededFile:
    """Made once in each process, however often the run turns from one kind to the other."""
    return SeededFile(tmp_path_factory.mktemp("seeded"))


@pytest.fixture(scope="session")
def seeded(request: pytest.FixtureRequest, database_kind: str) -> Seeded:
    """Migrated, with the province's units, audiences, programmes and indicators; no people and no courses."""
    if database_kind == "sqlite":
        file: SeededFile = request.getfixturevalue("seeded_file")
        return file
    return SeededTemplate(os.environ[_TEMPLATE])
