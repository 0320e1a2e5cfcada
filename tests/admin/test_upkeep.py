"""The nightly upkeep of the embedded database."""

import pytest
from sqlalchemy import text

from app.core import jobs
from app.core.db import Database, Session
from app.core.jobs import Job, Worker


@pytest.mark.databases("sqlite")
def test_the_embedded_database_knows_how_large_its_tables_are_after_the_night(
    database: Database, db: Session, worker: Worker
) -> None:
    db.execute(text("DROP TABLE IF EXISTS sqlite_stat1"))
    jobs.enqueue(db, "admin.refresh_statistics")
    db.commit()
    assert worker.run_all() == 1
    with database.reading() as reading:
        assert reading.execute(text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'unit_version'")).first() is not None


def test_every_database_takes_the_job(db: Session, worker: Worker) -> None:
    jobs.enqueue(db, "admin.refresh_statistics")
    db.commit()
    worker.run_all()
    db.expire_all()
    assert [job.state for job in db.query(Job)] == ["done"]
