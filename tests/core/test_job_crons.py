"""Jobs by the clock: each slot of the Vietnamese day once, whatever workers and restarts there are."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.crons import Cron
from app.core.db import Database
from app.core.jobs import Job, JobContext
from tests.core.conftest import NewWorker

DAY = timedelta(days=1)
NIGHTLY = Cron("nightly", every=DAY, at=timedelta(hours=2))
TEN_MINUTES = Cron("often", every=timedelta(minutes=10))


def vietnam(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=clock.VIETNAM)


def nothing(context: JobContext) -> None:
    """A job that is done at once."""


def keys(database: Database) -> list[str | None]:
    with database.reading() as db:
        return list(db.scalars(select(Job.unique_key).order_by(Job.id)))


@pytest.mark.parametrize(
    ("cron", "now", "slot"),
    [
        (NIGHTLY, vietnam(21, 1, 59), None),
        (NIGHTLY, vietnam(21, 2), vietnam(21, 2)),
        (NIGHTLY, vietnam(21, 23, 59), vietnam(21, 2)),
        # Still the 21st in Vietnam although the 20th in UTC.
        (NIGHTLY, datetime(2026, 11, 20, 20, tzinfo=UTC), vietnam(21, 2)),
        (TEN_MINUTES, vietnam(21, 0), vietnam(21, 0)),
        (TEN_MINUTES, vietnam(21, 12, 39), vietnam(21, 12, 30)),
        (TEN_MINUTES, vietnam(21, 23, 59), vietnam(21, 23, 50)),
        (Cron("odd", every=timedelta(hours=7)), vietnam(21, 23), vietnam(21, 21)),
        (Cron("odd", every=timedelta(hours=7), at=timedelta(hours=1)), vietnam(21, 0, 30), None),
        (Cron("odd", every=timedelta(hours=7), at=timedelta(hours=1)), vietnam(21, 7, 59), vietnam(21, 1)),
    ],
)
def test_the_newest_slot_of_the_day(cron: Cron, now: datetime, slot: datetime | None) -> None:
    assert cron.slot(now) == slot


@pytest.mark.parametrize(
    ("every", "at"), [(timedelta(), timedelta()), (timedelta(days=7), timedelta()), (DAY, DAY), (DAY, timedelta(-1))]
)
def test_slots_that_do_not_fit_into_a_day_are_refused(every: timedelta, at: timedelta) -> None:
    with pytest.raises(ValueError, match="midnight"):
        Cron("weekly", every=every, at=at)


def test_a_slot_is_enqueued_once_by_many_workers_at_once(database: Database, new_worker: NewWorker) -> None:
    workers = [new_worker({"nightly": nothing}, [NIGHTLY]) for _ in range(6)]
    start = threading.Barrier(len(workers))

    def wake(number: int) -> None:
        start.wait()
        workers[number].enqueue_due_crons()

    with clock.frozen(vietnam(21, 2, 5)):
        threads = [threading.Thread(target=wake, args=(number,)) for number in range(len(workers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert keys(database) == ["cron:nightly:2026-11-21T02:00:00+07:00"]


def test_a_restart_neither_repeats_a_slot_nor_loses_it(database: Database, new_worker: NewWorker) -> None:
    with clock.frozen(vietnam(21, 2, 5)):
        worker = new_worker({"nightly": nothing}, [NIGHTLY])
        worker.enqueue_due_crons()
        assert worker.run_all() == 1
    with clock.frozen(vietnam(21, 9)):
        restarted = new_worker({"nightly": nothing}, [NIGHTLY])
        restarted.enqueue_due_crons()
        assert restarted.run_all() == 0, "the slot of today was served before the restart"
    with clock.frozen(vietnam(23, 14)):
        back_after_an_outage = new_worker({"nightly": nothing}, [NIGHTLY])
        back_after_an_outage.enqueue_due_crons()
        assert back_after_an_outage.run_all() == 1, "made up for at 14:00; the 22nd is gone"
    assert keys(database) == ["cron:nightly:2026-11-21T02:00:00+07:00", "cron:nightly:2026-11-23T02:00:00+07:00"]


def test_a_slot_that_is_running_is_not_run_once_more(database: Database, new_worker: NewWorker) -> None:
    """Two workers that both see the slot come are one order, not two."""
    ran = []

    def slow(context: JobContext) -> None:
        ran.append(context.job_id)
        other = new_worker({"nightly": nothing}, [NIGHTLY])
        with database.writing() as db:
            db.execute(update(Job).values(unique_key=Job.unique_key))
        other.enqueue_due_crons()

    with clock.frozen(vietnam(21, 2)):
        worker = new_worker({"nightly": slow}, [NIGHTLY])
        worker.enqueue_due_crons()
        assert worker.run_all() == 1
    assert len(ran) == 1


def test_slots_long_done_are_swept_away_and_failed_ones_kept(database: Database, new_worker: NewWorker) -> None:
    """A hundred rows a day would bury what an operator looks for."""

    def on_the_21st_it_breaks(context: JobContext) -> None:
        if clock.today().day == 21:
            raise RuntimeError

    worker = new_worker({"nightly": on_the_21st_it_breaks}, [NIGHTLY])
    for day in (20, 21, 22):
        with clock.frozen(vietnam(day, 3)):
            worker.enqueue_due_crons()
            worker.run_all()
    with database.writing() as db:
        db.execute(update(Job).where(Job.state == "queued").values(state="failed"))
    with clock.frozen(vietnam(28, 4)):
        worker.enqueue_due_crons()
    assert [(key or "")[13:23] for key in keys(database)] == ["2026-11-21", "2026-11-22", "2026-11-28"]
