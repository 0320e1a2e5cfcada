"""Two workers on one PostgreSQL: every job once, one leader for each slot of a cron."""

import subprocess
import sys
from collections import Counter

import pytest
from sqlalchemy import func, select

from app.core import jobs
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.jobs import Job
from app.core.settings import ROOT, Settings
from tests.two_machines.queue_worker import CRONS

pytestmark = pytest.mark.databases("postgresql")

JOBS = 300


def test_two_workers_share_the_queue_and_run_nothing_twice(database: Database, settings: Settings) -> None:
    with database.writing() as db:
        for number in range(JOBS):
            jobs.enqueue(db, "note", number=number)
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.two_machines.queue_worker", settings.database_url, name],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("a", "b")
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    with database.reading() as db:
        ran = db.execute(select(AuditEntry.subject_kind, AuditEntry.subject_id)).all()
        states = db.execute(
            select(Job.kind, Job.state, Job.attempts, func.count()).group_by(Job.kind, Job.state, Job.attempts)
        )
        settled = {kind: (state, attempts, count) for kind, state, attempts, count in states}
    assert settled == {"note": ("done", 1, JOBS)} | {cron.kind: ("done", 1, 1) for cron in CRONS}
    assert Counter(job_id for _name, job_id in ran).most_common(1)[0][1] == 1, "nothing ran twice"
    assert len(ran) == JOBS + len(CRONS)
    assert {name for name, _job_id in ran} == {"a", "b"}, "both had a share"
