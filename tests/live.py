"""The real server as a process of its own, for tests that kill it or meet it with a browser."""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from app.core.settings import ROOT

_PATIENCE_S = 60.0


class _Warm:
    """A process that has the application loaded and starts servers for us (warm_serve.py); one for all tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_serve"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        # Servers are started from several threads at once.
        self._turn = threading.Lock()
        assert _pipe(self._process.stdout).readline() == "ready\n", "the application cannot be loaded"

    def ask(self, *command: object) -> str:
        with self._turn:
            print(json.dumps(command), file=_pipe(self._process.stdin), flush=True)
            return _pipe(self._process.stdout).readline().strip()


_warm = functools.cache(_Warm)


class LiveServer:
    """`python -m app serve` over `data_dir`, on a free port of this machine that stays the same through restarts.

    `environment` overrides what the process inherits, e.g. {"DEMO": "1"}. Its output goes to data_dir/server.log.
    Use it in `with running(server):`, or call `kill` at the end.
    """

    def __init__(
        self, data_dir: Path, environment: dict[str, str] | None = None, database_url: str | None = None
    ) -> None:
        self._log = data_dir / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{data_dir / 'hocso.db'}"
        self._environment = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": self.database_url,
            "MEDIA_URL": f"file://{data_dir / 'media'}",
            "COURSES_DIR": str(data_dir / "no-courses"),
            **(environment or {}),
        }
        # Of the process while it runs.
        self.pid = 0

    def start(self) -> None:
        """Returns once the server answers; fails with its output if it does not."""
        self.pid = int(_warm().ask("start", self._environment, str(self._log)))
        deadline = time.monotonic() + _PATIENCE_S
        # One client for all tries: making one reads every certificate of the system, while the server wants to start.
        with httpx.Client(base_url=self.url, timeout=2) as client:
            while not _is_up(client):
                assert not _warm().ask("poll", self.pid), f"the server ended by itself:\n{self.output()}"
                assert time.monotonic() < deadline, f"the server does not answer:\n{self.output()}"
                time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: no goodbye, as a power cut for the process."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            _warm().ask("wait", self.pid)
            self.pid = 0

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def running(server: LiveServer) -> Iterator[LiveServer]:
    """The server, up; ended at the end whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
