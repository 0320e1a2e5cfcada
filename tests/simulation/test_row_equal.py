"""The bulk path writes the rows the services would have written: every table, every column but identifiers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core import clock, events
from app.core.db import Database
from app.core.jobs import JobContext
from app.core.storage import storage_of
from app.coverage.counting.settling import settle
from app.learning.jobs import forget_progress_clients
from app.main import HANDLERS
from app.simulation.places import Map
from app.simulation.province import simulate, storyteller
from app.simulation.shelf import read_shelf
from app.simulation.units import add_units
from tests.seeded import Seeded
from tests.simulation.comparing import Described, describe, differences
from tests.simulation.courses import make_shelf
from tests.simulation.ordinary import Ordinary

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
SEED = 7


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def by_services(url: str, people: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Described:
    with opened(url) as database:
        with database.writing() as db:
            stories = list(storyteller(Map.read(db), read_shelf(db), SEED).tell(range(1, people + 1)))
            Ordinary(db, monkeypatch).act(stories)
        forget_progress_clients(JobContext(0, database, storage_of(f"file://{folder}"), ""))
        settle(database)
        with database.reading() as db:
            return describe(db)


def in_bulk(url: str, people: int) -> Described:
    with opened(url) as database:
        with database.writing() as db:
            simulate(db, people, SEED)
        settle(database)
        with database.reading() as db:
            return describe(db)


def compare(seeded: Seeded, folder: Path, people: int, monkeypatch: pytest.MonkeyPatch) -> Described:
    """Both ways on two copies of one database; what they came to. Fails with the rows that differ."""
    events.wire(HANDLERS)
    with clock.frozen(NOW), seeded.copied(folder, "one.db") as first_url:
        with opened(first_url) as database, database.writing() as db:
            make_shelf(db)
            add_units(db, Map.read(db))
        with seeded.copied(folder, "other.db", first_url) as other_url:
            ordinary = by_services(first_url, people, folder, monkeypatch)
            bulk = in_bulk(other_url, people)
    assert not differences(ordinary, bulk), "\n".join(differences(ordinary, bulk))
    return bulk


def test_bulk_writes_what_the_services_write(
    seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    rows = compare(seeded, tmp_path, 40, monkeypatch)
    # Nothing is equal because it is empty.
    for table in ("block_progress", "attempt", "completion_post", "certificate", "coverage_entry", "coverage_balance"):
        assert rows[table].total() > 0
