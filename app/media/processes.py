"""Programs a job starts: bounded from outside, and ended with all they started."""

import contextlib
import os
import resource
import signal
from pathlib import Path

_NICENESS = 10
_PID_FILE = "process.pid"


def keep_small(pid: int, scratch: Path, memory_bytes: int, file_bytes: int) -> None:
    """Low priority, so much memory and files no larger than that; its number is noted in `scratch`, its own folder.

    Set from outside, because code between fork and exec may dead-lock in a program with threads.
    """
    (scratch / _PID_FILE).write_text(str(pid))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
        if hasattr(resource, "prlimit"):
            resource.prlimit(pid, resource.RLIMIT_AS, (memory_bytes, memory_bytes))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def kill_group(pid: int) -> None:
    """End a program and all it started; fine when it is over."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def stop_left_over(scratch: Path) -> None:
    """End the program a killed worker left running in `scratch`; a number reused by another program is left alone."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((scratch / _PID_FILE).read_text())
        if str(scratch).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            kill_group(pid)
