"""An upload becomes a video that plays everywhere, or says why not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import events, jobs
from app.core.db import Database, Session
from app.core.jobs import Job, JobContext, Worker
from app.core.settings import get_settings
from app.core.storage import LocalStorage, Storage
from app.media import ladder, service
from app.media.events import AssetReady
from app.media.models import Asset
from app.media.probe import is_faststart, probe
from app.media.queries import asset_views, progress_of
from tests.media.conftest import Uploader
from tests.media.samples import Samples, slow_ffmpeg


@pytest.fixture
def stuck_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From here on ffmpeg gets stuck in the middle of `lecture.mkv`."""
    monkeypatch.setenv("FFMPEG", str(slow_ffmpeg(tmp_path)))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.by_turns
@pytest.mark.parametrize(
    ("name", "rendition", "size"),
    [
        ("slow_mp4", "180p.mp4", (320, 180)),
        ("portrait_mov", "270p.mp4", (270, 480)),
        ("turned_mp4", "180p.mp4", (180, 320)),
        ("odd_webm", "250p.mp4", (332, 250)),
        ("silent_mkv", "180p.mp4", (320, 180)),
        ("wide_mp4", "480p.mp4", (854, 480)),
        ("place_mp4", "180p.mp4", (320, 180)),
        ("bright_mp4", "240p.mp4", (426, 240)),
        ("meeting_mp4", "180p.mp4", (320, 180)),
    ],
)
def test_every_kind_of_video_becomes_one_that_plays_everywhere(
    database: Database, storage: Storage, worker: Worker, upload: Uploader, tmp_path: Path,
    name: str, rendition: str, size: tuple[int, int],
) -> None:  # fmt: skip
    heard: list[events.Event] = []
    events.wire([(AssetReady, lambda db, event: heard.append(event))])
    asset_id = upload(name)
    assert worker.run_all() == 1
    with database.reading() as db:
        view = asset_views(db, [asset_id])[asset_id]
        asset = db.get_one(Asset, asset_id)
        public_id = asset.public_id
        made = {r.name: r.storage_key for r in asset.renditions}
        assert {rendition, "poster.jpg", "master.m3u8"} <= set(made)
        assert {name for name in made if name.endswith(".mp4")} - {"light.mp4"} == {rendition}
    assert view.stream_url == f"/media/{public_id}/master.m3u8"
    assert (view.state, view.error) == ("ready", None)
    assert view.url == f"/media/{public_id}/{rendition}"
    assert heard == [AssetReady(asset_id)]
    path = storage.local_path(made[rendition])
    assert path is not None
    video = probe(path, "mov")
    assert (video.width, video.height) == size
    assert (video.video_codec, video.pixel_format, video.rotation) == ("h264", "yuv420p", 0)
    assert video.audio_codec in (None, "aac")
    assert not video.tells_place
    assert is_faststart(path)
    assert not list((tmp_path / "scratch").iterdir())


def test_a_suitable_video_is_ready_at_once_and_not_stored_twice(database: Database, upload: Uploader) -> None:
    asset_id = upload("good_mp4")
    with database.reading() as db:
        asset = db.get_one(Asset, asset_id)
        assert asset.state == "ready"
        assert asset.renditions[0].storage_key == asset.storage_key
        assert asset_views(db, [asset_id])[asset_id].poster_url == f"/media/{asset.public_id}/poster.jpg"


def test_running_the_job_again_changes_nothing(
    database: Database, db: Session, worker: Worker, upload: Uploader
) -> None:
    asset_id = upload("slow_mp4")
    worker.run_all()
    with database.reading() as reading:
        before = [(r.id, r.storage_key) for r in reading.get_one(Asset, asset_id).renditions]
    jobs.enqueue(db, "media.transcode", asset_id=asset_id)
    db.commit()
    assert worker.run_all() == 1
    with database.reading() as reading:
        assert [(r.id, r.storage_key) for r in reading.get_one(Asset, asset_id).renditions] == before


def test_a_source_that_went_bad_fails_in_words_and_can_be_retried(
    database: Database, db: Session, storage: Storage, worker: Worker, upload: Uploader, samples: Samples
) -> None:
    asset_id = upload("slow_mp4")
    key = db.get_one(Asset, asset_id).storage_key
    db.commit()
    assert isinstance(storage, LocalStorage)
    (storage.root / key).write_bytes(samples.headless_mp4.read_bytes())
    worker.run_all()
    with database.reading() as reading:
        told = progress_of(reading, [asset_id])[asset_id]
    assert told.state == "failed"
    assert "không phải video hoặc đã bị hỏng" in told.text

    (storage.root / key).write_bytes(samples.slow_mp4.read_bytes())
    db.expire_all()
    service.retry(db, db.get_one(Asset, asset_id), by=None)
    db.commit()
    worker.run_all()
    with database.reading() as reading:
        assert progress_of(reading, [asset_id])[asset_id].state == "ready"


def test_ffmpeg_that_cannot_be_run_to_its_end_says_so(
    database: Database, worker: Worker, upload: Uploader, monkeypatch: pytest.MonkeyPatch, stuck_ffmpeg: None
) -> None:
    monkeypatch.setattr(get_settings(), "transcode_timeout_s", 0.3)
    asset_id = upload("lecture_mkv")
    worker.run_all()
    with database.reading() as db:
        assert "đã dừng" in progress_of(db, [asset_id])[asset_id].text
    assert not _ffmpegs()


def test_a_running_transcode_stops_when_asked(
    database: Database,
    worker: Worker,
    upload: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    stuck_ffmpeg: None,
    tmp_path: Path,
) -> None:
    asset_id = upload("lecture_mkv")
    told: list[float] = []
    progress = JobContext.progress

    def cancel_midway(context: JobContext, ratio: float, text: str = "") -> None:
        if len(told) == 1:
            with database.writing() as db:
                service.cancel(db, db.get_one(Asset, asset_id))
        told.append(ratio)
        progress(context, ratio, text)

    monkeypatch.setattr(JobContext, "progress", cancel_midway)
    worker.run_all()
    with database.reading() as db:
        job = jobs.latest(db, f"asset:{asset_id}")
        assert job is not None
        assert job.state == "cancelled"
        assert progress_of(db, [asset_id])[asset_id].text == "Đã dừng chuyển mã theo yêu cầu."
    assert len(told) == 2
    assert not _ffmpegs()
    assert not list((tmp_path / "scratch").iterdir())


def test_a_waiting_transcode_is_cancelled_at_once(
    database: Database, db: Session, worker: Worker, upload: Uploader
) -> None:
    asset_id = upload("slow_mp4")
    service.cancel(db, db.get_one(Asset, asset_id))
    db.commit()
    assert worker.run_all() == 0
    with database.reading() as reading:
        assert progress_of(reading, [asset_id])[asset_id].state == "failed"


def test_a_video_goes_to_pieces_only_with_its_queue_and_the_page_says_so(
    database: Database, db: Session, worker: Worker, upload: Uploader
) -> None:
    asset_id = upload("slow_mp4")
    job = jobs.latest(db, f"asset:{asset_id}")
    assert job is not None
    job.attempts = job.max_attempts
    db.commit()
    worker.run_all()
    with database.reading() as reading:
        told = progress_of(reading, [asset_id])[asset_id]
        assert (told.state, reading.scalars(select(Job.state)).one()) == ("failed", "failed")
    assert told.text == "Công việc bị ngắt giữa chừng quá nhiều lần."


def test_the_command_has_no_network_and_never_asks(samples: Samples, tmp_path: Path) -> None:
    video = probe(samples.portrait_mov, "mov")
    rungs = ladder.ladder(video)
    for words in (
        ladder.make_command("ffmpeg", video, samples.portrait_mov, tmp_path, rungs, plain=False),
        ladder.plain_command("ffmpeg", tmp_path, ladder.plain_rung(rungs)),
    ):
        assert words[words.index("-protocol_whitelist") + 1] == "file,pipe"
        assert "-nostdin" in words
        assert words.index("-protocol_whitelist") < words.index("-i"), "it must bound the input"


def _ffmpegs() -> list[str]:
    """Command lines of ffmpeg processes working in a scratch folder of these tests."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "ffmpeg" in words and str(get_settings().data_dir) in words:
            found.append(words)
    return found
