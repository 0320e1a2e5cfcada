"""What tests of the queue do to it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.core import clock, jobs
from app.core.db import Database
from app.core.jobs import Job, JobContext


def nothing(context: JobContext, **args: object) -> None:
    """A job that is done at once."""


def add(database: Database, kind: str = "work", **options: Any) -> int | None:
    """Enqueue in a transaction of its own."""
    with database.writing() as db:
        return jobs.enqueue(db, kind, **options)


def cancel(database: Database, job_id: int | None) -> None:
    with database.writing() as db:
        jobs.cancel(db, db.get_one(Job, job_id))


def retry(database: Database, job_id: int | None) -> None:
    with database.writing() as db:
        jobs.retry(db.get_one(Job, job_id))


def expire_leases(database: Database) -> None:
    """As if the workers had been silent for long."""
    with database.writing() as db:
        db.execute(update(Job).values(lease_until=clock.now() - timedelta(seconds=1)))


def wait_until(look: Callable[[], object], patience_s: float = 5.0) -> None:
    """Until another thread has got so far."""
    pause = threading.Event()
    for _ in range(int(patience_s / 0.005)):
        if look():
            return
        pause.wait(0.005)
    raise AssertionError("waited in vain")
