"""Jobs that are watched, stopped, or whose worker must end."""

import logging
import threading

import pytest
from sqlalchemy import func, select

from app.core import clock, i18n, jobs
from app.core.db import Database
from app.core.jobs import Cancelled, Job, JobContext
from tests.core.conftest import JobNow, NewWorker
from tests.core.queue_acts import add, cancel, expire_leases, nothing, wait_until

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
    cancel(database, job_id)
    assert job_now(job_id).state == "cancelled"
    assert new_worker({"work": nothing}).run_all() == 0
    assert add(database, unique_key="k") is not None, "its key is free"


def test_a_running_job_stops_at_its_next_progress(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    cleaned = []

    def work(context: JobContext) -> None:
        cancel(database, context.job_id)
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
        cancel(database, context.job_id)
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
        cancel(database, context.job_id)
        raise RuntimeError

    job_id = add(database)
    new_worker({"work": work}).run_all()
    assert job_now(job_id).state == "cancelled"


def test_cancelling_what_is_over_changes_nothing(database: Database, new_worker: NewWorker, job_now: JobNow) -> None:
    job_id = add(database)
    new_worker({"work": nothing}).run_all()
    cancel(database, job_id)
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
