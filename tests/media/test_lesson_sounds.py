"""Sounds an author uploads: known by content, made light, with a form for the loudspeaker of the commune."""

import io
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.errors import Invalid
from app.core.jobs import Worker
from app.core.storage import Storage
from app.media import jobs as media_jobs
from app.media.models import Asset
from app.media.queries import asset_views
from app.media.service import add_asset, store
from app.media.sound import MOST_LESSON_MINUTES, SoundInvalid, sound_length_s
from tests.media.samples import SOUND, ffmpeg

pytestmark = pytest.mark.by_turns


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four forms of two seconds of a tone; recorders call MP4 with sound alone .m4a whatever its brand."""
    folder = tmp_path_factory.mktemp("sounds")
    tone = ("-f", "lavfi", "-i", SOUND.format(seconds=2))
    ffmpeg(*tone, "-c:a", "libmp3lame", folder / "a.mp3")
    ffmpeg(*tone, "-c:a", "aac", "-f", "mp4", "-brand", "mp42", folder / "a.m4a")
    ffmpeg(*tone, "-c:a", "libvorbis", folder / "a.ogg")
    ffmpeg(*tone, "-c:a", "pcm_s16le", folder / "a.wav")
    return folder


def kept(db: Session, storage: Storage, path: Path) -> Asset:
    with path.open("rb") as file:
        asset = add_asset(db, store(storage, file, path.name, only="sound"), by=None, unit_id=None)
    db.commit()
    return asset


def test_every_form_becomes_light_and_one_for_the_loudspeaker(
    db: Session, database: Database, storage: Storage, sounds: Path
) -> None:
    assets = [kept(db, storage, sounds / f"a.{ending}") for ending in ("mp3", "m4a", "ogg", "wav")]
    assert {(asset.kind, asset.state, asset.file_name) for asset in assets} == {("sound", "stored", "a.m4a")}
    Worker(database, storage, media_jobs.JOBS).run_all()
    db.expire_all()
    for view in asset_views(db, [asset.id for asset in assets]).values():
        assert view.state == "ready", view.error
        assert (view.url or "").endswith("/sound.m4a")
        assert (view.loudspeaker_url or "").endswith("/loudspeaker.mp3")
        assert view.duration_s == pytest.approx(2, abs=0.1)
        assert view.size * 8 / 2 < 60_000, "light, the file's own head included"


@pytest.mark.parametrize("content", [b"ID3" + b"x" * 5000, b"OggS" + b"x" * 5000], ids=["mp3", "ogg"])
def test_what_only_claims_to_be_sound_is_refused(storage: Storage, content: bytes) -> None:
    with pytest.raises(SoundInvalid):
        store(storage, io.BytesIO(content), "gia.mp3", only="sound")


def test_a_sound_is_no_video_and_a_video_no_sound(storage: Storage, sounds: Path) -> None:
    with (sounds / "a.m4a").open("rb") as file, pytest.raises(Invalid, match="Ô này nhận video"):
        store(storage, file, "a.m4a", only="video")


def test_what_lasts_too_long_is_refused_before_all_of_it_is_read(sounds: Path) -> None:
    with pytest.raises(SoundInvalid, match="dài quá 0 phút"):
        sound_length_s(sounds / "a.wav", "wav", most_minutes=0)
    assert sound_length_s(sounds / "a.wav", "wav", most_minutes=MOST_LESSON_MINUTES) == pytest.approx(2)
