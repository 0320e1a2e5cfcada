"""ffmpeg as a separate process: found, given a command, watched, bounded, and never left running."""

import contextlib
import errno
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import ffmpeg
import imageio_ffmpeg

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.media.probe import VideoInfo, is_faststart

SHORT_SIDE_PX = 480
COPY_WIDTH_PX = 1280
COPY_BITS_PER_SECOND = 2_500_000
_MEMORY_BYTES = 4 * 1024**3
_FILE_BYTES = 8 * 1024**3
_NICENESS = 10
_NO_NETWORK = "file,pipe"
_PID_FILE = "ffmpeg.pid"


class EncodeFailed(AppError):
    """ffmpeg could not make the video; trying again with the same file will not help."""

    status = 422
    title = _("Không chuyển mã được video")
    text = _("Không chuyển mã được video này (%(reason)s). Hãy xuất lại dạng MP4 (H.264) rồi tải lên.")


class EncodeTooSlow(EncodeFailed):
    text = _("Chuyển mã quá %(minutes)s phút nên đã dừng. Hãy chia video thành các đoạn ngắn hơn.")


def find_ffmpeg(configured: str = "") -> str:
    """The FFMPEG setting, else the system's, else the one that came with a wheel."""
    return configured or shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


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


def target_size(width: int, height: int, short_side: int = SHORT_SIDE_PX) -> tuple[int, int]:
    """Even sides, as H.264 wants them; the shorter at most `short_side`, never larger: 1920 × 1080 gives (854, 480)."""
    scale = min(short_side / min(width, height), 1)
    return _even(width * scale), _even(height * scale)


def _even(side: float) -> int:
    # Half a pixel of rounding must not count as an even number more: 333 becomes 332, 853.3 becomes 854.
    return max(2, (int(side) if side == int(side) else round(side + 0.5)) // 2 * 2)


def command(executable: str, video: VideoInfo, source: Path, out: Path) -> list[str]:
    """The ffmpeg command: a copy of what is fit, else H.264 Main at 480p with AAC; fast start, no metadata."""
    given = ffmpeg.input(str(source), f=video.format, protocol_whitelist=_NO_NETWORK)
    streams = [given[str(video.video_index)]]
    options: dict[str, object] = {"f": "mp4", "movflags": "+faststart", "map_metadata": -1, "map_chapters": -1}
    if can_be_copied(video):
        options |= {"c": "copy"}
    else:
        width, height = target_size(video.width, video.height)
        # ffmpeg has turned the pictures upright before they reach these filters.
        streams = [streams[0].filter("scale", width, height).filter("setsar", 1).filter("format", "yuv420p")]
        options |= {
            "c:v": "libx264",
            "profile:v": "main",
            "preset": "veryfast",
            "crf": 25,
            "maxrate": "1000k",
            "bufsize": "2000k",
            "fpsmax": 30,
            "g": 60,
        }
        if video.audio_index is not None:
            options |= {"c:a": "aac", "b:a": "96k", "ac": min(max(video.audio_channels, 1), 2), "ar": 44100}
    if video.audio_index is not None:
        streams.append(given[str(video.audio_index)])
    compiled: list[str] = ffmpeg.compile(
        ffmpeg.output(*streams, str(out), **options), cmd=executable, overwrite_output=True
    )
    return [
        compiled[0],
        "-hide_banner",
        "-loglevel",
        "error",
        "-nostdin",
        "-progress",
        "pipe:1",
        "-stats_period",
        "1",
        *compiled[1:],
    ]


def run(arguments: Sequence[str], scratch: Path, on_time: Callable[[float], None], timeout_s: float) -> None:
    """Run ffmpeg, telling `on_time` the second it has reached; whatever `on_time` raises stops it and goes up.

    The process may use 4 GB of memory, runs at low priority, and its whole group is killed when this function ends.
    Raises EncodeFailed with ffmpeg's last words, EncodeTooSlow after `timeout_s`.
    """
    errors = scratch / "errors.txt"
    with errors.open("wb") as said:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
            cwd=scratch,
        )
        overdue = threading.Event()
        watch = threading.Timer(timeout_s, _give_up, (process, overdue))
        watch.start()
        try:
            _bound(process.pid)
            (scratch / _PID_FILE).write_text(str(process.pid))
            _follow(process.stdout or (), on_time)
            code = process.wait()
        finally:
            watch.cancel()
            _end(process)
            if process.stdout:
                process.stdout.close()
    if overdue.is_set():
        raise EncodeTooSlow(minutes=round(timeout_s / 60))
    if code != 0:
        words = errors.read_text(errors="replace").strip().splitlines() or [f"ffmpeg {code}"]
        if "No space left on device" in words[-1]:
            raise OSError(errno.ENOSPC, words[-1])
        raise EncodeFailed(reason=words[-1].replace(str(scratch), "")[-200:])


def stop_left_over(scratch: Path) -> None:
    """End the ffmpeg a killed worker left running in `scratch`; a number reused by another program is left alone."""
    try:
        pid = int((scratch / _PID_FILE).read_text())
        its_words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if str(scratch).encode() in its_words:
        _kill_group(pid)


def _follow(lines: Iterable[bytes], on_time: Callable[[float], None]) -> None:
    """Read ffmpeg's `key=value` lines until it closes them."""
    for line in lines:
        key, _equals, value = line.strip().partition(b"=")
        if key == b"out_time_us" and value.lstrip(b"-").isdigit():
            on_time(max(int(value), 0) / 1_000_000)


def _bound(pid: int) -> None:
    # Set from outside, because code between fork and exec may dead-lock in a program with threads.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
        if hasattr(resource, "prlimit"):
            resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))


def _give_up(process: "subprocess.Popen[bytes]", overdue: threading.Event) -> None:
    if process.poll() is None:
        overdue.set()
        _kill_group(process.pid)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        _kill_group(process.pid)
        process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
