"""Two gigabytes through ten kills of client, server and connection; `make proof` writes figures to docs/media.md."""

import hashlib
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from app.catalogue.service import save_version
from app.core import clock
from app.core.settings import ROOT, Settings
from app.core.storage import LocalStorage
from app.media.models import Asset
from app.media.uploads.parts import arrived
from app.runtime import Runtime
from tests import factories
from tests.catalogue import making
from tests.live import LiveServer, running
from tests.media import samples
from tests.media.torn_network import TornNetwork
from tests.seeded import Seeded

_MIB = 1024 * 1024
_SIZE = 2048 * _MIB
_KILLS = 10
_MOST_ABOVE_IDLE = 150 * _MIB
_REPORT = ROOT / "docs" / "media.md"


@pytest.fixture
def place() -> Iterator[Path]:
    """On the disk: what other tests write into is memory."""
    with tempfile.TemporaryDirectory(prefix="hocso-uploads-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.databases("sqlite")
def test_two_gigabytes_arrive_whatever_is_killed(seeded: Seeded, place: Path) -> None:
    film, digest = make_film(place)
    with ExitStack() as stack:
        url = stack.enter_context(seeded.copied(place))
        settings = Settings(data_dir=place, database_url=url, media_url=f"file://{place}/media")  # type: ignore[call-arg]
        with closing(Runtime(settings)) as runtime, runtime.database.writing() as db:
            unit = factories.unit_id(db, "24")
            save_version(db, runtime.storage, making.course(slug="ky-so"), unit, None)
            factories.account(db, username="tacgia", role="author", at="24")
        server = stack.enter_context(running(LiveServer(place, {"WORKERS": "0"}, database_url=url)))
        network = stack.enter_context(closing(TornNetwork(server.port)))
        went = Run(server, network, film, place, sign_in(server))
        started = time.monotonic()
        answer = went.through(_KILLS, random.Random(7))
        seconds = time.monotonic() - started
        with closing(Runtime(settings)) as runtime, runtime.database.reading() as db:
            asset = db.scalars(select(Asset).where(Asset.public_id == answer["public_id"])).one()
        assert (asset.sha256, asset.size) == (digest, _SIZE)
        assert list(LocalStorage(place / "media").all_keys("uploads")) == []
        assert went.above_idle < _MOST_ABOVE_IDLE
    report(went, seconds)


class Run:
    """One upload, its client, and what is done to both."""

    def __init__(
        self, server: LiveServer, network: TornNetwork, film: Path, place: Path, headers: dict[str, str]
    ) -> None:
        self.server, self.network, self.film, self.place, self.headers = server, network, film, place, headers
        self.kills = {"client": 0, "server": 0, "connection": 0}
        self.above_idle = 0
        self._files = LocalStorage(place / "media")
        self._idle = self._memory("VmRSS")
        self._client = self._started()

    def through(self, kills: int, chance: random.Random) -> dict[str, str]:
        """What the server said at the end, after so many kills, each once so many bytes had arrived."""
        for number, at in enumerate(sorted(chance.randrange(_SIZE) for _kill in range(kills))):
            while self._arrived() < at - 8 * _MIB:
                assert self._client.poll() is None, "the client gave up"
                time.sleep(0.02)
            # Anywhere within a piece, a part, or between two.
            time.sleep(chance.uniform(0, 0.1))
            self._kill(list(self.kills)[number % len(self.kills)])
        said, _errors = self._client.communicate(timeout=1200)
        assert self._client.returncode == 0
        self._note_memory()
        return dict(json.loads(said))

    def _kill(self, what: str) -> None:
        self.kills[what] += 1
        if what == "client":
            self._client.kill()
            self._client.communicate()
            self._client = self._started()
        elif what == "server":
            self._note_memory()
            self.server.kill()
            self.server.start()
            self._idle = self._memory("VmRSS")
        else:
            self.network.cut()

    def _started(self) -> "subprocess.Popen[str]":
        client = subprocess.Popen(
            [sys.executable, "-m", "tests.media.sending", f"http://127.0.0.1:{self.network.port}", str(self.film),
             str(self.place / "address")],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert client.stdin is not None
        client.stdin.write(json.dumps(self.headers) + "\n")
        client.stdin.flush()
        return client

    def _arrived(self) -> int:
        address = self.place / "address"
        return arrived(self._files, address.read_text().rpartition("/")[2]) if address.exists() else 0

    def _note_memory(self) -> None:
        self.above_idle = max(self.above_idle, self._memory("VmHWM") - self._idle)

    def _memory(self, what: str) -> int:
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        found = re.search(rf"{what}:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024


def make_film(place: Path) -> tuple[Path, str]:
    """An MP4 of exactly two gigabytes, nearly all of it an empty box whose bytes are nowhere the same; its SHA-256."""
    path = place / "hoi-nghi.mp4"
    samples.video(path, seconds=2)
    block, size = random.Random(1).randbytes(_MIB), _SIZE - path.stat().st_size
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", size, b"free"))
        left = size - 8
        while left:
            left -= file.write((left.to_bytes(8, "big") + block[8:])[:left])
    with path.open("rb") as file:
        return path, hashlib.file_digest(file, "sha256").hexdigest()


def sign_in(server: LiveServer) -> dict[str, str]:
    """The headers of a script on a page of the author's."""
    with httpx.Client(base_url=server.url, headers={"accept": "text/html"}) as browser:
        form = {"name": "tacgia", "password": factories.PASSWORD, "csrf_token": _token(browser.get("/sign-in"))}
        assert browser.post("/sign-in", data=form).status_code == 303
        token = _token(browser.get("/account"))
        return {
            "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
            "X-CSRF-Token": token,
        }


def _token(page: httpx.Response) -> str:
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


def report(went: Run, seconds: float) -> None:
    load = f"{os.getloadavg()[2]:.1f}".replace(".", ",")
    kills = went.kills
    line = (
        f"Đo ngày {clock.today():%d/%m/%Y}: 2 GB, giết trình khách {kills['client']} lần, máy chủ {kills['server']} lần"
        f", cắt đường truyền {kills['connection']} lần; SHA-256 đúng; {seconds:.0f} giây kể cả kiểm tra tệp; bộ nhớ máy"
        f" chủ cao nhất hơn lúc rảnh {went.above_idle / _MIB:.0f} MB; tải trung bình 15 phút {load}."
    )
    print(f"\n{line}")
    text = _REPORT.read_text(encoding="utf-8")
    _REPORT.write_text(re.sub(r"(?m)^Đo ngày .*2 GB, giết.*$", line, text), encoding="utf-8")
