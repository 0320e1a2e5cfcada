"""What is made of a video: one plain MP4, and a ladder of sizes that a player climbs as the signal allows (HLS).

Pure: from what a file holds to the ffmpeg commands. A ladder is one encode with several outputs, each a fragmented MP4
whose playlist names its parts by byte range (RFC 8216, section 4.3.2.2), so that a rung is two files and not hundreds.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from app.media.encoder import watched
from app.media.hdr import TABLE_NAME
from app.media.loudness import levelled
from app.media.probe import VideoInfo, is_faststart
from app.media.storyboard import OPTIONS as SHEET_OPTIONS
from app.media.storyboard import SHEET_NAME, Storyboard, drawn

# Goes up with every change that makes other files: `media transcode --all` then makes older videos anew.
VERSION = 2
PLAIN_NAME = "video.mp4"
# The lowest rung as one plain file: for a page without JavaScript and for players that know no playlists.
LIGHT_NAME = "light.mp4"
PLAIN_SIDE_PX = 480
COPY_WIDTH_PX = 1280
COPY_BITS_PER_SECOND = 2_500_000
# A file lighter than the lowest rung is what a ladder would be made for.
LIGHT_BITS_PER_SECOND = 200_000
SEGMENT_S = 4
_CALM_FPS = 30
_COPIED_AUDIO_KBPS = 96
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


def name_of_version(name: str, version: int) -> str:
    """Where a name must not mean other bytes than before: "240p.m4s" becomes "240p-2.m4s"."""
    stem, dot, ending = name.partition(".")
    return f"{stem}-{version}{dot}{ending}"


def first_name(name: str) -> str:
    """The name whatever settings made the file: "240p-2.m4s" gives "240p.m4s"."""
    return _MADE_WITH.sub("", name)


_MADE_WITH = re.compile(r"-\d+(?=\.)")


def can_be_copied(video: VideoInfo) -> bool:
    """Whether the pictures and sound play everywhere as they are and are light enough for a weak signal."""
    return (
        video.video_codec == "h264"
        and video.pixel_format == "yuv420p"
        and video.rotation == 0
        and video.square_pixels
        and not video.hdr
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
    executable: str, video: VideoInfo, source: Path, folder: Path, rungs: tuple[Rung, ...], *,
    plain: bool, gain: float = 0.0, copies_sound: bool = True, board: Storyboard | None = None,
) -> list[str]:  # fmt: skip
    """One ffmpeg run, to be started in `folder`, for all rungs; if `plain`, also a copy of the source as PLAIN_NAME.

    The source is decoded once. `gain` in decibels is given to the sound of the rungs, and to that of the copy unless
    it `copies_sound`. A video in high dynamic range wants `hdr.cube` as TABLE_NAME in the folder.
    """
    given = _given(video, source)
    pictures = [rung for rung in rungs if rung.width]
    heard = [rung for rung in rungs if rung.audio_kbps]
    sounds = _sounds(given, video, gain, len(heard) + (plain and not copies_sound))
    outputs = []
    shown: dict[str, Any] = {}
    if pictures:
        shown, smallest = _sizes_of(given[str(video.video_index)], video, pictures, more=board is not None)
        if board:
            outputs.append(ffmpeg.output(drawn(smallest, board), str(folder / SHEET_NAME), **SHEET_OPTIONS))
    for rung in rungs:
        sound = sounds.pop(0) if rung.audio_kbps else None
        outputs.append(_rung_output(folder, shown.get(rung.name), sound, rung))
    if plain:
        streams, options = [given[str(video.video_index)]], dict(_COPY)
        if sounds:
            streams.append(sounds.pop(0))
            options = {"c:v": "copy", "c:a": "aac", "b:a": f"{_COPIED_AUDIO_KBPS}k"}
        elif video.audio_index is not None:
            streams.append(given[str(video.audio_index)])
        outputs.append(ffmpeg.output(*streams, str(folder / PLAIN_NAME), **options, **_PLAIN))
    return watched(executable, ffmpeg.merge_outputs(*outputs))


def plain_command(executable: str, folder: Path, rung: Rung, name: str = PLAIN_NAME) -> list[str]:
    """A rung that was made, as one plain MP4: for players that know no playlists. Copies, encodes nothing."""
    given = ffmpeg.input(str(folder / rung.media), f="mov", protocol_whitelist=_NO_NETWORK)
    return watched(executable, ffmpeg.output(given, str(folder / name), **_COPY, **_PLAIN))


def sheet_command(executable: str, video: VideoInfo, source: Path, folder: Path, board: Storyboard) -> list[str]:
    """The storyboard of a video that is not encoded: of its key frames alone, a fraction of the work."""
    given = _given(video, source, skip_frame="nokey")
    # Made small before the few pictures are repeated for the many moments they stand for.
    small = given[str(video.video_index)].filter("scale", board.width, board.height)
    sheet = drawn(small, board)
    return watched(executable, ffmpeg.output(sheet, str(folder / SHEET_NAME), **SHEET_OPTIONS))


_BARE: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1}
_PLAIN: dict[str, Any] = {"f": "mp4", "movflags": "+faststart", **_BARE}
_COPY: dict[str, Any] = {"c": "copy"}


def _given(video: VideoInfo, source: Path, **options: Any) -> Any:
    return ffmpeg.input(str(source), f=video.format, protocol_whitelist=_NO_NETWORK, **options)


def _rung(video: VideoInfo, side: int, has_sound: bool) -> Rung:
    width, height = target_size(video.width, video.height, side)
    _side, video_kbps, audio_kbps = next((size for size in _SIZES if size[0] * _SLACK >= side), _SIZES[-1])
    return Rung(f"{min(width, height)}p", width, height, video_kbps, audio_kbps if has_sound else 0)


def _sizes_of(picture: Any, video: VideoInfo, rungs: list[Rung], *, more: bool) -> tuple[dict[str, Any], Any]:
    """The pictures of each rung by its name, each made of the next larger ones; and, if `more`, the smallest again.

    ffmpeg has turned them upright before they reach these filters.
    """
    if rate := _calm_rate(video.frames_per_second):
        picture = picture.filter("fps", rate)
    shown = {}
    for rung in reversed(rungs):
        if video.hdr and rung is rungs[-1]:
            picture = picture.filter("scale", rung.width, rung.height, in_color_matrix="bt2020")
            picture = picture.filter("format", "gbrp10le").filter("lut3d", file=TABLE_NAME)
            picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
        else:
            picture = picture.filter("scale", rung.width, rung.height)
        picture = picture.filter("setsar", 1).filter("format", "yuv420p")
        if video.hdr and rung is rungs[-1]:
            picture = picture.filter("setparams", **_ORDINARY)
        if rung is not rungs[0] or more:
            split = picture.filter_multi_output("split", 2)
            shown[rung.name], picture = split[0], split[1]
        else:
            shown[rung.name] = picture
    return shown, picture


_ORDINARY = {"range": "tv", "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709"}


def _calm_rate(frames_per_second: float) -> int | None:
    """Pictures a second to bring a hasty source down to before anything is made of it; 50 and 100 halve evenly."""
    if frames_per_second <= _CALM_FPS * 1.1:
        return None
    return 25 if frames_per_second % 25 < 0.1 else _CALM_FPS


def _sounds(given: Any, video: VideoInfo, gain: float, count: int) -> list[Any]:
    """So many copies of the sound as it is encoded."""
    if video.audio_index is None or not count:
        return []
    # Speech: one channel at half the bits sounds the same; the centre of five is kept. One rate, so that changing
    # rungs makes no click.
    sound = given[str(video.audio_index)].filter("aformat", channel_layouts="mono").filter("aresample", 44100)
    sound = levelled(sound, gain)
    if count == 1:
        return [sound]
    split = sound.filter_multi_output("asplit", count)
    return [split[place] for place in range(count)]


def _rung_output(folder: Path, picture: Any, sound: Any, rung: Rung) -> Any:
    options: dict[str, Any] = {
        "f": "hls", "hls_time": SEGMENT_S, "hls_playlist_type": "vod", "hls_segment_type": "fmp4",
        "hls_flags": "single_file", "hls_segment_filename": rung.media, **_BARE,
    }  # fmt: skip
    if picture is not None:
        options |= {
            "c:v": "libx264", "profile:v": "main", "preset": "veryfast", "crf": 26, "fpsmax": _CALM_FPS,
            "maxrate": f"{rung.video_kbps}k", "bufsize": f"{rung.video_kbps}k",
            # All rungs are cut at the same moments, or a player could not change between them.
            "force_key_frames": f"expr:gte(t,n_forced*{SEGMENT_S})", "sc_threshold": 0,
        }  # fmt: skip
    if sound is not None:
        options |= {"c:a": "aac", "b:a": f"{rung.audio_kbps}k"}
    streams = [stream for stream in (picture, sound) if stream is not None]
    return ffmpeg.output(*streams, str(folder / rung.playlist), **options)


def _even(side: float) -> int:
    # Half a pixel of rounding must not count as an even number more: 333 becomes 332, 853.3 becomes 854.
    return max(2, (int(side) if side == int(side) else round(side + 0.5)) // 2 * 2)
