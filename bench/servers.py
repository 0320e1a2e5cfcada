"""The two servers of a run, and what they use: ours, and as the floor a bare Starlette that answers a little JSON.

To a POST it answers after reading the JSON that was sent, as a server must that is sent a save of progress.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_PATIENCE_S = 180.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


async def _bare(request: Request) -> Response:
    if request.method == "POST":
        return JSONResponse({"status": "ok", "seq": (await request.json())["seq"]})
    return JSONResponse({"status": "ok"})


floor_app = Starlette(routes=[Route("/", _bare, methods=["GET", "POST"])])


@dataclass(frozen=True)
class Running:
    """A server under measurement."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """Seconds of CPU its process has used so far, all threads, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def memory_mb(self) -> float:
        """Resident memory now."""
        return self._status_mb("VmRSS")

    def peak_mb(self) -> float:
        """The most there was since `forget_peak`, as the kernel counts it."""
        return self._status_mb("VmHWM")

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def _status_mb(self, name: str) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024


@contextmanager
def floor() -> Iterator[Running]:
    """Bare Starlette under the same server."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.servers:floor_app", "--port", str(port), "--log-level", "error"]
    with _running(command, f"http://127.0.0.1:{port}", "/", {}) as server:
        yield server


@contextmanager
def ours(environment: dict[str, str]) -> Iterator[Running]:
    """Học Số on the database and folder that `environment` names (world.py)."""
    port = _free_port()
    command = [sys.executable, "-m", "app", "serve"]
    with _running(command, f"http://127.0.0.1:{port}", "/healthz", environment | {"PORT": str(port)}) as server:
        yield server


@contextmanager
def _running(command: list[str], url: str, probe: str, environment: dict[str, str]) -> Iterator[Running]:
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=said, stderr=said)
        try:
            _wait_until_it_answers(process, url + probe)
            yield Running(url, process.pid)
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read()[-4000:].decode(errors="replace"))
            raise
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {address}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
