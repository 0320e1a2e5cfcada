"""One simulated province per run, copied for each test that lives in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.db import Database, Session
from app.core.settings import Settings
from app.simulation.province import simulate
from tests.seeded import Seeded
from tests.simulation.courses import make_shelf

PEOPLE, SEED = 200, 3


@pytest.fixture(scope="session")
def province(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with three courses, 12,000 units and PEOPLE."""
    with seeded.copied(tmp_path_factory.mktemp("province"), "province.db") as url:
        database = Database(url)
        with database.writing() as db:
            make_shelf(db)
            simulate(db, PEOPLE, SEED)
        database.dispose()
        yield url


@pytest.fixture
def known(province: str) -> Iterator[Session]:
    """The province itself, for who only reads."""
    database = Database(province)
    with database.reading() as db:
        yield db
    # PostgreSQL copies only what nobody is connected to.
    database.dispose()


@pytest.fixture
def settings(tmp_path: Path, seeded: Seeded, province: str) -> Iterator[Settings]:
    """Instead of the empty province of other tests."""
    with seeded.copied(tmp_path, source=province) as url:
        yield Settings(  # type: ignore[call-arg]
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=0
        )
