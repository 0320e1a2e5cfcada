"""What is inside a video file, and whether it is whole (PyAV)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.media.hdr import TRANSFERS, Transfer

MAX_SIDE_PX = 8192
MAX_DURATION_S = 6 * 3600
# Codecs whose last packet may end a little before the length the container declares.
_SLACK_S = 2.0
# What ffmpeg counts the times of a container in: microseconds (AV_TIME_BASE).
_TIME_BASE = 1_000_000
_PLACE_KEYS = re.compile(r"location|gps|©xyz", re.IGNORECASE)


class VideoInvalid(Invalid):
    """The file is not a video we can show; the text says why and what to do."""

    title = _("Video chưa dùng được")


@dataclass(frozen=True)
class VideoInfo:
    """A whole video. `width` and `height` are as shown: after turning by `rotation` and with square pixels."""

    format: str
    duration_s: float
    size: int
    width: int
    height: int
    rotation: int
    video_index: int
    video_codec: str
    pixel_format: str
    square_pixels: bool
    audio_index: int | None
    audio_codec: str | None
    audio_channels: int
    stream_count: int
    # Phones write where they were into the file.
    tells_place: bool
    # "pq" or "hlg": colours that look grey on an ordinary screen as they are.
    hdr: Transfer | None = None
    frames_per_second: float = 30.0

    @property
    def bits_per_second(self) -> float:
        return self.size * 8 / self.duration_s


def probe(path: Path, reader: str, file_name: str = "") -> VideoInfo:
    """Open `path` as the format `reader` only, read all of it, decode one picture. Raises VideoInvalid."""
    # Loaded with the first video: 16 MB that most server processes never need.
    import av
    from av.error import FFmpegError

    name = file_name or path.name
    try:
        # One named format and plain files: a playlist in disguise must not make us fetch anything.
        with av.open(str(path), format=reader, options={"protocol_whitelist": "file"}) as container:
            return _examine(container, path, reader, name)
    except FFmpegError as error:
        raise VideoInvalid(
            _("Tệp “%(file)s” không phải video hoặc đã bị hỏng. Hãy mở thử trên máy, xuất lại dạng MP4 rồi tải lên."),
            file=name,
        ) from error


def is_faststart(path: Path) -> bool:
    """Whether an MP4 carries its index before the pictures, so that it plays while it downloads."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if size == 1:
                size = int.from_bytes(file.read(8), "big") - 8
            if size < 8:
                return False
            file.seek(size - 8, 1)
    return False


def _examine(container: Any, path: Path, reader: str, name: str) -> VideoInfo:
    from av.stream import Disposition

    video = next(
        (stream for stream in container.streams.video if Disposition.attached_pic not in stream.disposition), None
    )
    if video is None:
        raise VideoInvalid(_("Tệp “%(file)s” không có hình. Hãy chọn đúng tệp video."), file=name)
    audio = next((stream for stream in container.streams.audio if stream.codec_context is not None), None)
    context = video.codec_context
    if context is None or not 0 < context.width <= MAX_SIDE_PX or not 0 < context.height <= MAX_SIDE_PX:
        raise VideoInvalid(
            _("Khung hình của “%(file)s” lớn quá hoặc không đọc được. Giới hạn là %(side)s điểm ảnh mỗi cạnh."),
            file=name,
            side=MAX_SIDE_PX,
        )
    frame = next(container.decode(video), None)
    if frame is None:
        raise VideoInvalid(_("Không giải mã được hình nào trong “%(file)s”. Hãy xuất lại dạng MP4 (H.264)."), file=name)
    declared_s = (container.duration or 0) / _TIME_BASE
    duration_s = _read_to_the_end(container, video, declared_s, name)
    ratio = video.sample_aspect_ratio or 1
    shown = (round(context.width * ratio), context.height)
    rotation = round(frame.rotation) % 360
    width, height = shown if rotation % 180 == 0 else reversed(shown)
    return VideoInfo(
        format=reader,
        duration_s=duration_s,
        size=path.stat().st_size,
        width=width,
        height=height,
        rotation=rotation,
        video_index=video.index,
        video_codec=context.name,
        pixel_format=context.pix_fmt or "",
        square_pixels=ratio == 1,
        audio_index=audio.index if audio else None,
        audio_codec=audio.codec_context.name if audio else None,
        audio_channels=audio.codec_context.channels if audio else 0,
        stream_count=len(container.streams),
        tells_place=_tells_place(container.metadata)
        or any(_tells_place(stream.metadata) for stream in container.streams),
        hdr=TRANSFERS.get(int(context.color_trc)) or TRANSFERS.get(int(frame.color_trc)),
        frames_per_second=float(video.average_rate or 0) or 30.0,
    )


def _read_to_the_end(container: Any, video: Any, declared_s: float, name: str) -> float:
    """Seconds of video that are really there; refuses a file that stops before its declared end."""
    container.seek(0)
    start_s = (container.start_time or 0) / _TIME_BASE
    # Whole numbers in each stream's own unit: a fraction for every packet costs as much as reading the file.
    ends: dict[int, int] = {}
    for packet in container.demux():
        if packet.pts is not None:
            end = packet.pts + (packet.duration or 0)
            ends[packet.stream_index] = max(ends.get(packet.stream_index, end), end)
    seconds = {index: float(end * container.streams[index].time_base) - start_s for index, end in ends.items()}
    last_s, picture_s = max(seconds.values(), default=0.0), seconds.get(video.index, 0.0)
    if picture_s <= 0 or last_s < declared_s - max(_SLACK_S, declared_s * 0.02) or last_s < declared_s * 0.7:
        raise VideoInvalid(
            _("Tệp “%(file)s” bị cắt cụt: chỉ có %(found).0f trên %(declared).0f giây. Hãy chép lại tệp gốc rồi tải."),
            file=name,
            found=last_s,
            declared=declared_s,
        )
    if last_s > MAX_DURATION_S:
        raise VideoInvalid(
            _("Video “%(file)s” dài quá %(hours)s giờ. Hãy cắt thành nhiều bài."),
            file=name,
            hours=MAX_DURATION_S // 3600,
        )
    return last_s


def _tells_place(metadata: Mapping[str, str]) -> bool:
    return any(_PLACE_KEYS.search(key) for key in metadata)
