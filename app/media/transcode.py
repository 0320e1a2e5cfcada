"""The job that makes an uploaded video playable: copied where it can be, encoded where it must be, in several sizes.

It can be killed at any point and started again: it works in a folder of its own, and the video appears with its poster
and all its sizes in one transaction or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.i18n import gettext as _
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.media import encoder, hdr, images
from app.media.asset_jobs import failure_told, on_disk, workplace
from app.media.ladder import (
    LIGHT_NAME,
    PLAIN_NAME,
    Rung,
    can_be_copied,
    ladder,
    light_rung,
    make_command,
    needs_nothing,
    plain_command,
    plain_rung,
    sheet_command,
)
from app.media.loudness import gain_for, measure_command, measured, must_change
from app.media.models import Asset
from app.media.playlists import CONTENT_TYPE, MASTER_NAME, Entry, codecs_of, master, weigh
from app.media.probe import VideoInfo, is_faststart, probe
from app.media.publishing import Names, is_made, names_for, publish
from app.media.service import video_name
from app.media.shelf import Shelf, Shelved
from app.media.storyboard import SHEET_NAME, Storyboard, encoded, storyboard

_ENCODING_SHARE = 0.95


@dataclass(frozen=True)
class _Plan:
    """What is made of a video. `as_it_came`: the upload itself is the plain MP4."""

    video: VideoInfo
    source: Path
    rungs: tuple[Rung, ...]
    board: Storyboard | None
    gain: float
    as_it_came: bool


def transcode(context: JobContext, asset_id: int) -> dict[str, object] | None:
    """Job "media.transcode": all that today's settings make of a video. What is made or gone is left alone.

    A video that is shown already stays shown as it is until then.
    """
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or is_made(asset):
            return None
        if asset.state != "ready":
            asset.state, asset.error = "processing", None
        names = names_for(db, asset)
        db.flush()
        db.expunge(asset)
    with failure_told(context, asset_id), workplace("asset", asset_id) as scratch:
        source = on_disk(context.storage, asset.storage_key, scratch)
        plan = _plan(context, asset, source, scratch)
        _encode(context, plan, scratch)
        context.progress(_ENCODING_SHARE, _("Đang lưu video"))
        with Shelf(context.storage, asset.sha256) as shelf:
            made = [*_shelve_plain(shelf, names, asset, plan, scratch), *_shelve_ladder(shelf, names, plan, scratch)]
            with context.database.writing() as db:
                current = db.get(Asset, asset_id, with_for_update=True)
                if current is not None and not is_made(current):
                    publish(db, current, made, plan.video)
    return {"renditions": [file.name for file in made]}


def _plan(context: JobContext, asset: Asset, source: Path, scratch: Path) -> _Plan:
    reader = "mov" if asset.content_type in ("video/mp4", "video/quicktime") else "matroska"
    video = probe(source, reader, asset.file_name)
    gain = 0.0
    if video.audio_index is not None:
        context.progress(0, _("Đang đo âm lượng"))
        gain = gain_for(measured(_run(context, measure_command(_ffmpeg(), video, source), scratch)))
    board = storyboard(video.duration_s, video.width, video.height)
    return _Plan(video, source, ladder(video), board, gain, needs_nothing(video, source) and not must_change(gain))


def _encode(context: JobContext, plan: _Plan, scratch: Path) -> None:
    video, source, rungs = plan.video, plan.source, plan.rungs
    copied = can_be_copied(video)
    plain = copied and not plan.as_it_came
    if video.hdr:
        (scratch / hdr.TABLE_NAME).write_text(hdr.cube(video.hdr))

    def tell(seconds: float) -> None:
        ratio = min(seconds / video.duration_s, 1.0)
        context.progress(ratio * _ENCODING_SHARE, _("Đang chuyển mã video"))

    tell(0)
    if rungs or plain:
        gain = plan.gain if rungs or must_change(plan.gain) else 0.0
        command = make_command(
            _ffmpeg(), video, source, scratch, rungs,
            plain=plain, gain=gain, copies_sound=not must_change(plan.gain), board=plan.board if rungs else None,
        )  # fmt: skip
        encoder.run(command, scratch, tell, get_settings().transcode_timeout_s)
    if plan.board and not rungs:
        _run(context, sheet_command(_ffmpeg(), video, source, scratch, plan.board), scratch)
    if not copied:
        _run(context, plain_command(_ffmpeg(), scratch, plain_rung(rungs)), scratch)
    if light := light_rung(rungs, copied=copied):
        _run(context, plain_command(_ffmpeg(), scratch, light, LIGHT_NAME), scratch)


def _run(context: JobContext, command: Sequence[str], scratch: Path) -> str:
    """A short run, with nothing to tell but that we are alive."""
    return encoder.run(command, scratch, lambda _seconds: context.beat(), get_settings().transcode_timeout_s)


def _ffmpeg() -> str:
    return encoder.find_ffmpeg(get_settings().ffmpeg)


def _shelve_plain(shelf: Shelf, names: Names, asset: Asset, plan: _Plan, scratch: Path) -> list[Shelved]:
    """The plain video and its poster; what ffmpeg made is read again from end to end first."""
    made = plan.source if plan.as_it_came else scratch / PLAIN_NAME
    result = plan.video if plan.as_it_came else probe(made, "mov")
    if not is_faststart(made):
        raise encoder.EncodeFailed(reason="faststart")
    name = video_name(result.width, result.height)
    if plan.as_it_came:
        video = Shelved(name, "video/mp4", result.size, result.width, result.height, asset.storage_key)
    else:
        video = shelf.put(name, "video/mp4", made, result.width, result.height)
    picture = images.poster(made)
    poster = shelf.put("poster.jpg", picture.content_type, picture.data, picture.width, picture.height)
    return [names.of(video), names.of(poster)]


def _shelve_ladder(shelf: Shelf, names: Names, plan: _Plan, scratch: Path) -> list[Shelved]:
    """Every rung and, last, the playlist that names them; each rung of pictures is read from end to end first."""
    made: list[Shelved] = []
    entries = []
    for rung in plan.rungs:
        path = scratch / rung.media
        if rung.width:
            probe(path, "mov")
        content_type = "video/mp4" if rung.width else "audio/mp4"
        media = names.of(shelf.put(rung.media, content_type, path, rung.width or None, rung.height or None))
        text = (scratch / rung.playlist).read_text().replace(rung.media, media.name)
        playlist = names.of(shelf.put(rung.playlist, CONTENT_TYPE, text.encode()))
        entries.append(Entry(playlist.name, rung, weigh(text), codecs_of(rung, path)))
        made += [media, playlist]
    if (light := scratch / LIGHT_NAME).exists():
        smallest = plan.rungs[0]
        made.append(names.of(shelf.put(LIGHT_NAME, "video/mp4", light, smallest.width, smallest.height)))
    if plan.board:
        sheet = encoded(scratch / SHEET_NAME)
        made.append(names.of(shelf.put(plan.board.name, sheet.content_type, sheet.data, sheet.width, sheet.height)))
    if entries:
        made.append(names.of(shelf.put(MASTER_NAME, CONTENT_TYPE, master(entries).encode())))
    return made
