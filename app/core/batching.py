"""Group commit: many small writes share one transaction, and each caller is answered after COMMIT.

SQLite with synchronous=FULL pays one flush to disk per transaction; 500 saves in one cost little more than one.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.db import Database

log = logging.getLogger("hocso.batching")

BATCH = 500

Item = TypeVar("Item")
Answer = TypeVar("Answer")


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
        self._waiting: queue.SimpleQueue[tuple[Item, Future[Answer]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._door = threading.Lock()
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
        # Nothing may slip in behind the mark that ends the queue.
        with self._door:
            if self._stopped:
                raise RuntimeError("the committer has stopped")
            self._waiting.put((item, future))
        return future

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            if first is None:
                return
            batch = [first]
            ending = False
            while len(batch) < BATCH:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ending = True
                    break
                batch.append(more)
            # Whoever has gone away was promised nothing; from here on nobody can cancel under our hands.
            if wanted := [pair for pair in batch if pair[1].set_running_or_notify_cancel()]:
                self._commit(wanted)
            if ending:
                return

    def _commit(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        try:
            self._save(batch)
        except Exception as error:
            if len(batch) == 1:
                _fail(batch, error)
            else:
                self._commit_one_by_one(batch)

    def _commit_one_by_one(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        for position, pair in enumerate(batch):
            try:
                self._save([pair])
            except OperationalError as error:
                # The database itself refuses (full, locked, gone): asking it 500 times would make everybody wait.
                _fail(batch[position:], error)
                return
            except Exception as error:
                _fail([pair], error)

    def _save(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        with self._database.writing() as db:
            answers = self._apply(db, [item for item, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(answers)} answers to {len(batch)} items")
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)


def _fail(batch: Sequence[tuple[Item, Future[Answer]]], error: Exception) -> None:
    log.warning("%s saves failed: %s", len(batch), type(error).__name__)
    for _, future in batch:
        future.set_exception(error)
