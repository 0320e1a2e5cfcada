"""Too long for every day (`make proof`): two thousand people both ways, and a hundred thousand in bulk."""

import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core import clock, events
from app.core.db import Database
from app.core.jobs import Job, Worker, enqueue
from app.core.storage import storage_of
from app.coverage.verification import verify
from app.main import HANDLERS, JOBS
from app.simulation.province import simulate
from app.timetable import CRONS
from tests.seeded import Seeded
from tests.simulation.courses import make_shelf
from tests.simulation.test_row_equal import compare


def test_bulk_writes_what_the_services_write_for_two_thousand(
    seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    rows = compare(seeded, tmp_path, 2000, monkeypatch)
    for table in ("progress_client", "completion_annulment", "certificate_revocation", "audit_entry"):
        assert rows[table].total() > 0
    print({table: count.total() for table, count in rows.items() if count.total()})


def test_a_hundred_thousand_people_and_a_night_after(
    seeded: Seeded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    events.wire(HANDLERS)
    with seeded.copied(tmp_path, "big.db") as url:
        database = Database(url)
        with database.writing() as db:
            make_shelf(db)
        started, cpu = time.monotonic(), time.process_time()
        with database.writing() as db:
            done = simulate(db, 100_000, 1)
        with capsys.disabled():
            seconds, busy = time.monotonic() - started, time.process_time() - cpu
            print(f"\n{clock.today()} {seeded.kind}: 100,000 people, {sum(done.rows.values()):,} rows and 11,502 units")
            print(f"  {seconds:.0f} s on the clock, {busy:.0f} s of processor in this process")
        started = time.monotonic()
        with database.writing() as db:
            enqueue(db, "coverage.rebuild", unique_key="coverage.rebuild")
        Worker(database, storage_of(f"file://{tmp_path}"), JOBS, CRONS).run_all()
        with capsys.disabled():
            print(f"  the nightly comparison took {time.monotonic() - started:.0f} s")
        started = time.monotonic()
        with database.reading() as db:
            report = verify(db, "24", clock.today())
        assert report.in_order() == []
        with capsys.disabled():
            print(f"  the second reading took {time.monotonic() - started:.0f} s: {report.as_text()}")
        with database.reading() as db:
            [job] = db.scalars(select(Job).where(Job.kind == "coverage.rebuild"))
            assert job.state == "done"
            assert job.result is not None
            assert (job.result["checked"], job.result["entries"]) == (100_000, 0)
            assert db.scalar(select(func.count()).select_from(Job)) == 1
        database.dispose()
