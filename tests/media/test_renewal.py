"""Videos made with older settings are made anew by a command, and nobody who watches one notices."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import delete, select, update

from app.core import clock, jobs
from app.core.db import Database, Session
from app.core.jobs import Job, JobContext, Worker
from app.core.storage import LocalStorage, Storage
from app.media import renewal, service
from app.media.models import Asset, Rendition
from app.media.publishing import Names
from app.media.queries import asset_views
from app.media.shelf import Shelved
from tests.browser import Browser
from tests.media.samples import Samples

Command = Callable[..., int]
# What a version from before this one would have left: other bytes under the names of today.
_OLD = b"made long ago"


@pytest.fixture
def old(db: Session, storage: Storage, samples: Samples) -> Asset:
    """A public video of older settings, with files under names that would be taken today."""
    with samples.slow_mp4.open("rb") as file:
        asset = service.add_asset(db, service.store(storage, file, "slow.mp4"), by=None, unit_id=None)
    for name in ("180p.mp4", "poster.jpg", "180p.m4s", "180p.m3u8", "audio.m4s", "audio.m3u8", "master.m3u8"):
        key = f"assets/{asset.id}/{name}"
        storage.put(key, BytesIO(_OLD))
        made = Shelved(name, "application/octet-stream", len(_OLD), None, None, key)
        asset.renditions.append(service.rendition(made))
    asset.state, asset.ladder_version, asset.is_public = "ready", 1, True
    db.execute(delete(Job))
    db.commit()
    return asset


@pytest.mark.by_turns
def test_who_watches_the_old_files_goes_on_and_who_comes_gets_the_new_ones(
    browser: Browser, db: Session, database: Database, worker: Worker, old: Asset, command: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before = [f"/media/{old.public_id}/{rendition.name}" for rendition in old.renditions]
    db.commit()
    assert command("media", "transcode", "--all") == 0
    assert capsys.readouterr().out.splitlines() == ["1 video chuyển mã theo cách cũ.", "Còn 0 video."]
    db.expire_all()
    view = asset_views(db, [old.id])[old.id]
    assert view.stream_url == f"/media/{old.public_id}/master-2.m3u8"
    names = re.findall(r"^[^#].*", browser.get(view.stream_url).text, re.MULTILINE)
    assert names == ["180p-2.m3u8", "audio-2.m3u8"]
    assert "180p-2.m4s" in browser.get(f"/media/{old.public_id}/180p-2.m3u8").text
    assert [quality.playlist for quality in view.qualities] == names
    assert view.poster_url == f"/media/{old.public_id}/poster-2.jpg"
    assert all(browser.get(url).content == _OLD for url in before), "an address never changes what it means"

    forgetting = db.query(Job).filter_by(kind="media.forget_replaced").one()
    assert forgetting.run_at > clock.now() + timedelta(days=1)
    long_ago = clock.now() - timedelta(days=2)
    db.execute(update(Rendition).where(Rendition.replaced_at.is_not(None)).values(replaced_at=long_ago))
    forgetting.run_at = clock.now()
    db.commit()
    worker.run_all()
    kept = {f"/media/{old.public_id}/{name}" for name in db.scalars(select(Rendition.name))}
    assert view.stream_url in kept
    assert not kept.intersection(before)
    assert browser.get(view.stream_url).status_code == 200


@pytest.mark.by_turns
def test_a_renewal_makes_one_video_and_then_waits_behind_whoever_came_meanwhile(
    db: Session, database: Database, storage: Storage, worker: Worker, samples: Samples, old: Asset
) -> None:
    other = _copy_of(db, old)
    assert renewal.order_renewal(db) == 2
    db.commit()
    assert worker.run_one()
    with samples.silent_mkv.open("rb") as file:
        upload = service.add_asset(db, service.store(storage, file, "moi.mkv"), by=None, unit_id=None)
    # It came while the first one was being made.
    db.execute(
        update(Job).where(Job.subject == service.subject(upload.id)).values(run_at=clock.now() - timedelta(minutes=1))
    )
    db.commit()
    assert worker.run_one()
    db.expire_all()
    assert (upload.state, other.ladder_version) == ("ready", 1)
    db.commit()
    assert worker.run_all() == 1
    db.expire_all()
    assert (old.ladder_version, other.ladder_version) == (2, 2)


def test_a_renewal_that_is_stopped_leaves_every_video_as_it_was(
    db: Session, database: Database, worker: Worker, old: Asset, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {rendition.name for rendition in old.renditions}
    db.commit()
    progress = JobContext.progress

    def stop_midway(context: JobContext, ratio: float, text: str = "") -> None:
        command("media", "transcode", "--stop")
        progress(context, ratio, text)

    renewal.order_renewal(db)
    db.commit()
    monkeypatch.setattr(JobContext, "progress", stop_midway)
    worker.run_all()
    db.expire_all()
    job = jobs.latest(db, renewal.SUBJECT)
    assert job is not None
    assert (job.state, old.state, old.ladder_version) == ("cancelled", "ready", 1)
    assert {rendition.name for rendition in old.renditions} == before


def test_a_video_whose_source_is_gone_stays_as_it_is_and_holds_up_nobody(
    db: Session, storage: Storage, worker: Worker, old: Asset
) -> None:
    before = {rendition.name for rendition in old.renditions}
    db.commit()
    assert isinstance(storage, LocalStorage)
    (storage.root / old.storage_key).write_bytes(b"rotten")
    renewal.order_renewal(db)
    db.commit()
    assert worker.run_all() == 1
    db.expire_all()
    assert (old.state, {rendition.name for rendition in old.renditions}) == ("ready", before)
    assert renewal.count_outdated(db) == 0


@pytest.mark.parametrize(
    ("there", "is_first", "name"),
    [
        ({}, True, "240p.m4s"),
        ({"240p.m4s": "other"}, True, "240p-2.m4s"),
        ({"240p.m4s": "key"}, True, "240p.m4s"),
        ({"240p-2.m4s": "key", "240p.m4s": "other"}, False, "240p-2.m4s"),
        # Its old file is deleted, but a browser may still keep it for a year.
        ({}, False, "240p-2.m4s"),
    ],
)
def test_a_name_never_means_other_bytes_than_before(there: dict[str, str], is_first: bool, name: str) -> None:
    file = Shelved("240p.m4s", "video/mp4", 1, 426, 240, "key")
    assert Names(there, is_first).of(file).name == name


def _copy_of(db: Session, asset: Asset) -> Asset:
    kept = ("kind", "state", "file_name", "content_type", "size", "sha256", "storage_key", "duration_s", "created_at")
    copy = Asset(**{name: getattr(asset, name) for name in kept}, public_id="ban-sao", ladder_version=1)
    db.add(copy)
    db.commit()
    return copy
