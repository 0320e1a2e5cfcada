"""Background jobs: who gets them, how they end, and what happens when a worker does not come back."""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock, jobs
from app.core.db import Database, Session
from app.core.errors import Conflict, Invalid
from app.core.jobs import Job, JobContext, LeaseLost
from tests.core.conftest import NOON, JobNow, NewWorker
from tests.core.queue_acts import add, cancel, expire_leases, nothing, retry, wait_until

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
        cancel(database, job_id)
        expire_leases(database)
        assert worker.run_one() is False, "asked to stop while nobody held it: over"
        retry(database, job_id)
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
    retry(database, job_id)
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
