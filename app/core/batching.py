"""Group commit: many small writes share one transaction, and each caller is answered after COMMIT.

SQLite with synchronous=FULL pays one flush to disk per transaction; 500 saves in one cost little more than one.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from app.core.db import Database, met_another

log = logging.getLogger("hocso.batching")

BATCH = 500
# Those who were answered together come again together: the first of a crowd waits so long for the others.
_CROWD, _PATIENCE_S = 8, 0.002

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Told = TypeVar("Told", contravariant=True)


class Waiter(Protocol[Told]):
    """Whoever waits for an answer: a future of a thread, or a coroutine's."""

    def set_running_or_notify_cancel(self) -> bool:
        """False if nobody waits any more."""

    def set_result(self, result: Told, /) -> None: ...

    def set_exception(self, exception: BaseException, /) -> None: ...


class GroupCommitter(Generic[Item, Answer]):
    """One thread that takes what is waiting, hands it to `apply` in one transaction, and answers after the commit.

    `apply(db, items)` returns one answer per item, in order. If a batch fails, each item is tried alone, so that one
    bad item does not fail its neighbours.
    """

    def __init__(
        self, database: Database, apply: Callable[[Session, Sequence[Item]], Sequence[Answer]], name: str
    ) -> None:
        self._database = database
        self._apply = apply
        self._waiting: queue.SimpleQueue[Sequence[tuple[Item, Waiter[Answer]]] | None] = queue.SimpleQueue()
        # What came in one turn of an event loop, until its end.
        self._arrived: dict[asyncio.AbstractEventLoop, list[tuple[Item, _Coroutine[Answer]]]] = {}
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._door = threading.Lock()
        # Coroutines of the running batch that have their answer; touched by the committing thread alone.
        self._awakened: list[_Coroutine[Answer]] = []
        self._stopped = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Save what is waiting, then end; nothing that was submitted stays without an answer."""
        with self._door:
            if self._stopped:
                return
            self._stopped = True
            self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join(10)
        else:
            self._run()

    def submit(self, item: Item) -> Future[Answer]:
        """The future is done when the item is durable, or failed with the error of its transaction."""
        future: Future[Answer] = Future()
        self._enter([(item, future)])
        return future

    async def save(self, item: Item) -> Answer:
        """`submit` for a coroutine: many enter together and are woken together, which costs each far less."""
        waiter = _Coroutine[Answer](self._awakened)
        loop = waiter.future.get_loop()
        arrived = self._arrived.setdefault(loop, [])
        if not arrived:
            loop.call_soon(self._enter_together, loop)
        arrived.append((item, waiter))
        return await waiter.future

    def _enter_together(self, loop: asyncio.AbstractEventLoop) -> None:
        arrived = self._arrived.pop(loop)
        try:
            self._enter(arrived)
        except RuntimeError as error:
            for _, waiter in arrived:
                waiter.future.set_exception(error)

    def _enter(self, arrived: Sequence[tuple[Item, Waiter[Answer]]]) -> None:
        # Nothing may slip in behind the mark that ends the queue.
        with self._door:
            if self._stopped:
                raise RuntimeError("the committer has stopped")
            self._waiting.put(arrived)

    def _run(self) -> None:
        batch: list[tuple[Item, Waiter[Answer]]] = []
        while True:
            first = self._waiting.get()
            if first is None:
                return
            if len(batch) >= _CROWD:
                time.sleep(_PATIENCE_S)
            batch = list(first)
            ending = False
            while len(batch) < BATCH:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ending = True
                    break
                batch += more
            # Whoever has gone away was promised nothing; from here on nobody can cancel under our hands.
            if wanted := [pair for pair in batch if pair[1].set_running_or_notify_cancel()]:
                self._commit(wanted)
                self._awaken()
            if ending:
                return

    def _commit(self, batch: list[tuple[Item, Waiter[Answer]]], tries: int = 3) -> None:
        try:
            self._save(batch)
        except Exception as error:
            if isinstance(error, DBAPIError) and met_another(error) and tries > 1:
                self._commit(batch, tries - 1)
            elif len(batch) == 1:
                _fail(batch, error)
            else:
                self._commit_one_by_one(batch)

    def _commit_one_by_one(self, batch: list[tuple[Item, Waiter[Answer]]]) -> None:
        for position, pair in enumerate(batch):
            try:
                self._save([pair])
            except OperationalError as error:
                # The database itself refuses (full, locked, gone): asking it 500 times would make everybody wait.
                _fail(batch[position:], error)
                return
            except Exception as error:
                _fail([pair], error)

    def _save(self, batch: list[tuple[Item, Waiter[Answer]]]) -> None:
        with self._database.writing() as db:
            answers = self._apply(db, [item for item, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(answers)} answers to {len(batch)} items")
        for (_, waiter), answer in zip(batch, answers, strict=True):
            waiter.set_result(answer)

    def _awaken(self) -> None:
        """Hand the coroutines of a batch their answers, each loop its own in one go."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Coroutine[Answer]]] = {}
        for waiter in self._awakened:
            by_loop.setdefault(waiter.future.get_loop(), []).append(waiter)
        self._awakened.clear()
        for loop, waiters in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle, waiters)
            except RuntimeError:
                log.warning("%s saves were kept, but their server had stopped", len(waiters))


class Notes(Generic[Item]):
    """What is worth noting, but nobody waits for: written in groups by a thread of its own.

    `note` is cheap to call and never fails; what it is told before `start` and after `stop` is not kept.
    """

    def __init__(self, database: Database, write: Callable[[Session, Sequence[Item]], None], name: str) -> None:
        def apply(db: Session, items: Sequence[Item]) -> list[None]:
            write(db, items)
            return [None] * len(items)

        self._committer = GroupCommitter[Item, None](database, apply, name)
        self.is_open = False

    def start(self) -> None:
        self._committer.start()
        self.is_open = True

    def stop(self) -> None:
        """What was noted is written before this returns."""
        self.is_open = False
        self._committer.stop()

    def note(self, item: Item) -> None:
        if self.is_open:
            self._committer.submit(item)


class _Coroutine(Generic[Answer]):
    """A coroutine that waits; what it is told is noted in `awakened` and told in its own event loop."""

    def __init__(self, awakened: "list[_Coroutine[Answer]]") -> None:
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.answer: Callable[[], None]
        self._awakened = awakened

    def set_running_or_notify_cancel(self) -> bool:
        return not self.future.cancelled()

    def set_result(self, result: Answer) -> None:
        self.answer = lambda: self.future.set_result(result)
        self._awakened.append(self)

    def set_exception(self, exception: BaseException) -> None:
        self.answer = lambda: self.future.set_exception(exception)
        self._awakened.append(self)


def _settle(waiters: Sequence[_Coroutine[Answer]]) -> None:
    for waiter in waiters:
        if not waiter.future.done():
            waiter.answer()


def _fail(batch: Sequence[tuple[Item, Waiter[Answer]]], error: Exception) -> None:
    log.warning("%s saves failed: %s", len(batch), type(error).__name__)
    for _, waiter in batch:
        waiter.set_exception(error)
