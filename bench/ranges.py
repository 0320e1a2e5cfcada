"""`python -m bench.ranges`: what it costs the server to send a video as players ask for it, a MiB at a time.

CPU of the server's process for one range, user and system, kernel's copying included. The floors are bare sockets in a
process of their own that know the file and ask nobody: one lets the kernel send it, one reads and writes it.
"""

import argparse
import multiprocessing
import os
import random
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.core import clock
from app.core.db import Database
from app.core.settings import Settings, get_settings
from app.core.storage import storage_of
from app.identity.people import people
from app.identity.sign_in.accounts import create_account, find_candidate, sign_in
from app.media.models import Asset, Rendition
from bench.block import say
from bench.load import request_of
from bench.servers import Running, ours
from bench.table import machine, number, replace_in, row
from bench.world import PASSWORD, environment_of, operate

_MIB = 1024 * 1024
_FILE_MIB = 64
_RANGES, _QUICK_RANGES = 3_000, 500
_AIM_MS = 2.0
# The same work in two systems people know, as the issue names it.
_PEERS_MS = "8,3 và 26"


@dataclass(frozen=True)
class Cost:
    """Of one range: milliseconds of CPU of the server, and by the clock until its last byte was here."""

    cpu_ms: float
    clock_ms: float


def measure_ranges(*, quick: bool) -> dict[str, Cost]:
    """By name, the floors first."""
    ranges = _QUICK_RANGES if quick else _RANGES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder, f"sqlite:///{folder}/hocso.db") | {"COURSES_DIR": f"{folder}/none"}
        operate(environment, "seed")
        os.environ.update(environment)
        get_settings.cache_clear()
        path, address, session = _video(Settings())
        found = {}
        for what, send in (("sàn: sendfile", _send_by_kernel), ("sàn: đọc rồi ghi", _read_and_send)):
            say(what)
            with _bare(path, send) as server:
                found[what] = _cost(server, "/", {}, ranges)
        say("Học Số")
        with ours(environment) as server:
            cookies = {"cookie": f"hs_session={session}; hs_browser=may-do"}
            found["Học Số, người đã đăng nhập"] = _cost(server, address, cookies, ranges)
    return found


def markdown(found: dict[str, Cost]) -> str:
    """The table, for docs/performance.md."""
    return "\n".join(_lines(found))


def _lines(found: dict[str, Cost]) -> Iterator[str]:
    yield f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}. Hệ thống quen thuộc: {_PEERS_MS} ms CPU mỗi MB."
    yield ""
    yield row(["một đoạn 1 MiB của một video", "CPU của máy chủ, ms", "mục tiêu", "đến byte cuối, ms"])
    yield row(["---"] * 4)
    for name, cost in found.items():
        aim = "" if name.startswith("sàn") else f"≤ {number(_AIM_MS)}"
        yield row([name, number(cost.cpu_ms, 2), aim, number(cost.clock_ms, 2)])


def _video(settings: Settings) -> tuple[Path, str, str]:
    """A public video: its file, its address; and the session of somebody who may be signed in."""
    database, storage = Database.of(settings), storage_of(settings.media_url)
    key = "assets/be/bench/video.mp4"
    made = settings.data_dir / "video.mp4"
    made.write_bytes(random.Random(1).randbytes(_FILE_MIB * _MIB))
    storage.put_file(key, made)
    path = storage.local_path(key)
    assert path
    asset = Asset(
        public_id="bench-of-ranges", kind="video", state="ready", file_name="video.mp4", content_type="video/mp4",
        size=path.stat().st_size, sha256="0" * 64, storage_key=key, is_public=True, created_at=clock.now(),
    )  # fmt: skip
    asset.renditions.append(
        Rendition(
            name="480p.mp4", content_type="video/mp4", size=asset.size, storage_key=key, created_at=clock.now()
        )
    )  # fmt: skip
    with database.writing() as db:
        db.add(asset)
        create_account(db, people.add_person(db, name="Người Xem Thử"), "nguoi-xem", PASSWORD, must_change=False)
        viewer = find_candidate(db, "nguoi-xem")
        assert viewer
        session = sign_in(db, viewer)
    database.dispose()
    return path, "/media/bench-of-ranges/480p.mp4", session


def _cost(server: Running, address: str, headers: dict[str, str], ranges: int) -> Cost:
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        place = random.Random(2)
        for _range in range(20):
            _fetch(connection, address, headers, place.randrange(_FILE_MIB))
        begun, used = time.perf_counter(), server.cpu_s()
        for _range in range(ranges):
            _fetch(connection, address, headers, place.randrange(_FILE_MIB))
        spent = time.perf_counter() - begun
        return Cost(1000 * (server.cpu_s() - used) / ranges, 1000 * spent / ranges)


_buffer = memoryview(bytearray(_MIB + 65536))


def _fetch(connection: socket.socket, address: str, headers: dict[str, str], mib: int) -> None:
    wanted = {"range": f"bytes={mib * _MIB}-{(mib + 1) * _MIB - 1}", "accept-encoding": "identity"}
    connection.sendall(request_of("GET", address, headers | wanted))
    seen, whole = 0, 0
    while not whole or seen < whole:
        got = connection.recv_into(_buffer[seen:])
        assert got, "the server hung up"
        seen += got
        if not whole and (end := bytes(_buffer[:seen]).find(b"\r\n\r\n")) >= 0:
            assert _buffer[:12] == b"HTTP/1.1 206", bytes(_buffer[:end])
            whole = end + 4 + _MIB


@contextmanager
def _bare(path: Path, send: Callable[[socket.socket, int, int], None]) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = multiprocessing.get_context("fork").Process(target=_answer, args=(listening, path, send))
        process.start()
        assert process.pid
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", process.pid)
        process.join(10)


def _answer(listening: socket.socket, path: Path, send: Callable[[socket.socket, int, int], None]) -> None:
    """One connection, until it is closed."""
    connection, _peer = listening.accept()
    with path.open("rb") as file, connection:
        while request := connection.recv(65536):
            start = int(request.partition(b"bytes=")[2].partition(b"-")[0])
            connection.sendall(b"HTTP/1.1 206 Partial Content\r\ncontent-length: %d\r\n\r\n" % _MIB)
            send(connection, file.fileno(), start)


def _send_by_kernel(connection: socket.socket, file: int, start: int) -> None:
    sent = 0
    while sent < _MIB:
        sent += os.sendfile(connection.fileno(), file, start + sent, _MIB - sent)


def _read_and_send(connection: socket.socket, file: int, start: int) -> None:
    connection.sendall(os.pread(file, _MIB, start))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ranges", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ít lượt / a short try")
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa các dấu")
    options = parser.parse_args()
    text = markdown(measure_ranges(quick=options.quick))
    print(text)
    if options.write:
        replace_in(options.write, text, "ranges")


if __name__ == "__main__":
    main()
