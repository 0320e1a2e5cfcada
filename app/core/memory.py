"""What a process remembers of a database, so that it need not ask again.

Two kinds of things only: what can never change (a published version of a course: triggers refuse it), and what a
reader may well see as it was a minute ago. Nothing that decides who may do what. What a transaction that only reads
asks twice is a matter of its own (`asked_once`): it sees one moment, and ends with it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

Value = TypeVar("Value")

A_MINUTE = 60.0
FOR_EVER = float("inf")


class Memory:
    """Values by key, at most `size` of them: the least recently used one is forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Any | None:
        """The value, or None for what is not known or too old; so None itself is never worth keeping."""
        with self._lock:
            value, until = self._kept.get(key, (None, 0.0))
            if value is None or (until is not FOR_EVER and until < time.monotonic()):
                return None
            self._kept.move_to_end(key)
            return value

    def forget(self) -> None:
        """All of it."""
        with self._lock:
            self._kept.clear()

    def keep(self, key: Hashable, value: object, *, for_s: float = FOR_EVER) -> None:
        with self._lock:
            self._kept[key] = (value, for_s if for_s is FOR_EVER else time.monotonic() + for_s)
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)


def asked_once(db: Session, key: Hashable, find: Callable[[], Value]) -> Value:
    """What `find` answers, asked once in a transaction that only reads, for that sees one moment; else each time."""
    if not db.info.get("reads_only"):
        return find()
    answers = db.info.get("answers")
    # A transaction begins with the first statement.
    if answers is None or answers[0] is not db.get_transaction():
        db.connection()
        answers = db.info["answers"] = (db.get_transaction(), {})
    known: dict[Hashable, Any] = answers[1]
    if key not in known:
        known[key] = find()
    return cast(Value, known[key])


def is_known(db: Session, key: Hashable) -> bool:
    """Whether it is remembered."""
    memory: Memory | None = db.info.get("memory")
    return memory is not None and memory.get(key) is not None


def remembered(
    db: Session, key: Hashable, find: Callable[[], Value], *, for_s: float = FOR_EVER, is_settled: bool = False
) -> Value:  # fmt: skip
    """What `find` answers, asked once per process and database; None is asked for again each time.

    Only what a read-only session saw is kept, unless it `is_settled`: a writing one may see rows that are rolled back,
    whose ids others get.
    """
    memory: Memory | None = db.info.get("memory")
    known = memory.get(key) if memory else None
    if known is not None:
        return cast(Value, known)
    found = find()
    if memory and found is not None and (is_settled or db.info.get("reads_only")):
        memory.keep(key, found, for_s=for_s)
    return found
