"""Background jobs: who gets them, how they end, and what happens when a worker does not come back."""

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core import clock, i18n, jobs
from app.core.db import Database, Session
from app.core.errors import Conflict, Invalid
from app.core.jobs import Cancelled, Job, JobContext, LeaseLost
from tests.core.conftest import NOON, JobNow, NewWorker


def nothing(context: JobContext, **args: object) -> None:
    """A job that is done at once."""


def add(database: Database, kind: str = "work", **options: Any) -> int | None:
    with database.writing() as db:
        return jobs.enqueue(db, kind, **options)


def expire_leases(database: Database) -> None:
    with database.writing() as db:
        db.execute(update(Job).values(lease_until=clock.now() - timedelta(seconds=1)))


# --- enqueuing --------------------------------------------------------------------------------------------------------


def test_a_job_runs_once_with_its_arguments_and_keeps_its_result(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    def double(context: JobContext, number: int) -> Mapping[str, Any]:
        return {"doubled": 2 * number}

    job_id = add(database, number=21)
    worker = new_worker({"work": double})
    assert worker.run_all() == 1
    assert worker.run_all() == 0
    job = job_now(job_id)
    assert (job.state, job.result, job.progress_ratio, job.attempts) == ("done", {"doubled": 42}, 1.0, 1)
    assert job.lease_owner is None
    assert job.finished_at is not None


def test_a_job_of_a_transaction_that_fails_was_never_there(database: Database, new_worker: NewWorker) -> None:
    def fail(db: Session) -> None:
        jobs.enqueue(db, "work")
        raise RuntimeError

    with pytest.raises(RuntimeError), database.writing() as db:
        fail(db)
    assert new_worker({"work": nothing}).run_all() == 0


def test_a_delayed_job_waits_for_its_time(database: Database, new_worker: NewWorker) -> None:
    worker = new_worker({"work": nothing})
    with clock.frozen(NOON):
        add(database, delay=timedelta(minutes=5))
        assert worker.run_all() == 0
    with clock.frozen(NOON + timedelta(minutes=5)):
        assert worker.run_all() == 1


def test_one_key_waits_once_and_is_free_again_afterwards(database: Database, new_worker: NewWorker) -> None:
    assert add(database, unique_key="rebuild") is not None
    assert add(database, unique_key="rebuild") is None
    assert new_worker({"work": nothing}).run_all() == 1
    assert add(database, unique_key="rebuild") is not None


def test_news_that_comes_while_a_job_runs_makes_it_run_once_more(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    """The running job may have read its data before the news: swallowing the second order would lose it."""
    runs: list[int] = []

    def rebuild(context: JobContext) -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            assert add(database, unique_key="rebuild") is None
            assert add(database, unique_key="rebuild") is None

    job_id = add(database, unique_key="rebuild")
    assert new_worker({"work": rebuild}).run_all() == 2
    assert len(runs) == 2
    assert (job_now(job_id).state, job_now(job_id).unique_key) == ("done", None)


def test_a_kind_this_worker_does_not_know_is_left_for_one_that_does(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    unknown, known = add(database, "new.kind"), add(database)
    old = new_worker({"work": nothing})
    assert old.run_all() == 1, "the unknown one neither blocks nor fails"
    assert job_now(unknown).state == "queued"
    assert job_now(unknown).attempts == 0
    assert job_now(known).state == "done"
    assert new_worker({}).run_all() == 0
    assert new_worker({"new.kind": nothing}).run_all() == 1


# --- claiming ---------------------------------------------------------------------------------------------------------


def test_many_workers_run_each_job_exactly_once(database: Database, new_worker: NewWorker) -> None:
    ran: Counter[int] = Counter()

    def note(context: JobContext, number: int) -> None:
        ran[number] += 1

    for number in range(24):
        add(database, number=number)
    threads = [threading.Thread(target=new_worker({"work": note}).run_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == Counter(range(24))


def test_a_lease_protects_a_running_job_and_passes_it_on_when_it_runs_out(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    """The first worker comes back from a long sleep, finds the job taken and keeps its hands off."""
    other_ran = []
    seen = []

    def slow(context: JobContext) -> Mapping[str, Any]:
        other = new_worker({"work": quick})
        assert other.run_all() == 0, "the lease still holds"
        expire_leases(database)
        assert other.run_all() == 1
        with pytest.raises(LeaseLost):
            context.progress(0.5)
        seen.append("lost")
        return {"by": "first"}

    def quick(context: JobContext) -> Mapping[str, Any]:
        other_ran.append(context.job_id)
        return {"by": "second"}

    job_id = add(database)
    assert new_worker({"work": slow}).run_all() == 1
    assert seen == ["lost"]
    assert other_ran == [job_id]
    assert (job_now(job_id).state, job_now(job_id).result) == ("done", {"by": "second"})
    assert job_now(job_id).attempts == 2


def test_a_lease_lost_and_won_again_by_the_same_worker_is_another_lease(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    """Of two threads of one worker, the one that overslept must not settle what the other is doing now."""
    worker = new_worker({"work": nothing})
    job_id = add(database)
    contexts = []
    for _ in range(2):
        with database.writing() as db:
            job = worker._claim(db)
            assert job is not None
        contexts.append(JobContext(job.id, database, worker.storage, job.lease_owner or ""))
        with database.writing() as db:
            jobs.cancel(db, db.get_one(Job, job_id))
        expire_leases(database)
        assert worker.run_one() is False, "asked to stop while nobody held it: over"
        with database.writing() as db:
            jobs.retry(db.get_one(Job, job_id))
    assert job_now(job_id).attempts == 0
    with database.writing() as db:
        assert worker._claim(db) is not None
    for context in contexts:
        with pytest.raises(LeaseLost):
            context.beat()


def test_a_heartbeat_keeps_the_lease_of_a_long_step(
    database: Database, new_worker: NewWorker, job_now: JobNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.01)
    renewed = threading.Event()

    def long_step(context: JobContext) -> None:
        expire_leases(database)
        while job_now(context.job_id).lease_until < clock.now():  # type: ignore[operator]
            assert not renewed.wait(0.005)

    job_id = add(database)
    assert new_worker({"work": long_step}).run_all() == 1
    assert (job_now(job_id).state, job_now(job_id).attempts) == ("done", 1)


def test_a_heartbeat_ends_with_its_job(
    database: Database, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.01)
    keepers = []

    def look(context: JobContext) -> None:
        keepers.extend(thread for thread in threading.enumerate() if "_keep_lease" in thread.name)

    add(database)
    new_worker({"work": look}).run_all()
    assert len(keepers) == 1
    keepers[0].join(5)
    assert not keepers[0].is_alive()


def test_a_job_that_kills_every_worker_ends_after_its_attempts(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    job_id = add(database, max_attempts=2)
    worker = new_worker({"work": nothing})
    for _ in range(2):
        with database.writing() as db:
            assert worker._claim(db) is not None
        expire_leases(database)
    after = add(database)
    assert worker.run_all() == 1, "and does not stand in the way of the next"
    assert job_now(job_id).state == "failed"
    assert job_now(job_id).error == "Công việc bị ngắt giữa chừng quá nhiều lần."
    assert job_now(after).state == "done"


# --- failing ----------------------------------------------------------------------------------------------------------


def test_an_error_is_tried_again_with_growing_pauses_until_the_attempts_are_used(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    def break_down(context: JobContext) -> None:
        raise RuntimeError("hỏng mạng")

    worker = new_worker({"work": break_down})
    now = NOON
    with clock.frozen(now):
        job_id = add(database, max_attempts=4)
    for pause_s in (4, 16, 64):
        with clock.frozen(now):
            assert worker.run_all() == 1
            job = job_now(job_id)
            assert (job.state, job.run_at - now) == ("queued", timedelta(seconds=pause_s))
            assert job.error == "RuntimeError: hỏng mạng"
            assert worker.run_all() == 0
        now = job.run_at
    with clock.frozen(now):
        assert worker.run_all() == 1
    assert (job_now(job_id).state, job_now(job_id).attempts) == ("failed", 4)


def test_what_a_person_must_mend_is_not_tried_again(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    def refuse(context: JobContext) -> None:
        raise Invalid("Video này không đọc được.")

    job_id = add(database)
    assert new_worker({"work": refuse}).run_all() == 1
    assert (job_now(job_id).state, job_now(job_id).error) == ("failed", "Video này không đọc được.")


class Panic(BaseException):
    """As a library written in Rust panics: not an Exception."""


@pytest.mark.parametrize("error", [Panic("typst"), SystemExit(3)])
def test_neither_a_panic_nor_an_exit_ends_the_worker(
    database: Database, new_worker: NewWorker, job_now: JobNow, error: BaseException
) -> None:
    def blow_up(context: JobContext) -> None:
        raise error

    bad, good = add(database, "bad"), add(database)
    worker = new_worker({"bad": blow_up, "work": nothing})
    worker.start(1)
    try:
        wait_until(lambda: job_now(good).state == "done")
    finally:
        worker.stop()
    assert job_now(bad).state == "queued"
    assert job_now(bad).attempts == 1
    assert str(error) in (job_now(bad).error or "")


def test_a_result_that_cannot_be_stored_is_an_error_of_the_job(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    job_id = add(database, max_attempts=1)
    new_worker({"work": lambda context: {"bad": object()}}).run_all()
    assert job_now(job_id).state == "failed"
    assert "TypeError" in (job_now(job_id).error or "")


def test_a_job_tried_again_by_hand_starts_afresh(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    def half(context: JobContext) -> None:
        context.progress(0.5, "được một nửa")
        raise Invalid("Thiếu tệp.")

    job_id = add(database)
    new_worker({"work": half}).run_all()
    with database.writing() as db:
        jobs.retry(db.get_one(Job, job_id))
    job = job_now(job_id)
    assert (job.state, job.attempts, job.error, job.progress_ratio, job.progress_text) == ("queued", 0, None, 0.0, "")
    assert new_worker({"work": nothing}).run_all() == 1
    assert job_now(job_id).state == "done"


@pytest.mark.parametrize("state", ["queued", "running", "done"])
def test_only_what_failed_or_was_stopped_can_be_tried_again(db: Session, state: str) -> None:
    job = db.get_one(Job, jobs.enqueue(db, "work"))
    job.state = state
    with pytest.raises(Conflict):
        jobs.retry(job)


# --- progress and cancelling ------------------------------------------------------------------------------------------


def test_progress_can_be_seen_while_the_job_runs(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    seen = []

    def work(context: JobContext) -> None:
        for ratio in (-1.0, 0.25, 7.0):
            context.progress(ratio, f"bước {ratio}")
            job = job_now(context.job_id)
            seen.append((job.state, job.progress_ratio, job.progress_text))

    add(database, subject="asset:1")
    new_worker({"work": work}).run_all()
    assert seen == [("running", 0.0, "bước -1.0"), ("running", 0.25, "bước 0.25"), ("running", 1.0, "bước 7.0")]
    with database.reading() as db:
        latest = jobs.latest(db, "asset:1")
        assert latest is not None
        assert latest.state == "done"


def test_a_waiting_job_is_stopped_at_once(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    job_id = add(database, unique_key="k")
    with database.writing() as db:
        jobs.cancel(db, db.get_one(Job, job_id))
    assert job_now(job_id).state == "cancelled"
    assert new_worker({"work": nothing}).run_all() == 0
    assert add(database, unique_key="k") is not None, "its key is free"


def test_a_running_job_stops_at_its_next_progress(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    cleaned = []

    def work(context: JobContext) -> None:
        with database.writing() as db:
            jobs.cancel(db, db.get_one(Job, context.job_id))
        try:
            context.progress(0.5)
        except Cancelled:
            cleaned.append(True)
            raise

    job_id = add(database)
    new_worker({"work": work}).run_all()
    assert (job_now(job_id).state, cleaned) == ("cancelled", [True])
    assert job_now(job_id).cancel_requested is False


def test_a_job_asked_to_stop_keeps_its_lease_until_it_listens(
    database: Database, new_worker: NewWorker, job_now: JobNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another worker would call it over while its ffmpeg is still at work."""
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.01)

    def deaf(context: JobContext) -> None:
        with database.writing() as db:
            jobs.cancel(db, db.get_one(Job, context.job_id))
        expire_leases(database)
        wait_until(lambda: job_now(context.job_id).lease_until > clock.now())  # type: ignore[operator]
        assert new_worker({"work": nothing}).run_all() == 0

    job_id = add(database)
    new_worker({"work": deaf}).run_all()
    assert job_now(job_id).state == "done", "it finished before it listened, and says so"


def test_a_job_asked_to_stop_is_not_tried_again_after_an_error(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    def work(context: JobContext) -> None:
        with database.writing() as db:
            jobs.cancel(db, db.get_one(Job, context.job_id))
        raise RuntimeError

    job_id = add(database)
    new_worker({"work": work}).run_all()
    assert job_now(job_id).state == "cancelled"


def test_cancelling_what_is_over_changes_nothing(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    job_id = add(database)
    new_worker({"work": nothing}).run_all()
    with database.writing() as db:
        jobs.cancel(db, db.get_one(Job, job_id))
    assert (job_now(job_id).state, job_now(job_id).cancel_requested) == ("done", False)


# --- the worker itself ------------------------------------------------------------------------------------------------


def test_a_stopping_worker_hands_its_job_back_and_the_try_is_not_counted(
    database: Database, new_worker: NewWorker, job_now: JobNow
) -> None:
    """Otherwise five restarts of the server would end a long transcode for good."""
    running, stopping = threading.Event(), threading.Event()

    def long_job(context: JobContext) -> None:
        running.set()
        while True:
            context.progress(0.1)
            stopping.wait(0.01)

    job_id = add(database)
    worker = new_worker({"work": long_job})
    worker.start(2)
    assert running.wait(5)
    worker.stop()
    job = job_now(job_id)
    assert (job.state, job.attempts, job.lease_owner, job.error) == ("queued", 0, None, None)
    assert new_worker({"work": nothing}).run_all() == 1


def test_a_job_that_does_not_listen_does_not_hold_up_the_stop(database: Database, new_worker: NewWorker) -> None:
    running, let_go = threading.Event(), threading.Event()

    def deaf(context: JobContext) -> None:
        running.set()
        let_go.wait(10)

    add(database)
    worker = new_worker({"work": deaf})
    worker.start(3)
    assert running.wait(5)
    worker.stop(timeout_s=0.05)
    assert worker._threads[0].is_alive() or worker._threads[1].is_alive() or worker._threads[2].is_alive()
    let_go.set()
    worker.stop()
    assert not any(thread.is_alive() for thread in worker._threads)


def test_a_worker_outlives_an_outage_of_the_database(
    database: Database, new_worker: NewWorker, job_now: JobNow,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(jobs, "_TROUBLE_S", 0.01)
    job_id = add(database)
    worker = new_worker({"work": nothing})
    failures = iter([OSError("mất kết nối"), OSError("mất kết nối")])
    run_one = worker.run_one

    def flaky() -> bool:
        for failure in failures:
            raise failure
        return run_one()

    monkeypatch.setattr(worker, "run_one", flaky)
    with caplog.at_level(logging.ERROR, "hocso.jobs"):
        worker.start(1)
        try:
            wait_until(lambda: job_now(job_id).state == "done")
        finally:
            worker.stop()
    assert caplog.text.count("worker could not reach its queue") == 2


def test_jobs_speak_vietnamese_whoever_ordered_them(database: Database, new_worker: NewWorker) -> None:
    spoken = []
    add(database)
    i18n.speak("en")
    new_worker({"work": lambda context: spoken.append(i18n.language())}).run_all()
    assert spoken == ["vi"]


def test_rows_are_not_doubled_by_all_this(database: Database, new_worker: NewWorker) -> None:
    for _ in range(3):
        add(database, unique_key="k")
    new_worker({"work": nothing}).run_all()
    with database.reading() as db:
        assert db.scalar(select(func.count(Job.id))) == 1


def wait_until(look: Any, patience_s: float = 5.0) -> None:
    """Until another thread has got so far."""
    pause = threading.Event()
    for _ in range(int(patience_s / 0.005)):
        if look():
            return
        pause.wait(0.005)
    raise AssertionError("waited in vain")
