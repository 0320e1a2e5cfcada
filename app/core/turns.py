"""Whose turn it is. Requests wait without holding a thread.

A request runs in several thread hops, and while it holds the database's write lock it needs a thread for each. Were all
threads of the pool waiting for that lock, nobody could ever give it back. So only as many requests may be writing at a
time as leave threads free: one on SQLite, where more could not write anyway.

Readers wait for another reason: pages keep Python busy, and threads that fight for its one lock cost each page half as
much again. Two at a time are as fast as eight; on PostgreSQL, where a page also waits for another process, four.
"""

import asyncio
from weakref import WeakKeyDictionary


class Turns:
    """Five queues: pages that only look, requests whose transaction spans the request, those that open short
    transactions of their own, parts of files that are sent, which wait for disks and stores and must keep no page
    waiting, and the looking at whole files, which takes a thread for seconds: one at a time."""

    def __init__(self, *, readers: int, writers: int, others: int) -> None:
        self._sizes = {"readers": readers, "writers": writers, "others": others, "files": others, "lasting": 1}
        # A semaphore belongs to one event loop; a server has one, a test may have several.
        self._of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()

    @classmethod
    def for_pool(cls, threads: int, *, one_writer: bool) -> "Turns":
        """`threads`: the size of the thread pool; enough of it stays free for whoever holds a lock."""
        half = max(1, threads // 2)
        quarter = max(1, threads // 4)
        if one_writer:
            return cls(readers=max(2, quarter), writers=1, others=quarter)
        return cls(readers=max(2, half), writers=half, others=quarter)

    @property
    def readers(self) -> asyncio.Semaphore:
        return self._semaphore("readers")

    @property
    def writers(self) -> asyncio.Semaphore:
        return self._semaphore("writers")

    @property
    def others(self) -> asyncio.Semaphore:
        return self._semaphore("others")

    @property
    def files(self) -> asyncio.Semaphore:
        return self._semaphore("files")

    @property
    def lasting(self) -> asyncio.Semaphore:
        return self._semaphore("lasting")

    def _semaphore(self, kind: str) -> asyncio.Semaphore:
        mine = self._of_loop.setdefault(asyncio.get_running_loop(), {})
        if kind not in mine:
            mine[kind] = asyncio.Semaphore(self._sizes[kind])
        return mine[kind]
