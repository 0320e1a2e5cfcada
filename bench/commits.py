"""Group commit without HTTP: many waiters answered after a shared COMMIT, against one transaction for each save."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from app.core import clock, ids
from app.core.db import Database
from app.learning.saving import ProgressSaver, Save, progress_committer
from app.learning.stamps import Stamp
from bench.world import World

_SPAN_S = 0.02


@dataclass(frozen=True)
class Commits:
    """Saves per second, and milliseconds at the 99th percentile of the grouped ones."""

    grouped: float
    grouped_p99_ms: float
    direct: float


def measure_commits(world: World, seconds: float) -> Commits:
    """All learners of the world save again as soon as their last save is committed."""
    database = world.database
    committer = progress_committer(database)
    committer.start()
    grouped, p99_ms = asyncio.run(_waiters(world, seconds, lambda save: asyncio.wrap_future(committer.submit(save))))
    committer.stop()
    direct = _one_by_one(world, database, seconds)
    database.dispose()
    return Commits(grouped, p99_ms, direct)


def _one_by_one(world: World, database: Database, seconds: float) -> float:
    saver = ProgressSaver()

    def commit(save: Save) -> object:
        with database.writing() as db:
            return saver.save(db, [save])

    async def direct() -> float:
        with ThreadPoolExecutor(8) as pool:
            loop = asyncio.get_running_loop()
            return (await _waiters(world, seconds, lambda save: loop.run_in_executor(pool, commit, save)))[0]

    return asyncio.run(direct())


async def _waiters(world: World, seconds: float, commit: Callable[[Save], Awaitable[object]]) -> tuple[float, float]:
    took: list[float] = []
    page, deadline, video = ids.token(48), time.perf_counter() + seconds, world.video

    async def one(session: str, enrolment_id: int) -> None:
        stamp = Stamp(enrolment_id, video.lesson, clock.now() - timedelta(days=7))
        for sequence in count():
            begun = time.perf_counter()
            if begun > deadline:
                return
            start = sequence * _SPAN_S % 60
            await commit(Save(session, stamp, video.block, page, sequence, [(start, start + _SPAN_S)], start))
            took.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(one(learner.session, learner.enrolment_id) for learner in world.learners))
    spent = time.perf_counter() - begun
    took.sort()
    return len(took) / spent, took[int(len(took) * 0.99)] * 1000
