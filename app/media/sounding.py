"""The job that makes a lesson's sound light: speech as mono AAC for phones, and MP3 for the commune's loudspeaker."""

from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg

from app.core.i18n import gettext as _
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.media import encoder
from app.media.asset_jobs import failure_told, on_disk, workplace
from app.media.encoder import watched
from app.media.files import M4A, MP3, OGG, WAV
from app.media.ladder import SOUND
from app.media.loudness import gain_for, levelled, measured
from app.media.models import Asset
from app.media.service import finish
from app.media.shelf import Shelf
from app.media.sound import LIGHT, LOUDSPEAKER, MOST_LESSON_MINUTES, sound_length_s

_LOUDSPEAKER_KBPS = 64
_READERS = {one.content_type: one.reader for one in (MP3, M4A, OGG, WAV)}
_MEASURING_SHARE, _DONE_SHARE = 0.2, 0.95


def sound_out(context: JobContext, asset_id: int) -> dict[str, object] | None:
    """Job "media.sound": both forms of an uploaded sound. What is done or gone is left alone."""
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.state == "ready":
            return None
        asset.state, asset.error = "processing", None
        db.flush()
        db.expunge(asset)
    with failure_told(context, asset_id), workplace("sound", asset_id) as scratch:
        source = on_disk(context.storage, asset.storage_key, scratch)
        _encode(context, source, _READERS[asset.content_type], scratch, asset.duration_s or 0)
        with Shelf(context.storage, asset.sha256) as shelf:
            length_s = sound_length_s(scratch / LIGHT, M4A.reader, most_minutes=2 * MOST_LESSON_MINUTES)
            made = [shelf.put(LIGHT, "audio/mp4", scratch / LIGHT)]
            made.append(shelf.put(LOUDSPEAKER, "audio/mpeg", scratch / LOUDSPEAKER))
            with context.database.writing() as db:
                current = db.get(Asset, asset_id, with_for_update=True)
                if current is not None and current.state != "ready":
                    current.duration_s = length_s
                    finish(db, current, made)
    return {"duration_s": length_s}


def _encode(context: JobContext, source: Path, reader: str, scratch: Path, length_s: float) -> None:
    settings = get_settings()
    executable = encoder.find_ffmpeg(settings.ffmpeg)

    def tell(seconds: float, *, done: float = 0.0, share: float = _MEASURING_SHARE) -> None:
        ratio = done + min(seconds / max(length_s, 1.0), 1.0) * share
        context.progress(ratio, _("Đang chuyển mã âm thanh"))

    tell(0)
    words = encoder.run(_measure(executable, source, reader), scratch, tell, settings.transcode_timeout_s)
    command = _forms(executable, source, reader, scratch, gain_for(measured(words)))
    rest = partial(tell, done=_MEASURING_SHARE, share=_DONE_SHARE - _MEASURING_SHARE)
    encoder.run(command, scratch, rest, settings.transcode_timeout_s)


def _measure(executable: str, source: Path, reader: str) -> list[str]:
    heard = _voice(source, reader).filter("ebur128", framelog="quiet", dualmono="true")
    return watched(executable, ffmpeg.output(heard, "-", f="null"), loglevel="info")


def _forms(executable: str, source: Path, reader: str, scratch: Path, gain: float) -> list[str]:
    """As loud as the sound of videos, so that nobody reaches for the volume; one decoding for both."""
    both = levelled(_voice(source, reader), gain).filter_multi_output("asplit", 2)
    bare: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "ac": 1, "ar": 44100}
    light = ffmpeg.output(
        both[0], str(scratch / LIGHT), f="mp4", movflags="+faststart", **bare,
        **{"c:a": "aac", "b:a": f"{SOUND.audio_kbps}k"},
    )  # fmt: skip
    loud = ffmpeg.output(
        both[1], str(scratch / LOUDSPEAKER), f="mp3", **bare, **{"c:a": "libmp3lame", "b:a": f"{_LOUDSPEAKER_KBPS}k"}
    )
    return watched(executable, ffmpeg.merge_outputs(light, loud))


def _voice(source: Path, reader: str) -> Any:
    given = ffmpeg.input(str(source), f=reader, protocol_whitelist="file,pipe")
    return given["a:0"].filter("aformat", channel_layouts="mono")
