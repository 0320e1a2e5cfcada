"""Background work: rows in our own schema, so that enqueuing is an INSERT in the caller's transaction.

A job is leased, not taken: a worker that dies lets the lease run out and another one starts the job again. So a job
can run twice: it takes ids, reloads, and asks whether its work is done (HOUSE_STYLE).
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, Select, String, Text, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, i18n, ids
from app.core.crons import Cron
from app.core.db import Base, Database, pk
from app.core.errors import AppError, Conflict
from app.core.i18n import lazy as _
from app.core.storage import Storage

log = logging.getLogger("hocso.jobs")

LEASE = timedelta(seconds=30)
HEARTBEAT_S = 8.0
MAX_ATTEMPTS = 5
FINISHED = ("done", "failed", "cancelled")
_IDLE_S = 0.5
_TROUBLE_S = 5.0
_CRON = "cron:"
_CRON_KEPT = timedelta(days=7)


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
    # Enqueued once more while it ran: it runs again, since it may have read its data before the news came.
    again: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Cancelled(Exception):
    """Raised inside a job when somebody asked it to stop."""


class LeaseLost(Exception):
    """Another worker has taken the job over; this one must leave it alone."""


class WorkerStopping(Exception):
    """Raised inside a job when its worker must end: the job waits again at once, and the try is not counted."""


@dataclass
class JobContext:
    """What a job gets: the database and storage, and a way to say how far it is.

    `progress` and `beat` write: call them outside of any writing transaction of your own, since SQLite has one writer.
    """

    job_id: int
    database: Database
    storage: Storage
    _owner: str
    _stopping: threading.Event = field(default_factory=threading.Event)

    def progress(self, ratio: float, text: str = "") -> None:
        """Say how far the work is (0 to 1) and renew the lease; raises Cancelled, LeaseLost or WorkerStopping."""
        self._beat(progress_ratio=min(max(ratio, 0.0), 1.0), progress_text=text)

    def beat(self) -> None:
        """Renew the lease; raises Cancelled, LeaseLost or WorkerStopping."""
        self._beat()

    def _beat(self, **values: Any) -> None:
        if self.renew(**values):
            raise Cancelled
        if self._stopping.is_set():
            raise WorkerStopping

    def renew(self, **values: Any) -> bool:
        """Keep the job for another LEASE; whether somebody asked it to stop. Raises LeaseLost."""
        with self.database.writing() as db:
            cancel_requested = db.scalar(
                update(Job)
                .where(Job.id == self.job_id, Job.lease_owner == self._owner, Job.state == "running")
                .values(lease_until=clock.now() + LEASE, **values)
                .returning(Job.cancel_requested)
            )
        if cancel_requested is None:
            raise LeaseLost
        return bool(cancel_requested)


JobFunction = Callable[..., Mapping[str, Any] | None]


def enqueue(
    db: Session, kind: str, *, subject: str | None = None, unique_key: str | None = None, owner: int | None = None,
    delay: timedelta = timedelta(), max_attempts: int = MAX_ATTEMPTS, **args: Any,
) -> int | None:  # fmt: skip
    """Add a job in the caller's transaction; its id, or None when `unique_key` is waiting or running already.

    Nothing is lost by None: one that waits will see what the caller wrote, one that runs will run once more.
    """
    now = clock.now()
    row = {
        "kind": kind, "args": args, "subject": subject, "unique_key": unique_key, "owner_account_id": owner,
        "run_at": now + delay, "max_attempts": max_attempts, "created_at": now,
    }  # fmt: skip
    return next(iter(_add(db, [row])), None)


@dataclass(frozen=True)
class Order:
    """One of many jobs of a kind; fields as in Job."""

    subject: str
    unique_key: str
    args: dict[str, Any]


def enqueue_each(db: Session, kind: str, orders: Sequence[Order]) -> None:
    """`enqueue` for many at once."""
    now = clock.now()
    if orders:
        _add(db, [vars(order) | {"kind": kind, "run_at": now, "created_at": now} for order in orders])


def _add(db: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of those that are new."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = db.execute(
        insert(Job).on_conflict_do_nothing(index_elements=[Job.unique_key]).returning(Job.id, Job.unique_key), rows
    ).all()
    there = {row["unique_key"] for row in rows}.difference(key for _id, key in added)
    if running := [key for key in there if not key.startswith(_CRON)]:
        db.execute(update(Job).where(Job.unique_key.in_(running), Job.state == "running").values(again=True))
    return [id_ for id_, _key in added]


def cancel(db: Session, job: Job) -> None:
    """Stop a job: at once if it waits, at its next `progress` if it runs; a finished one stays as it is."""
    # A worker may have claimed or finished it since the caller read it.
    db.refresh(job, with_for_update=True)
    if job.state == "queued":
        _finish(job, "cancelled")
    elif job.state == "running":
        job.cancel_requested, job.again = True, False
    db.flush()


def retry(job: Job) -> None:
    """A job that failed or was cancelled waits again, with all its attempts; raises Conflict for any other."""
    if job.state not in ("failed", "cancelled"):
        raise Conflict(_("Công việc này đang chờ, đang chạy hoặc đã xong nên không cần làm lại."))
    _wait_again(job)


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
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, threads: int) -> None:
        """Run in the background of this process."""
        self._threads = [
            threading.Thread(target=self.run, name=f"worker-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take no more jobs and wait so long in all; a running job goes back to the queue at its next `progress`.

        What does not listen in time is left to its lease.
        """
        self._stop.set()
        until = time.monotonic() + timeout_s
        # Whoever is told to end while starting has not started all.
        for thread in filter(threading.Thread.is_alive, self._threads):
            thread.join(max(0.0, until - time.monotonic()))

    def run(self) -> None:
        """Work until `stop`; an error of the database is logged and tried again."""
        while not self._stop.is_set():
            try:
                self.enqueue_due_crons()
                pause_s = 0.0 if self.run_one() else _IDLE_S
            except Exception:
                log.exception("worker could not reach its queue")
                pause_s = _TROUBLE_S
            self._stop.wait(pause_s)

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
        now = clock.now()
        for cron in self.crons:
            slot = cron.slot(now)
            if slot is None:
                continue
            key = f"{_CRON}{cron.kind}:{slot.isoformat()}"
            with self.database.reading() as db:
                if db.scalar(select(Job.id).where(Job.unique_key == key)):
                    continue
            with self.database.writing() as db:
                enqueue(db, cron.kind, unique_key=key)
                # Slots of other days are never asked for again; a hundred rows a day would bury the rest.
                old = Job.unique_key.startswith(_CRON) & (Job.finished_at < now - _CRON_KEPT)
                db.execute(delete(Job).where(Job.kind == cron.kind, Job.state == "done", old))

    def _due(self) -> Select[Job]:
        now = clock.now()
        return (
            select(Job)
            # A worker that does not know a kind leaves it to one that does.
            .where(
                Job.kind.in_(list(self.functions)),
                or_(
                    and_(Job.state == "queued", Job.run_at <= now),
                    and_(Job.state == "running", Job.lease_until < now),
                ),
            )
            .order_by(Job.run_at, Job.id)
        )

    def _claim(self, db: Session) -> Job | None:
        """Lease the next due job; those that must not start again are closed on the way."""
        due = self._due().limit(1).with_for_update(skip_locked=True)
        while (job := db.scalars(due).first()) is not None:
            if job.cancel_requested:
                _finish(job, "cancelled")
            elif job.attempts >= job.max_attempts:
                _finish(job, "failed", error=str(_("Công việc bị ngắt giữa chừng quá nhiều lần.")))
            else:
                job.state, job.attempts = "running", job.attempts + 1
                # A new name for each try: nobody can renew or settle a lease that was lost and won again.
                job.lease_owner, job.lease_until = ids.token(192), clock.now() + LEASE
                db.flush()
                db.expunge(job)
                return job
            db.flush()
        return None

    def _run(self, job: Job) -> None:
        i18n.speak(i18n.DEFAULT)
        context = JobContext(job.id, self.database, self.storage, job.lease_owner or "", self._stop)
        done = threading.Event()
        keeper = threading.Thread(target=_keep_lease, args=(context, done), daemon=True)
        keeper.start()
        try:
            result = self.functions[job.kind](context, **job.args)
            self._settle(context, "done", result=dict(result or {}))
        except Cancelled:
            self._settle(context, "cancelled")
        except WorkerStopping:
            self._settle(context, "queued", attempts=job.attempts - 1)
        except LeaseLost:
            log.warning("job %s %s was taken over by another worker", job.id, job.kind)
        except KeyboardInterrupt:
            raise
        # A panic of a library in Rust and sys.exit() are no Exception, and must not end the worker's thread.
        except BaseException as error:
            self._retry_or_fail(context, job, error)
        finally:
            done.set()
            # Else it may still hold a connection when whoever stopped the worker closes the database.
            keeper.join()

    def _retry_or_fail(self, context: JobContext, job: Job, error: BaseException) -> None:
        # What a person must mend (an AppError) does not get better by trying again.
        if isinstance(error, AppError):
            log.warning("job %s %s failed: %s", job.id, job.kind, error.message)
            self._settle(context, "failed", error=error.message)
        elif job.attempts >= job.max_attempts:
            log.error("job %s %s failed for good", job.id, job.kind, exc_info=error)
            self._settle(context, "failed", error=f"{type(error).__name__}: {error}")
        else:
            log.error("job %s %s failed, attempt %s", job.id, job.kind, job.attempts, exc_info=error)
            wait = timedelta(seconds=2 ** (job.attempts * 2))
            self._settle(context, "queued", error=f"{type(error).__name__}: {error}", run_at=clock.now() + wait)

    def _settle(
        self, context: JobContext, state: str, *, result: Mapping[str, Any] | None = None, error: str | None = None,
        run_at: datetime | None = None, attempts: int | None = None,
    ) -> None:  # fmt: skip
        with self.database.writing() as db:
            job = db.get(Job, context.job_id, with_for_update=True)
            if job is None or job.lease_owner != context._owner or job.state != "running":
                return
            if state == "queued" and not job.cancel_requested:
                job.state, job.error, job.run_at = "queued", error, run_at or clock.now()
                job.attempts = job.attempts if attempts is None else attempts
                job.lease_owner = job.lease_until = None
            else:
                _finish(job, "cancelled" if state == "queued" else state, result=result, error=error)


def _finish(job: Job, state: str, *, result: Mapping[str, Any] | None = None, error: str | None = None) -> None:
    if job.again:
        _wait_again(job)
        return
    job.state, job.finished_at, job.error = state, clock.now(), error
    job.lease_owner = job.lease_until = None
    job.cancel_requested = False
    if result is not None:
        job.result = dict(result)
    if state == "done":
        job.progress_ratio = 1.0
    # A cron slot keeps its key for ever; other keys may be used again once the work is over.
    if job.unique_key and not job.unique_key.startswith(_CRON):
        job.unique_key = None


def _wait_again(job: Job) -> None:
    """As if enqueued just now, with all its attempts."""
    job.state, job.attempts, job.run_at = "queued", 0, clock.now()
    job.error = job.finished_at = job.result = job.lease_owner = job.lease_until = None
    job.cancel_requested = job.again = False
    job.progress_ratio, job.progress_text = 0.0, ""


def _keep_lease(context: JobContext, done: threading.Event) -> None:
    """A long step without `progress()` keeps its lease; to stop is left to the step's own next call."""
    while not done.wait(HEARTBEAT_S):
        try:
            context.renew()
        except LeaseLost:
            return
        except Exception:
            log.exception("heartbeat of job %s failed", context.job_id)
