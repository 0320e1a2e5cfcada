"""What is made of a video: one plain MP4, and a ladder of sizes that a player climbs as the signal allows (HLS).

Pure: from what a file holds to the ffmpeg commands. A ladder is one encode with several outputs, each a fragmented MP4
whose playlist names its parts by byte range (RFC 8216, section 4.3.2.2), so that a rung is two files and not hundreds.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from app.media.probe import VideoInfo, is_faststart

PLAIN_NAME = "video.mp4"
# The lowest rung as one plain file: for a page without JavaScript and for players that know no playlists.
LIGHT_NAME = "light.mp4"
PLAIN_SIDE_PX = 480
COPY_WIDTH_PX = 1280
COPY_BITS_PER_SECOND = 2_500_000
# A file lighter than the lowest rung is what a ladder would be made for.
LIGHT_BITS_PER_SECOND = 200_000
SEGMENT_S = 4
_NO_NETWORK = "file,pipe"
# A rung this little above another one would look the same and cost as much again.
_SLACK = 1.2


@dataclass(frozen=True)
class Rung:
    """One size of the ladder; without sides it is sound alone. Rates in kbit/s are the most any second may take."""

    name: str
    width: int
    height: int
    video_kbps: int
    audio_kbps: int

    @property
    def playlist(self) -> str:
        return f"{self.name}.m3u8"

    @property
    def media(self) -> str:
        return f"{self.name}.m4s"


# Shorter side in pixels, kbit/s of pictures, kbit/s of sound. The lowest one stays under 200 kbit/s with everything.
_SIZES = ((240, 120, 32), (480, 700, 64), (720, 1600, 96))
SOUND = Rung("audio", 0, 0, 0, 32)


def can_be_copied(video: VideoInfo) -> bool:
    """Whether the pictures and sound play everywhere as they are and are light enough for a weak signal."""
    return (
        video.video_codec == "h264"
        and video.pixel_format == "yuv420p"
        and video.rotation == 0
        and video.square_pixels
        and video.width <= COPY_WIDTH_PX
        and video.height <= COPY_WIDTH_PX
        and video.bits_per_second <= COPY_BITS_PER_SECOND
        and (video.audio_index is None or (video.audio_codec == "aac" and video.audio_channels <= 2))
    )


def needs_nothing(video: VideoInfo, path: Path) -> bool:
    """Whether the very file can be served: playable while it downloads, and silent about where it was filmed."""
    wanted_streams = 1 if video.audio_index is None else 2
    return (
        video.format == "mov"
        and can_be_copied(video)
        and video.stream_count == wanted_streams
        and not video.tells_place
        and is_faststart(path)
    )


def ladder(video: VideoInfo) -> tuple[Rung, ...]:
    """The rungs, lightest first: 240p, 480p, 720p as far as the source goes; then sound alone, if there is sound.

    Never larger than the source. Empty for a video that is lighter than the lowest rung as it is.
    """
    if can_be_copied(video) and video.bits_per_second <= LIGHT_BITS_PER_SECOND:
        return ()
    own = min(video.width, video.height)
    sides = [side for side, _video, _audio in _SIZES if side <= own]
    if own < _SIZES[-1][0]:
        # The source's own size is the top; a rung just below it gives way.
        sides = [side for side in sides if side * _SLACK <= own] + [own]
    has_sound = video.audio_index is not None
    rungs = [_rung(video, side, has_sound) for side in sides]
    return (*rungs, SOUND) if has_sound else tuple(rungs)


def plain_rung(rungs: tuple[Rung, ...]) -> Rung:
    """The rung the plain MP4 is taken from: the sharpest that a weak signal still carries."""
    pictures = [rung for rung in rungs if rung.width]
    fitting = [rung for rung in pictures if min(rung.width, rung.height) <= PLAIN_SIDE_PX * _SLACK]
    return (fitting or pictures)[-1]


def light_rung(rungs: tuple[Rung, ...], *, copied: bool) -> Rung | None:
    """The rung a second, light MP4 is taken from; None where the plain MP4 is of that very rung.

    `copied`: the plain MP4 is the upload itself, heavier than any rung.
    """
    pictures = [rung for rung in rungs if rung.width]
    return pictures[0] if pictures and (copied or plain_rung(rungs) != pictures[0]) else None


def target_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Even sides, as H.264 wants them; the shorter at most `short_side`, never larger: 1920 x 1080 gives (854, 480)."""
    scale = min(short_side / min(width, height), 1)
    return _even(width * scale), _even(height * scale)


def make_command(
    executable: str, video: VideoInfo, source: Path, folder: Path, rungs: tuple[Rung, ...], *, plain: bool
) -> list[str]:
    """One ffmpeg run, to be started in `folder`, for all rungs; if `plain`, also a copy of the source as PLAIN_NAME."""
    given = ffmpeg.input(str(source), f=video.format, protocol_whitelist=_NO_NETWORK)
    sound = given[str(video.audio_index)] if video.audio_index is not None else None
    outputs = []
    pictures = [rung for rung in rungs if rung.width]
    if pictures:
        split = given[str(video.video_index)].filter_multi_output("split", len(pictures))
        outputs += [_rung_output(folder, split[place], sound, rung) for place, rung in enumerate(pictures)]
    if SOUND in rungs:
        outputs.append(_rung_output(folder, None, sound, SOUND))
    if plain:
        streams = [given[str(video.video_index)], *([sound] if sound is not None else [])]
        outputs.append(ffmpeg.output(*streams, str(folder / PLAIN_NAME), c="copy", **_PLAIN))
    return _watched(executable, ffmpeg.merge_outputs(*outputs))


def plain_command(executable: str, folder: Path, rung: Rung, name: str = PLAIN_NAME) -> list[str]:
    """A rung that was made, as one plain MP4: for players that know no playlists. Copies, encodes nothing."""
    given = ffmpeg.input(str(folder / rung.media), f="mov", protocol_whitelist=_NO_NETWORK)
    return _watched(executable, ffmpeg.output(given, str(folder / name), c="copy", **_PLAIN))


_BARE: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1}
_PLAIN: dict[str, Any] = {"f": "mp4", "movflags": "+faststart", **_BARE}


def _rung(video: VideoInfo, side: int, has_sound: bool) -> Rung:
    width, height = target_size(video.width, video.height, side)
    _side, video_kbps, audio_kbps = next((size for size in _SIZES if size[0] * _SLACK >= side), _SIZES[-1])
    return Rung(f"{min(width, height)}p", width, height, video_kbps, audio_kbps if has_sound else 0)


def _rung_output(folder: Path, picture: Any, sound: Any, rung: Rung) -> Any:
    options: dict[str, Any] = {
        "f": "hls", "hls_time": SEGMENT_S, "hls_playlist_type": "vod", "hls_segment_type": "fmp4",
        "hls_flags": "single_file", "hls_segment_filename": rung.media, **_BARE,
    }  # fmt: skip
    streams = []
    if picture is not None:
        # ffmpeg has turned the pictures upright before they reach these filters.
        streams.append(picture.filter("scale", rung.width, rung.height).filter("setsar", 1).filter("format", "yuv420p"))
        options |= {
            "c:v": "libx264", "profile:v": "main", "preset": "veryfast", "crf": 26, "fpsmax": 30,
            "maxrate": f"{rung.video_kbps}k", "bufsize": f"{rung.video_kbps}k",
            # All rungs are cut at the same moments, or a player could not change between them.
            "force_key_frames": f"expr:gte(t,n_forced*{SEGMENT_S})", "sc_threshold": 0,
        }  # fmt: skip
    if sound is not None:
        streams.append(sound)
        # Speech: one channel at half the bits sounds the same. One rate, so that changing rungs makes no click.
        options |= {"c:a": "aac", "b:a": f"{rung.audio_kbps}k", "ac": 1, "ar": 44100}
    return ffmpeg.output(*streams, str(folder / rung.playlist), **options)


def _watched(executable: str, outputs: Any) -> list[str]:
    compiled: list[str] = ffmpeg.compile(outputs, cmd=executable, overwrite_output=True)
    said = ["-hide_banner", "-loglevel", "error", "-nostdin", "-progress", "pipe:1", "-stats_period", "1"]
    return [compiled[0], *said, *compiled[1:]]


def _even(side: float) -> int:
    # Half a pixel of rounding must not count as an even number more: 333 becomes 332, 853.3 becomes 854.
    return max(2, (int(side) if side == int(side) else round(side + 0.5)) // 2 * 2)
