"""Group commit: many small writes share one transaction, and each caller is answered after COMMIT.

SQLite with synchronous=FULL pays one flush to disk per transaction; 500 saves in one cost little more than one.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

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
        self._stopped = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Save what is waiting, then end."""
        self._stopped = True
        self._waiting.put(None)
        self._thread.join(10)

    def submit(self, item: Item) -> Future[Answer]:
        """The future is done when the item is durable, or failed with the error of its transaction."""
        if self._stopped:
            raise RuntimeError("the committer has stopped")
        future: Future[Answer] = Future()
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
            self._commit(batch)
            if ending:
                return

    def _commit(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        try:
            with self._database.writing() as db:
                answers = self._apply(db, [item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                log.warning("a save failed: %s", type(error).__name__)
                batch[0][1].set_exception(error)
                return
            for pair in batch:
                self._commit([pair])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)
