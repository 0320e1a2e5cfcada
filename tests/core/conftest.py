"""Fixtures of core: a worker with jobs of its own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.core.crons import Cron
from app.core.db import Database
from app.core.jobs import Job, JobFunction, Worker
from app.core.storage import Storage

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)
"""12:00 in Vietnam."""

NewWorker = Callable[..., Worker]
JobNow = Callable[[int | None], Job]


@pytest.fixture
def new_worker(database: Database, storage: Storage) -> NewWorker:
    """`new_worker({"kind": function})`: a worker that knows just these; call it twice for two of them."""

    def make(functions: Mapping[str, JobFunction], crons: Sequence[Cron] = ()) -> Worker:
        return Worker(database, storage, functions, crons)

    return make


@pytest.fixture
def job_now(database: Database) -> JobNow:
    """The row of a job as it is now."""

    def look(job_id: int | None) -> Job:
        with database.reading() as db:
            job = db.scalars(select(Job).where(Job.id == job_id)).one()
            db.expunge(job)
            return job

    return look
