"""A worker as a process: `python -m tests.two_machines.queue_worker DATABASE_URL NAME`; ends once nothing is due.

Its job `note` writes a row that says who ran it, its cron `tick` does the same.
"""

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.core import audit
from app.core.crons import Cron
from app.core.db import Database
from app.core.jobs import JobContext, Worker
from app.core.storage import LocalStorage

CRONS = [Cron(f"tick-{number}", every=timedelta(days=1)) for number in range(10)]


def note(context: JobContext, number: int = 0) -> Mapping[str, Any]:
    with context.database.writing() as db:
        audit.record(db, "test.ran", sys.argv[2], context.job_id)
    return {}


def main() -> None:
    database = Database(sys.argv[1], pool_size=3)
    functions = {"note": note} | {cron.kind: note for cron in CRONS}
    worker = Worker(database, LocalStorage(Path("unused")), functions, CRONS)
    print("ready", flush=True)
    sys.stdin.readline()
    worker.enqueue_due_crons()
    worker.run_all()
    database.dispose()


if __name__ == "__main__":
    main()
