"""Rate limits: so many tries, then a wait that is told; one key does not pay for another, servers count together."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock, limiting
from app.core.db import Database
from app.core.errors import TooMany
from app.core.jobs import Worker, enqueue
from app.core.limiting import LimitWindow
from app.core.settings import Settings

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture
def other_server(settings: Settings) -> Iterator[Database]:
    """The same database as another process opens it."""
    database = Database(settings.database_url)
    yield database
    database.dispose()


def hit(database: Database, limit: str, *keys: str, purpose: str = "test") -> None:
    with database.writing() as db:
        limiting.hit(db, purpose, limit, *keys)


def check(database: Database, limit: str, *keys: str) -> None:
    with database.reading() as db:
        limiting.check(db, "test", limit, *keys)


@contextmanager
def refused(*, after_s: int | None = None) -> Iterator[None]:
    with pytest.raises(TooMany) as told:
        yield
    assert 1 <= told.value.retry_after_s <= 60
    assert after_s in (None, told.value.retry_after_s)


def test_after_so_many_tries_one_waits_until_the_window_has_passed(database: Database) -> None:
    for seconds in (0, 10, 20):
        with clock.frozen(NOON + timedelta(seconds=seconds)):
            hit(database, "3/minute", "an")
    with clock.frozen(NOON + timedelta(seconds=45)), refused(after_s=15):
        hit(database, "3/minute", "an")
    with clock.frozen(NOON + timedelta(seconds=60)):
        check(database, "3/minute", "an")
        hit(database, "3/minute", "an")
        hit(database, "3/minute", "an")


def test_each_key_and_each_purpose_has_its_own_share(database: Database) -> None:
    hit(database, "1/minute", "an")
    hit(database, "1/minute", "binh")
    hit(database, "1/minute", "an", purpose="other")
    with refused():
        hit(database, "1/minute", "chi", "an")


def test_looking_does_not_count(database: Database) -> None:
    for _ in range(5):
        check(database, "1/minute", "an", "binh")
    hit(database, "1/minute", "an")
    with refused():
        check(database, "1/minute", "binh", "an")


def test_servers_on_one_database_count_together(database: Database, other_server: Database) -> None:
    for number in range(10):
        hit((database, other_server)[number % 2], "10/minute", "an")
    for server in (database, other_server):
        with refused():
            check(server, "10/minute", "an")
        with refused():
            hit(server, "10/minute", "an")


def test_tries_that_come_at_once_all_count(database: Database, other_server: Database) -> None:
    def try_once(number: int) -> bool:
        try:
            hit((database, other_server)[number % 2], "10/minute", "an", "address")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_once, range(40))) == 10


def test_what_was_tried_is_not_to_be_read_and_goes_when_it_counts_no_more(database: Database, worker: Worker) -> None:
    with clock.frozen(clock.now() - timedelta(minutes=2)):
        hit(database, "5/minute", "name:" + "nguyễn văn an" * 1000)
    hit(database, "5/hour", "address:203.0.113.7")
    with database.reading() as db:
        assert all(re.fullmatch(r"[\w-]{32}", key) for key in db.scalars(select(LimitWindow.key)))
    with database.writing() as db:
        enqueue(db, "admin.forget_tries")
    worker.run_all()
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(LimitWindow)) == 1


def test_a_process_counts_by_itself_where_nothing_may_be_written() -> None:
    limiting.forget_all()
    limiting.hit_here("test", "1/minute", "an")
    limiting.hit_here("test", "1/minute", "binh")
    with refused():
        limiting.hit_here("test", "1/minute", "an")
    limiting.forget_all()
