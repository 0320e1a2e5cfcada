"""LibreOffice as a separate process: office files to PDF, bounded, without network, one at a time on a machine."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.core.settings import get_settings
from app.media.processes import keep_small, kill_group

_MEMORY_BYTES = 3 * 1024**3
_FILE_BYTES = 512 * 1024**2
_LOOK_S = 0.5


class ConversionFailed(AppError):
    """LibreOffice made no PDF; trying again with the same file will hardly help."""

    status = 422
    title = _("Không chuyển được tài liệu")
    text = _("Không vẽ được các trang của tài liệu này nên chỉ để tải về. Muốn hiện từng trang: hãy tải lên bản PDF.")


class ConversionTooSlow(ConversionFailed):
    text = _(
        "Chuyển tài liệu quá %(seconds)s giây nên đã dừng; tài liệu chỉ để tải về. Hãy chia nhỏ, hoặc tải lên PDF."
    )


def find_libreoffice(configured: str = "") -> str:
    """The LIBREOFFICE setting, else the system's; empty where there is none."""
    names = (configured,) if configured else ("soffice", "libreoffice")
    return next((found for name in names if (found := shutil.which(name))), "")


def to_pdf(executable: str, source: Path, scratch: Path, beat: Callable[[], None], timeout_s: float) -> Path:
    """The PDF LibreOffice makes of `source`, whose ending says what it is; `scratch` is a folder of its own.

    `beat` is called twice a second; what it raises stops the work and goes up. Raises ConversionFailed.
    """
    made, profile = scratch / "pdf", scratch / "profile"
    command = [
        *_without_network(), executable, "--headless", "--norestore", "--nolockcheck", "--nodefault",
        "--nofirststartwizard", f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "pdf", "--outdir",
        str(made), str(source),
    ]  # fmt: skip
    with _turn(beat), (scratch / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True, cwd=scratch,
            env=os.environ | {"HOME": str(scratch), "SAL_USE_VCLPLUGIN": "svp"},
        )  # fmt: skip
        try:
            keep_small(process.pid, scratch, _MEMORY_BYTES, _FILE_BYTES)
            _wait(process, beat, timeout_s)
        finally:
            # Its launcher starts the office itself in the same group.
            kill_group(process.pid)
            process.wait()
    found = next(made.glob("*.pdf"), None) if made.is_dir() else None
    if found is None:
        raise ConversionFailed
    return found


def _wait(process: "subprocess.Popen[bytes]", beat: Callable[[], None], timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(_LOOK_S)
            return
        except subprocess.TimeoutExpired:
            beat()
        if time.monotonic() > until:
            raise ConversionTooSlow(seconds=round(timeout_s))


@contextlib.contextmanager
def _turn(beat: Callable[[], None]) -> Iterator[None]:
    """Wait until no other process of this machine converts; freed by the system if we are killed."""
    with (get_settings().data_dir / "libreoffice.lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                beat()
                time.sleep(_LOOK_S)
        yield


@cache
def _without_network() -> tuple[str, ...]:
    """A network of its own with nothing in it, where the system lets anyone have one; files that fetch are refused
    before (office.py).
    """
    unshare = shutil.which("unshare")
    words = (unshare or "", "--map-root-user", "--net", "--")
    if unshare and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
        return words
    return ()
