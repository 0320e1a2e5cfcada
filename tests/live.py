"""The real server as a process of its own, for tests that kill it or meet it with a browser."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from app.core.settings import ROOT

_PATIENCE_S = 60.0


class LiveServer:
    """`python -m app serve` over `data_dir`, on a free port of this machine that stays the same through restarts.

    `environment` overrides what the process inherits, e.g. {"DEMO": "1"}. Its output goes to data_dir/server.log.
    Use it in `with running(server):`, or call `close` at the end.
    """

    def __init__(
        self, data_dir: Path, environment: dict[str, str] | None = None, database_url: str | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{data_dir / 'hocso.db'}"
        self._environment = {
            **os.environ,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": self.database_url,
            "MEDIA_URL": f"file://{data_dir / 'media'}",
            "COURSES_DIR": str(data_dir / "no-courses"),
            **(environment or {}),
        }
        self._warm: subprocess.Popen[str] | None = None
        self._pid = 0

    def start(self) -> None:
        """Returns once the server answers; fails with its output if it does not."""
        self._warm = self._warm or self._warm_up()
        self._pid = int(self._ask("start"))
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert not self._ask("poll"), f"the server ended by itself:\n{self.output()}"
            assert time.monotonic() < deadline, f"the server does not answer:\n{self.output()}"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: no goodbye, as a power cut for the process."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: the server may finish what it is doing."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        """Kill what runs and forget it."""
        self.kill()
        if self._warm is not None:
            _pipe(self._warm.stdin).close()
            self._warm.wait(20)
            _pipe(self._warm.stdout).close()
            self._warm = None

    def output(self) -> str:
        return (self.data_dir / "server.log").read_text(encoding="utf-8", errors="replace")

    def _warm_up(self) -> subprocess.Popen[str]:
        with (self.data_dir / "server.log").open("ab") as log:
            warm = subprocess.Popen(
                [sys.executable, "-m", "tests.warm_serve"],
                cwd=ROOT, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        ready = _pipe(warm.stdout).readline()
        assert ready == "ready\n", f"the server cannot be loaded:\n{self.output()}"
        return warm

    def _ask(self, command: str) -> str:
        assert self._warm is not None
        _pipe(self._warm.stdin).write(command + "\n")
        _pipe(self._warm.stdin).flush()
        return _pipe(self._warm.stdout).readline().strip()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._pid:
            os.kill(self._pid, how)
            self._ask("wait")
            self._pid = 0


@contextmanager
def running(server: LiveServer) -> Iterator[LiveServer]:
    """The server, up; ended at the end whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
