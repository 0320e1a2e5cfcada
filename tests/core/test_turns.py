"""Many writing requests at once: none may starve the one that holds the lock."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import Depends
from sqlalchemy import func, select

from app.core.audit import AuditEntry, record
from app.core.db import Database
from app.core.turns import Turns
from app.core.web import Db, Response
from app.main import create_app
from app.runtime import Runtime


def _first_statement(db: Db) -> None:
    record(db, "test.write", "test", 1)
    db.flush()


def _write(db: Db) -> Response:
    record(db, "test.write", "test", 2)
    return Response("ok")


def test_sixty_writers_with_eight_threads_all_get_through(runtime: Runtime, database: Database) -> None:
    app = create_app(runtime)
    app.add_api_route("/test/write", _write, methods=["POST"], dependencies=[Depends(_first_statement)])

    async def rush() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
            answers = await asyncio.gather(*(client.post("/test/write") for _ in range(60)))
        return [answer.status_code for answer in answers]

    begun = time.monotonic()
    assert asyncio.run(rush()) == [200] * 60
    assert time.monotonic() - begun < 20, "writers waited for each other's threads"
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(AuditEntry.action == "test.write")) == 120


@pytest.mark.parametrize("threads", [2, 8, 64])
def test_some_threads_are_always_left(threads: int) -> None:
    turns = Turns.for_pool(threads, one_writer=False)
    assert turns._sizes["writers"] + turns._sizes["others"] <= max(threads - threads // 4, 2)


def test_loops_do_not_share_a_semaphore() -> None:
    turns = Turns(readers=1, writers=1, others=1)

    async def take() -> int:
        async with turns.writers:
            await asyncio.sleep(0)
        return id(turns.writers)

    run: Callable[[], int] = lambda: asyncio.run(take())  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        assert len([task.result() for task in [pool.submit(run) for _ in range(4)]]) == 4
