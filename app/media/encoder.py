"""ffmpeg as a separate process: found, watched, bounded, and never left running."""

import errno
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.media.processes import keep_small, kill_group

_MEMORY_BYTES = 4 * 1024**3
_FILE_BYTES = 8 * 1024**3


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


def watched(executable: str, outputs: Any, loglevel: str = "error") -> list[str]:
    """The command for these outputs of ffmpeg-python, made so that `run` can follow it."""
    compiled: list[str] = ffmpeg.compile(outputs, cmd=executable, overwrite_output=True)
    said = ["-hide_banner", "-loglevel", loglevel, "-nostdin", "-progress", "pipe:1", "-stats_period", "1"]
    return [compiled[0], *said, *compiled[1:]]


def run(arguments: Sequence[str], scratch: Path, on_time: Callable[[float], None], timeout_s: float) -> str:
    """Run ffmpeg, telling `on_time` the second it has reached; whatever `on_time` raises stops it and goes up.

    Returns what ffmpeg said.

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
            keep_small(process.pid, scratch, _MEMORY_BYTES, _FILE_BYTES)
            _follow(process.stdout or (), on_time)
            code = process.wait()
        finally:
            watch.cancel()
            _end(process)
            if process.stdout:
                process.stdout.close()
    if overdue.is_set():
        raise EncodeTooSlow(minutes=round(timeout_s / 60))
    said_words = errors.read_text(errors="replace")
    if code != 0:
        words = said_words.strip().splitlines() or [f"ffmpeg {code}"]
        if "No space left on device" in words[-1]:
            raise OSError(errno.ENOSPC, words[-1])
        raise EncodeFailed(reason=words[-1].replace(str(scratch), "")[-200:])
    return said_words


def _follow(lines: Iterable[bytes], on_time: Callable[[float], None]) -> None:
    """Read ffmpeg's `key=value` lines until it closes them."""
    for line in lines:
        key, _equals, value = line.strip().partition(b"=")
        if key == b"out_time_us" and value.lstrip(b"-").isdigit():
            on_time(max(int(value), 0) / 1_000_000)


def _give_up(process: "subprocess.Popen[bytes]", overdue: threading.Event) -> None:
    if process.poll() is None:
        overdue.set()
        kill_group(process.pid)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        kill_group(process.pid)
        process.wait()
