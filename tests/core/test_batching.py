"""Group commit: answered means durable, nobody is left without an answer, and one bad save harms no other."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.core import audit
from app.core.audit import AuditEntry
from app.core.batching import GroupCommitter
from app.core.db import Database, Session

Committer = GroupCommitter[int, int]
Apply = Callable[[Session, Sequence[int]], Sequence[int]]
PATIENCE_S = 10


class Refused(Exception):
    """A save that can never be taken."""


def note(db: Session, numbers: Sequence[int]) -> Sequence[int]:
    """Write a row per number; -1 is refused."""
    for number in numbers:
        if number == -1:
            raise Refused
        audit.record(db, "test.save", "number", number)
    db.flush()
    return [10 * number for number in numbers]


def saved(database: Database) -> list[int]:
    with database.reading() as db:
        return sorted(int(text) for text in db.scalars(select(AuditEntry.subject_id)))


@pytest.fixture
def committer(database: Database) -> Iterator[Callable[[Apply], Committer]]:
    """A committer that has not started: what is submitted before makes one batch."""
    made: list[Committer] = []

    def make(apply: Apply = note) -> Committer:
        made.append(GroupCommitter(database, apply, "test"))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def results(futures: Sequence[Future[int]]) -> list[object]:
    assert not wait(futures, PATIENCE_S).not_done, "somebody was left without an answer"
    return [future.exception() or future.result() for future in futures]


def test_each_caller_gets_its_own_answer_in_one_transaction(
    database: Database, committer: Callable[..., Committer]
) -> None:
    sizes = []

    def counted(db: Session, numbers: Sequence[int]) -> Sequence[int]:
        sizes.append(len(numbers))
        return note(db, numbers)

    one = committer(counted)
    futures = [one.submit(number) for number in range(50)]
    one.start()
    assert results(futures) == [10 * number for number in range(50)]
    assert sizes == [50]
    assert saved(database) == list(range(50))


def test_what_is_answered_is_committed(database: Database, committer: Callable[..., Committer]) -> None:
    """The moment the answer is there, another connection sees the row."""
    one = committer()
    one.start()
    for number in range(5):
        assert one.submit(number).result(PATIENCE_S) == 10 * number
        assert number in saved(database)


def test_one_bad_save_fails_alone(database: Database, committer: Callable[..., Committer]) -> None:
    one = committer()
    futures = [one.submit(number) for number in (1, -1, 2)]
    one.start()
    first, bad, last = results(futures)
    assert (first, last) == (10, 20)
    assert isinstance(bad, Refused)
    assert saved(database) == [1, 2]
    assert one.submit(3).result(PATIENCE_S) == 30, "and the committer lives on"


def test_a_database_that_refuses_is_not_asked_again_for_every_save(
    database: Database, committer: Callable[..., Committer]
) -> None:
    """Each try may wait 30 seconds for a lock: 500 of them one after the other would be hours."""
    calls = []

    def refuse(db: Session, numbers: Sequence[int]) -> Sequence[int]:
        calls.append(len(numbers))
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    one = committer(refuse)
    futures = [one.submit(number) for number in range(100)]
    one.start()
    assert all(isinstance(result, OperationalError) for result in results(futures))
    assert calls == [100, 1]


def test_a_batch_too_large_for_the_database_is_saved_one_by_one(
    database: Database, committer: Callable[..., Committer]
) -> None:
    def picky(db: Session, numbers: Sequence[int]) -> Sequence[int]:
        if len(numbers) > 1:
            raise OperationalError("INSERT", {}, Exception("too many SQL variables"))
        return note(db, numbers)

    one = committer(picky)
    futures = [one.submit(number) for number in range(4)]
    one.start()
    assert results(futures) == [0, 10, 20, 30]


def test_too_few_answers_are_an_error_and_nothing_is_saved(
    database: Database, committer: Callable[..., Committer]
) -> None:
    def forgetful(db: Session, numbers: Sequence[int]) -> Sequence[int]:
        note(db, numbers)
        return []

    one = committer(forgetful)
    futures = [one.submit(number) for number in range(3)]
    one.start()
    assert all(isinstance(result, RuntimeError) for result in results(futures))
    assert saved(database) == []


def test_a_client_that_goes_away_takes_nobody_with_it(database: Database, committer: Callable[..., Committer]) -> None:
    """asyncio cancels the future of a request that ends early; the committer must not stumble over it."""
    one = committer()
    gone, stays = one.submit(1), one.submit(2)
    assert gone.cancel()
    one.start()
    assert stays.result(PATIENCE_S) == 20
    assert saved(database) == [2]


def test_a_client_that_goes_away_while_its_save_is_written_takes_nobody_with_it(
    database: Database, committer: Callable[..., Committer]
) -> None:
    writing, go_on = threading.Event(), threading.Event()

    def slow(db: Session, numbers: Sequence[int]) -> Sequence[int]:
        writing.set()
        go_on.wait(PATIENCE_S)
        return note(db, numbers)

    one = committer(slow)
    one.start()

    async def leave_early() -> None:
        save = asyncio.ensure_future(asyncio.wrap_future(one.submit(1)))
        await asyncio.to_thread(writing.wait, PATIENCE_S)
        save.cancel()
        with pytest.raises(asyncio.CancelledError):
            await save

    asyncio.run(leave_early())
    go_on.set()
    assert one.submit(2).result(PATIENCE_S) == 20
    assert saved(database) == [1, 2]


def test_stopping_saves_what_waits(database: Database, committer: Callable[..., Committer]) -> None:
    one = committer()
    futures = [one.submit(number) for number in range(700)]
    one.start()
    one.stop()
    assert all(future.done() for future in futures)
    assert len(saved(database)) == 700


def test_a_committer_that_never_started_saves_what_waits_when_it_stops(
    database: Database, committer: Callable[..., Committer]
) -> None:
    one = committer()
    future = one.submit(1)
    one.stop()
    assert future.result(0) == 10


def test_whoever_comes_too_late_is_told_so(committer: Callable[..., Committer]) -> None:
    one = committer()
    one.start()
    one.stop()
    one.stop()
    with pytest.raises(RuntimeError, match="stopped"):
        one.submit(1)


def test_nobody_slips_between_the_last_save_and_the_end(
    database: Database, committer: Callable[..., Committer]
) -> None:
    """Submitting from eight threads while it stops: each save is either refused at once or answered."""
    one = committer()
    one.start()
    accepted: list[list[Future[int]]] = [[] for _ in range(8)]
    begun = threading.Barrier(9)

    def hammer(mine: list[Future[int]]) -> None:
        begun.wait()
        for number in range(100_000):
            try:
                mine.append(one.submit(number))
            except RuntimeError:
                return

    threads = [threading.Thread(target=hammer, args=(mine,)) for mine in accepted]
    for thread in threads:
        thread.start()
    begun.wait()
    one.stop()
    for thread in threads:
        thread.join()
    futures = [future for mine in accepted for future in mine]
    results(futures)
    with database.reading() as db:
        assert db.scalar(select(func.count(AuditEntry.id))) == len(futures)


def test_a_broken_transaction_answers_with_its_error(database: Database, committer: Callable[..., Committer]) -> None:
    def breaks_at_commit(db: Session, numbers: Sequence[int]) -> Sequence[int]:
        db.add(AuditEntry())
        return numbers

    one = committer(breaks_at_commit)
    future: Future[Any] = one.submit(1)
    one.start()
    assert future.exception(PATIENCE_S) is not None
    assert saved(database) == []


def test_coroutines_are_answered_like_threads(database: Database, committer: Callable[..., Committer]) -> None:
    one = committer()

    async def save_all() -> list[object]:
        saves = [asyncio.ensure_future(one.save(number)) for number in (1, -1, 2)]
        await asyncio.sleep(0)
        one.start()
        return await asyncio.wait_for(asyncio.gather(*saves, return_exceptions=True), PATIENCE_S)

    first, bad, last = asyncio.run(save_all())
    assert (first, last) == (10, 20)
    assert isinstance(bad, Refused)
    assert saved(database) == [1, 2]


def test_a_coroutine_that_goes_away_is_not_saved_and_takes_nobody_with_it(
    database: Database, committer: Callable[..., Committer]
) -> None:
    one = committer()

    async def leave_early() -> int:
        gone, stays = (asyncio.ensure_future(one.save(number)) for number in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        one.start()
        return await asyncio.wait_for(stays, PATIENCE_S)

    assert asyncio.run(leave_early()) == 20
    assert saved(database) == [2]
