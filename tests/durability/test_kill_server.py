"""Acknowledged means kept: the server is killed again and again while people study, and loses nothing it answered for.

Ten times on each database is twenty in every run of the suite; KILLS=100 asks for more.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from app.core.db import Database
from tests.durability.studying import Learner, check_nothing_is_lost, enrolled
from tests.live import LiveServer, running
from tests.seeded import Seeded

KILLS = int(os.environ.get("KILLS", "10"))
LEARNERS = 6


@pytest.fixture
def server(tmp_path: Path, seeded: Seeded) -> Iterator[LiveServer]:
    with seeded.copied(tmp_path) as url:
        yield LiveServer(tmp_path, database_url=url)


@pytest.fixture
def database(server: LiveServer) -> Iterator[Database]:
    database = Database(server.database_url)
    yield database
    database.dispose()


@pytest.fixture
def learners(server: LiveServer, database: Database) -> list[Learner]:
    return enrolled(database, [server], LEARNERS)


def test_kills_lose_no_acknowledged_second_and_no_answer(
    server: LiveServer, database: Database, learners: list[Learner]
) -> None:
    random, done = Random(1908), threading.Event()
    threads = [threading.Thread(target=learner.study, args=(done,)) for learner in learners]
    with running(server):
        for thread in threads:
            thread.start()
        try:
            for _ in range(KILLS):
                _let_study(learners, random.randrange(1, 60))
                done.wait(random.uniform(0, 0.02))
                server.kill()
                server.start()
                check_nothing_is_lost(database, learners)
            _let_study(learners, 60)
        finally:
            done.set()
            for thread in threads:
                thread.join(30)
        check_nothing_is_lost(database, learners)
    assert [message for learner in learners for message in learner.wrong] == []
    assert all(learner.answered for learner in learners)
    # The kills met work: saves were cut off and sent again.
    assert sum(learner.repeats for learner in learners) >= KILLS


def _let_study(learners: list[Learner], more: int) -> None:
    """Returns once so many more saves are acknowledged."""
    aim = sum(len(learner.kept) for learner in learners) + more
    deadline = time.monotonic() + 30
    while sum(len(learner.kept) for learner in learners) < aim:
        assert time.monotonic() < deadline, "the learners get no answers"
        time.sleep(0.002)
