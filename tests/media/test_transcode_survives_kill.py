"""kill -9 in the middle of a transcode: another worker finishes it, once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import func, select, update

from app.core import clock, jobs
from app.core.db import Database, Session
from app.core.jobs import Job, Worker
from app.core.settings import ROOT
from app.core.storage import Storage
from app.media import service
from app.media.jobs import JOBS
from app.media.models import Asset, Rendition
from app.media.queries import progress_of
from app.runtime import Runtime
from tests.media.samples import Samples, slow_ffmpeg

PATIENCE_S = 30
_Seen = TypeVar("_Seen")


@pytest.fixture
def worker_process(runtime: Runtime, tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Start `python -m app work` on the test's database, with an ffmpeg slow enough to be caught in the middle."""
    slow = slow_ffmpeg(tmp_path)
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        settings = runtime.settings
        own = {"DATABASE_URL": settings.database_url, "MEDIA_URL": settings.media_url, "DATA_DIR": str(tmp_path)}
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "work"], env=os.environ | own | {"FFMPEG": str(slow)}, cwd=ROOT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.by_turns
def test_a_transcode_survives_the_death_of_its_worker(
    database: Database, db: Session, storage: Storage, samples: Samples, tmp_path: Path,
    worker_process: Callable[[], "subprocess.Popen[bytes]"],
) -> None:  # fmt: skip
    with samples.lecture_mkv.open("rb") as file:
        asset = service.add_asset(db, service.store(storage, file, "bai.mkv"), by=None, unit_id=None)
    db.commit()
    process = worker_process()
    [pid_file] = _wait_for(lambda: list(tmp_path.glob("scratch/asset-*/process.pid")))
    _wait_for(lambda: _reached(database, asset.id))
    process.send_signal(signal.SIGKILL)
    process.wait()

    ffmpeg_pid = int(pid_file.read_text())
    assert Path(f"/proc/{ffmpeg_pid}").exists(), "the orphan is still at work, as after a real crash"
    with database.reading() as reading:
        assert jobs.latest(reading, f"asset:{asset.id}").state == "running"  # type: ignore[union-attr]
        assert reading.scalar(select(func.count(Rendition.id))) == 0, "half a video is never published"
        assert progress_of(reading, [asset.id])[asset.id].state == "running"
    # The dead worker has enqueued timed jobs, too; this one knows only ours.
    worker = Worker(database, storage, {"media.transcode": JOBS["media.transcode"]})
    assert worker.run_all() == 0, "the lease protects the job until it runs out"

    db.execute(update(Job).values(lease_until=clock.now() - timedelta(seconds=1)))
    db.commit()
    assert worker.run_all() == 1
    with database.reading() as reading:
        finished = reading.get_one(Asset, asset.id)
        assert finished.state == "ready"
        assert sorted(r.name for r in finished.renditions) == [
            "180p.m3u8", "180p.m4s", "180p.mp4", "master.m3u8", "poster.jpg",
        ]  # fmt: skip
        assert reading.scalar(select(func.count(Rendition.id))) == 5
        assert jobs.latest(reading, f"asset:{asset.id}").attempts == 2  # type: ignore[union-attr]
    assert not list((tmp_path / "scratch").iterdir())
    assert len([path for path in tmp_path.glob("media/assets/**/*") if path.is_file()]) == 6, "source and what was made"
    _wait_for(lambda: not _is_running(ffmpeg_pid))


def _reached(database: Database, asset_id: int) -> bool:
    # The worker process enqueued timed jobs, too.
    with database.reading() as db:
        job = jobs.latest(db, f"asset:{asset_id}")
        return bool(job and job.progress_ratio)


def _is_running(pid: int) -> bool:
    try:
        return "ffmpeg" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def _wait_for(look: Callable[[], _Seen]) -> _Seen:
    """Look until there is something to see; another process cannot be given our clock."""
    until = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
    return seen
