"""HLS playlists (RFC 8216): what a rung weighs, and the master playlist that lets a player choose."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.media.ladder import Rung

MASTER_NAME = "master.m3u8"
CONTENT_TYPE = "application/vnd.apple.mpegurl"
_SEGMENT = re.compile(r"#EXTINF:([\d.]+),[^\n]*\n#EXT-X-BYTERANGE:(\d+)@\d+\n")
# Sound is always AAC-LC here (MPEG-4 audio object type 2).
_AAC = "mp4a.40.2"


@dataclass(frozen=True)
class Weight:
    """What a rung takes, in bits per second: its heaviest segment, and all of it on average."""

    peak: int
    average: int
    duration_s: float


def weigh(playlist: str) -> Weight:
    """Measured from the segments themselves: an encoder's target is not what it wrote. Raises ValueError if empty."""
    segments = [(float(seconds), int(size)) for seconds, size in _SEGMENT.findall(playlist)]
    if not segments:
        raise ValueError("a playlist without segments")
    seconds = sum(seconds for seconds, _size in segments)
    # A last segment of a few frames says nothing about the rate a player must sustain.
    whole = [one for one in segments if one[0] >= 1] or segments
    return Weight(
        peak=max(round(size * 8 / seconds) for seconds, size in whole),
        average=round(sum(size for _seconds, size in segments) * 8 / seconds),
        duration_s=seconds,
    )


@dataclass(frozen=True)
class Entry:
    """A line of the master playlist: the rung's own playlist, and what is said of it. `codecs` as in RFC 6381."""

    playlist: str
    rung: Rung
    weight: Weight
    codecs: str


def master(entries: Sequence[Entry]) -> str:
    """The master playlist, lightest picture first: players begin with the first and climb."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for entry in entries:
        rung, weight = entry.rung, entry.weight
        size = f",RESOLUTION={rung.width}x{rung.height}" if rung.width else ""
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={weight.peak},AVERAGE-BANDWIDTH={weight.average}{size},"
            f'CODECS="{entry.codecs}"',
            entry.playlist,
        ]
    return "\n".join([*lines, ""])


def codecs_of(rung: Rung, media: Path) -> str:
    """The CODECS attribute (RFC 6381) of what was written: profile and level are read from the file itself."""
    sound = [_AAC] if rung.audio_kbps else []
    if not rung.width:
        return _AAC
    with media.open("rb") as file:
        head = file.read(8192)
    place = head.find(b"avcC")
    if place < 0:
        raise ValueError(f"no H.264 configuration in {media.name}")
    # After the box's name: version, then profile, compatibility and level (ISO/IEC 14496-15, 5.3.3.1.2).
    return ",".join([f"avc1.{head[place + 5 : place + 8].hex()}", *sound])
