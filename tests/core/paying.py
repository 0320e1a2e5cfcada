"""A job of several steps that must each happen once; run as a program, it hangs in the middle until it is killed."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.core import audit
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.jobs import JobContext, Worker
from app.core.storage import LocalStorage


def pay(context: JobContext, steps: int, hang_at: int | None = None) -> Mapping[str, Any]:
    """Asks for each step whether it is done; acts and notes it in one transaction."""
    done = 0
    for step in range(steps):
        if step == hang_at:
            print("hanging", flush=True)
            sys.stdin.read()
        with context.database.writing() as db:
            if not db.scalar(select(AuditEntry.id).where(AuditEntry.subject_id == str(step))):
                audit.record(db, "test.paid", "step", step, by=os.getpid())
                done += 1
        context.progress((step + 1) / steps, f"bước {step + 1}")
    return {"done_here": done}


def pay_until_killed(context: JobContext, steps: int) -> Mapping[str, Any]:
    return pay(context, steps, hang_at=2)


if __name__ == "__main__":
    Worker(Database(sys.argv[1]), LocalStorage(Path(sys.argv[2])), {"pay": pay_until_killed}).run_all()
