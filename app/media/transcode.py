"""The job that makes an uploaded video playable: copied where it can be, encoded where it must be, in several sizes.

It can be killed at any point and started again: it works in a folder of its own, and the video appears with its poster
and all its sizes in one transaction or not at all.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import AppError
from app.core.i18n import gettext as _
from app.core.jobs import Cancelled, JobContext
from app.core.settings import get_settings
from app.core.storage import Storage
from app.media import encoder, images
from app.media.ladder import (
    LIGHT_NAME,
    PLAIN_NAME,
    Rung,
    can_be_copied,
    ladder,
    light_rung,
    make_command,
    plain_command,
    plain_rung,
)
from app.media.models import Asset
from app.media.playlists import CONTENT_TYPE, MASTER_NAME, codecs_of, master, weigh
from app.media.probe import VideoInfo, is_faststart, probe
from app.media.service import add_ladder, finish, has_ladder, stopped_text, video_name
from app.media.shelf import Shelf, Shelved, scratch_folder, scratch_root

_ENCODING_SHARE = 0.95


def transcode(context: JobContext, asset_id: int) -> dict[str, object] | None:
    """Job "media.transcode": what a video still lacks, a plain MP4 and its ladder. What is done or gone is left alone.

    A video that can be shown as it came stays shown while its ladder is being made.
    """
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or (asset.state == "ready" and has_ladder(asset)):
            return None
        is_shown = asset.state == "ready"
        if not is_shown:
            asset.state, asset.error = "processing", None
        db.flush()
        db.expunge(asset)
    _clear_left_overs(asset_id)
    with _failure_told(context, asset_id), scratch_folder(_scratch_name(asset_id)) as scratch:
        source = _on_disk(context.storage, asset.storage_key, scratch)
        video = probe(
            source, "mov" if asset.content_type in ("video/mp4", "video/quicktime") else "matroska", asset.file_name
        )
        rungs = ladder(video)
        if is_shown and not rungs:
            return None
        _encode(context, video, source, scratch, rungs, plain=not is_shown)
        context.progress(_ENCODING_SHARE, _("Đang lưu video"))
        with Shelf(context.storage, asset.sha256) as shelf:
            steps = _shelve_ladder(shelf, scratch, rungs)
            plain = [] if is_shown else _shelve_plain(shelf, scratch / PLAIN_NAME)
            with context.database.writing() as db:
                current = db.get(Asset, asset_id, with_for_update=True)
                if current is not None and current.state != "ready":
                    finish(db, current, (*plain, *steps), video)
                elif current is not None and not has_ladder(current):
                    add_ladder(db, current, steps)
    return {"renditions": [file.name for file in (*plain, *steps)]}


def _encode(
    context: JobContext, video: VideoInfo, source: Path, scratch: Path, rungs: tuple[Rung, ...], *, plain: bool
) -> None:  # fmt: skip
    settings = get_settings()
    executable = encoder.find_ffmpeg(settings.ffmpeg)

    def tell(seconds: float) -> None:
        ratio = min(seconds / video.duration_s, 1.0)
        context.progress(ratio * _ENCODING_SHARE, _("Đang chuyển mã video"))

    tell(0)
    copied = can_be_copied(video)
    arguments = make_command(executable, video, source, scratch, rungs, plain=plain and copied)
    encoder.run(arguments, scratch, tell, settings.transcode_timeout_s)
    remuxes = [plain_command(executable, scratch, plain_rung(rungs))] if plain and not copied else []
    if light := light_rung(rungs, copied=copied):
        remuxes.append(plain_command(executable, scratch, light, LIGHT_NAME))
    for remux in remuxes:
        encoder.run(remux, scratch, lambda _seconds: context.beat(), settings.transcode_timeout_s)


def _shelve_plain(shelf: Shelf, made: Path) -> list[Shelved]:
    """Store the plain video and its poster; what ffmpeg made is read again from end to end first."""
    result = probe(made, "mov")
    if not is_faststart(made):
        raise encoder.EncodeFailed(reason="faststart")
    picture = images.poster(made)
    return [
        shelf.put(video_name(result.width, result.height), "video/mp4", made, result.width, result.height),
        shelf.put("poster.jpg", picture.content_type, picture.data, picture.width, picture.height),
    ]


def _shelve_ladder(shelf: Shelf, scratch: Path, rungs: tuple[Rung, ...]) -> list[Shelved]:
    """Store every rung and, last, the playlist that names them; each rung of pictures is read from end to end first."""
    made: list[Shelved] = []
    named = []
    for rung in rungs:
        media, playlist = scratch / rung.media, (scratch / rung.playlist).read_text()
        if rung.width:
            probe(media, "mov")
        named.append((rung, weigh(playlist), codecs_of(rung, media)))
        content_type = "video/mp4" if rung.width else "audio/mp4"
        made.append(shelf.put(rung.media, content_type, media, rung.width or None, rung.height or None))
        made.append(shelf.put(rung.playlist, CONTENT_TYPE, playlist.encode()))
    if (light := scratch / LIGHT_NAME).exists():
        made.append(shelf.put(LIGHT_NAME, "video/mp4", light, rungs[0].width, rungs[0].height))
    return [*made, shelf.put(MASTER_NAME, CONTENT_TYPE, master(named).encode())] if made else []


@contextmanager
def _failure_told(context: JobContext, asset_id: int) -> Iterator[None]:
    """What a person must know or mend is written to the asset; anything else is left for the queue to try again."""
    try:
        yield
    except Cancelled:
        _fail(context, asset_id, stopped_text())
        raise
    except AppError as error:
        _fail(context, asset_id, error.message)
        raise


def _fail(context: JobContext, asset_id: int, reason: str) -> None:
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is not None and asset.state != "ready":
            asset.state, asset.error = "failed", reason


def _on_disk(storage: Storage, key: str, scratch: Path) -> Path:
    """The source as a local file: itself where the storage is a local disk, else a copy."""
    if path := storage.local_path(key):
        return path
    copy = scratch / "source"
    with copy.open("xb") as file:
        file.writelines(storage.read(key))
    return copy


def _clear_left_overs(asset_id: int) -> None:
    """A worker killed midway leaves its folder, and perhaps its ffmpeg, behind."""
    for folder in scratch_root().glob(f"{_scratch_name(asset_id)}-*"):
        encoder.stop_left_over(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _scratch_name(asset_id: int) -> str:
    return f"asset-{asset_id}"
