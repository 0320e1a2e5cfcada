"""Background work: rows in our own schema, so that enqueuing is an INSERT in the caller's transaction.

A job is leased, not taken: a worker that dies lets the lease run out and another one starts the job again. So a job
can run twice: it takes ids, reloads, and asks whether its work is done (HOUSE_STYLE).
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, Text, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, i18n, ids
from app.core.db import Base, Database, pk
from app.core.errors import AppError, Conflict
from app.core.i18n import lazy as _
from app.core.storage import Storage

log = logging.getLogger("hocso.jobs")

LEASE = timedelta(seconds=30)
HEARTBEAT_S = 8.0
MAX_ATTEMPTS = 5
FINISHED = ("done", "failed", "cancelled")


class Job(Base):
    """One piece of work. `state`: queued, running, done, failed, cancelled. `progress_ratio` 0 to 1."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_claim", "state", "run_at"), Index("ix_job_subject", "subject"))

    id: Mapped[int] = pk()
    kind: Mapped[str] = mapped_column(String(60))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    # What the job is about, e.g. "asset:12", so that a page can show its progress.
    subject: Mapped[str | None] = mapped_column(String(60))
    # At most one waiting or running job per key; cron slots use it so that one leader wins.
    unique_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    owner_account_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(10), default="queued")
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=MAX_ATTEMPTS)
    lease_owner: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    progress_ratio: Mapped[float] = mapped_column(default=0.0)
    progress_text: Mapped[str] = mapped_column(Text, default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Cancelled(Exception):
    """Raised inside a job when somebody asked it to stop."""


class LeaseLost(Exception):
    """Another worker has taken the job over; this one must leave it alone."""


@dataclass
class JobContext:
    """What a job gets: the database and storage, and a way to say how far it is."""

    job_id: int
    database: Database
    storage: Storage
    _owner: str

    def progress(self, ratio: float, text: str = "") -> None:
        """Say how far the work is (0 to 1) and renew the lease; raises Cancelled or LeaseLost."""
        with self.database.writing() as db:
            self._beat(db, {"progress_ratio": min(max(ratio, 0.0), 1.0), "progress_text": text})

    def beat(self) -> None:
        """Renew the lease; raises Cancelled or LeaseLost."""
        with self.database.writing() as db:
            self._beat(db, {})

    def _beat(self, db: Session, values: dict[str, Any]) -> None:
        renewed = db.execute(
            update(Job)
            .where(Job.id == self.job_id, Job.lease_owner == self._owner, Job.state == "running")
            .values(lease_until=clock.now() + LEASE, **values)
            .returning(Job.cancel_requested)
        ).one_or_none()
        if renewed is None:
            raise LeaseLost
        if renewed.cancel_requested:
            raise Cancelled


JobFunction = Callable[..., Mapping[str, Any] | None]


@dataclass(frozen=True)
class Cron:
    """A job enqueued at each multiple of `every` (counted in Vietnam time from midnight, plus `at`)."""

    kind: str
    every: timedelta
    at: timedelta = timedelta()


def enqueue(
    db: Session, kind: str, *, subject: str | None = None, unique_key: str | None = None, owner: int | None = None,
    delay: timedelta = timedelta(), max_attempts: int = MAX_ATTEMPTS, **args: Any,
) -> int | None:  # fmt: skip
    """Add a job in the caller's transaction; its id, or None when `unique_key` is waiting or running already."""
    now = clock.now()
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = db.execute(
        insert(Job)
        .values(
            kind=kind, args=args, subject=subject, unique_key=unique_key, owner_account_id=owner, state="queued",
            run_at=now + delay, attempts=0, max_attempts=max_attempts, progress_ratio=0.0, progress_text="",
            cancel_requested=False, created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Job.unique_key])
        .returning(Job.id)
    ).scalar_one_or_none()  # fmt: skip
    return int(added) if added is not None else None


def cancel(db: Session, job: Job) -> None:
    """Stop a job: at once if it waits, at its next heartbeat if it runs; a finished one stays as it is."""
    if job.state == "queued":
        _finish(job, "cancelled")
    elif job.state == "running":
        job.cancel_requested = True
    db.flush()


def retry(job: Job) -> None:
    """A job that failed or was cancelled waits again, with all its attempts; raises Conflict for any other."""
    if job.state not in ("failed", "cancelled"):
        raise Conflict(_("Công việc này đang chờ, đang chạy hoặc đã xong nên không cần làm lại."))
    job.state, job.attempts, job.run_at = "queued", 0, clock.now()
    job.error = job.finished_at = None


def latest(db: Session, subject: str) -> Job | None:
    """The newest job about a subject."""
    return db.scalars(select(Job).where(Job.subject == subject).order_by(Job.id.desc()).limit(1)).first()


class Worker:
    """Claims jobs and runs them until stopped; several may run in several processes."""

    def __init__(
        self, database: Database, storage: Storage, functions: Mapping[str, JobFunction], crons: Sequence[Cron] = ()
    ) -> None:
        self.database = database
        self.storage = storage
        self.functions = functions
        self.crons = crons
        self.owner = ids.token(96)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, threads: int) -> None:
        """Run in the background of this process."""
        for number in range(threads):
            thread = threading.Thread(target=self.run, name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def run(self) -> None:
        """Work until `stop`; an error of the database is logged and tried again."""
        while not self._stop.is_set():
            try:
                self.enqueue_due_crons()
                worked = self.run_one()
            except Exception:
                log.exception("worker could not reach its queue")
                worked = False
            if not worked:
                self._stop.wait(0.5)

    def run_all(self) -> int:
        """Run everything that is due now; for commands and tests. Returns how many jobs ran."""
        count = 0
        while self.run_one():
            count += 1
        return count

    def run_one(self) -> bool:
        """Claim and run one due job; False if there was none."""
        with self.database.reading() as db:
            if db.scalars(self._due().limit(1)).first() is None:
                return False
        with self.database.writing() as db:
            job = self._claim(db)
        if job is None:
            return False
        self._run(job)
        return True

    def enqueue_due_crons(self) -> None:
        """One job per cron slot, however many workers see it come: the unique key names the slot."""
        now = clock.now().astimezone(clock.VIETNAM)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for cron in self.crons:
            slot = midnight + cron.at + (now - midnight - cron.at) // cron.every * cron.every
            if slot > now or slot.date() != now.date():
                continue
            key = f"cron:{cron.kind}:{slot.isoformat()}"
            with self.database.reading() as db:
                if db.scalar(select(Job.id).where(Job.unique_key == key)):
                    continue
            with self.database.writing() as db:
                enqueue(db, cron.kind, unique_key=key)

    def _due(self) -> Any:
        now = clock.now()
        return (
            select(Job)
            # A worker that does not know a kind leaves it to one that does.
            .where(
                Job.kind.in_(self.functions),
                or_(
                    and_(Job.state == "queued", Job.run_at <= now),
                    and_(Job.state == "running", Job.lease_until < now),
                ),
            )
            .order_by(Job.run_at, Job.id)
        )

    def _claim(self, db: Session) -> Job | None:
        job: Job | None = db.scalars(self._due().limit(1).with_for_update(skip_locked=True)).first()
        if job is None:
            return None
        if job.cancel_requested:
            _finish(job, "cancelled")
            return None
        if job.attempts >= job.max_attempts:
            _finish(job, "failed", error=str(_("Công việc bị ngắt giữa chừng quá nhiều lần.")))
            return None
        job.state, job.attempts = "running", job.attempts + 1
        # The attempt is part of the owner's name: a worker cannot renew a lease it lost and won again.
        job.lease_owner, job.lease_until = f"{self.owner}-{job.attempts}", clock.now() + LEASE
        db.flush()
        db.expunge(job)
        return job

    def _run(self, job: Job) -> None:
        i18n.speak(i18n.DEFAULT)
        context = JobContext(job.id, self.database, self.storage, job.lease_owner or "")
        done = threading.Event()
        keeper = threading.Thread(target=_keep_lease, args=(context, done), daemon=True)
        keeper.start()
        try:
            result = self.functions[job.kind](context, **job.args)
            self._settle(context, "done", result=dict(result or {}))
        except Cancelled:
            self._settle(context, "cancelled")
        except LeaseLost:
            log.warning("job %s %s was taken over by another worker", job.id, job.kind)
        except Exception as error:
            self._retry_or_fail(context, job, error)
        finally:
            done.set()

    def _retry_or_fail(self, context: JobContext, job: Job, error: Exception) -> None:
        # What a person must mend (an AppError) does not get better by trying again.
        if isinstance(error, AppError):
            log.warning("job %s %s failed: %s", job.id, job.kind, error.message)
            self._settle(context, "failed", error=error.message)
        elif job.attempts >= job.max_attempts:
            log.exception("job %s %s failed for good", job.id, job.kind)
            self._settle(context, "failed", error=f"{type(error).__name__}: {error}")
        else:
            log.exception("job %s %s failed, attempt %s", job.id, job.kind, job.attempts)
            wait = timedelta(seconds=2 ** (job.attempts * 2))
            self._settle(context, "queued", error=f"{type(error).__name__}: {error}", run_at=clock.now() + wait)

    def _settle(
        self, context: JobContext, state: str, *, result: Mapping[str, Any] | None = None, error: str | None = None,
        run_at: datetime | None = None,
    ) -> None:  # fmt: skip
        with self.database.writing() as db:
            job = db.get(Job, context.job_id, with_for_update=True)
            if job is None or job.lease_owner != context._owner or job.state != "running":
                return
            if state in FINISHED:
                _finish(job, state, result=result, error=error)
            else:
                job.state, job.error, job.run_at = state, error, run_at or job.run_at
                job.lease_owner = job.lease_until = None


def _finish(job: Job, state: str, *, result: Mapping[str, Any] | None = None, error: str | None = None) -> None:
    job.state, job.finished_at, job.error = state, clock.now(), error
    job.lease_owner = job.lease_until = None
    job.cancel_requested = False
    if result is not None:
        job.result = dict(result)
    if state == "done":
        job.progress_ratio = 1.0
    # A cron slot keeps its key for ever; other keys may be used again once the work is over.
    if job.unique_key and not job.unique_key.startswith("cron:"):
        job.unique_key = None


def _keep_lease(context: JobContext, done: threading.Event) -> None:
    """A long step without `progress()` keeps its lease; cancelling is left to the step's own next call."""
    while not done.wait(HEARTBEAT_S):
        try:
            context.beat()
        except (Cancelled, LeaseLost):
            return
        except Exception:
            log.exception("heartbeat of job %s failed", context.job_id)
