"""The two servers of a run: ours with the demo data, and a bare Starlette answering a little JSON as the floor."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def _bare(request: Request) -> Response:
    await request.body()
    return JSONResponse({"status": "ok"})


floor_app = Starlette(routes=[Route("/", _bare, methods=["GET", "POST"])])


@contextmanager
def floor() -> Iterator[str]:
    """Bare Starlette under the same server; its address."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.servers:floor_app", "--port", str(port), "--log-level", "error"]
    with _running(command, f"http://127.0.0.1:{port}/", {}) as url:
        yield url


@contextmanager
def ours() -> Iterator[tuple[str, Path]]:
    """Học Số with starter course and demo people, in a folder of its own; (address, data folder)."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DATA_DIR": folder, "MEDIA_URL": f"file://{folder}/media", "DEMO": "1", "PORT": str(port), "WORKERS": "0",
            "DATABASE_URL": "", "SECRET_KEY": "for-the-bench", "FIELD_KEY": "for-the-bench", "PUBLIC_URL": "",
        }  # fmt: skip
        command = [sys.executable, "-m", "app", "serve"]
        with _running(command, f"http://127.0.0.1:{port}/healthz", environment) as url:
            yield url.removesuffix("/healthz"), Path(folder)


@contextmanager
def _running(command: list[str], probe: str, environment: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        for _try in range(300):
            try:
                urllib.request.urlopen(probe, timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield probe
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
