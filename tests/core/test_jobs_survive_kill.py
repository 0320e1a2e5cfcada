"""kill -9 in the middle of a job: another worker finishes it, and its effect is there exactly once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.core import clock, jobs
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.jobs import Job
from app.core.settings import ROOT
from tests.core.conftest import JobNow, NewWorker
from tests.core.paying import pay


@pytest.fixture
def worker_process(database: Database, tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """A worker in a process of its own, on the test's database."""
    started = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.paying", database.url, str(tmp_path)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_job_survives_the_death_of_its_worker(
    database: Database, new_worker: NewWorker, job_now: JobNow, worker_process: Callable[[], "subprocess.Popen[str]"]
) -> None:
    with database.writing() as db:
        job_id = jobs.enqueue(db, "pay", steps=5, unique_key="pay")
    doomed = worker_process()
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == "hanging\n"
    doomed.send_signal(signal.SIGKILL)
    assert doomed.wait() == -signal.SIGKILL

    job = job_now(job_id)
    assert (job.state, job.attempts, job.progress_text) == ("running", 1, "bước 2")
    heir = new_worker({"pay": pay})
    assert heir.run_all() == 0, "the lease protects the job until it runs out"
    with database.writing() as db:
        db.execute(update(Job).values(lease_until=clock.now() - timedelta(seconds=1)))
    assert heir.run_all() == 1

    job = job_now(job_id)
    assert (job.state, job.attempts, job.result, job.unique_key) == ("done", 2, {"done_here": 3}, None)
    with database.reading() as db:
        steps = select(AuditEntry.subject_id, func.count()).group_by(AuditEntry.subject_id)
        paid = [tuple(row) for row in db.execute(steps.where(AuditEntry.action == "test.paid"))]
        by = [entry.details["by"] for entry in db.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert sorted(paid) == [(str(step), 1) for step in range(5)]
    assert by == [doomed.pid] * 2 + [os.getpid()] * 3
    assert heir.run_all() == 0
