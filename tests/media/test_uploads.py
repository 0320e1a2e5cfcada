"""A large file sent piece by piece (tus 1.0): what has arrived stays, and only who began it may go on."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.requests import ClientDisconnect

from app.core import clock, jobs
from app.core.db import Database
from app.core.jobs import Worker
from app.core.storage import LocalStorage, Storage
from app.media.files import NotAccepted
from app.media.models import Asset
from app.media.uploads.models import Upload
from app.media.uploads.parts import Whole, arrived, put_part
from app.media.uploads.receiving import Receiver, Stalled, part_bytes
from app.media.uploads.tus import metadata_header
from tests.authoring.conftest import StudioCourse, studio_course
from tests.browser import Browser
from tests.media.samples import Samples

__all__ = ["studio_course"]

BYTES = "application/offset+octet-stream"
_MIB = 1024 * 1024


class Sender:
    """A tus client that does what a test tells it, right or wrong."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def ask(
        self, method: str, url: str, content: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        own = {"tus-resumable": "1.0.0", "x-csrf-token": self.browser.token, "accept": "*/*"}
        return self.browser.client.request(
            method, url, content=content, headers=own | dict(headers or {}), follow_redirects=False
        )

    def create(
        self, size: int, name: str = "bài giảng.mkv", kind: str = "video", course: str = "ky-so",
        content: bytes | None = None, **headers: str,
    ) -> httpx.Response:  # fmt: skip
        own = {"upload-length": str(size), "upload-metadata": metadata_header({"filename": name, "kind": kind})}
        return self.ask("POST", f"/uploads?course={course}", content, own | headers)

    def begin(self, size: int, **more: str) -> str:
        answer = self.create(size, **more)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    def send(self, url: str, content: Any, at: int, **headers: str) -> httpx.Response:
        own = {"upload-offset": str(at), "content-type": BYTES}
        return self.ask("PATCH", url, content, own | {name.replace("_", "-"): said for name, said in headers.items()})

    def offset(self, url: str) -> int:
        answer = self.ask("HEAD", url)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        return int(answer.headers["upload-offset"])

    def finish(self, url: str) -> httpx.Response:
        return self.ask("POST", f"{url}/finish")


@pytest.fixture
def sender(new_browser: Callable[[], Browser], studio_course: StudioCourse) -> Sender:
    return Sender(new_browser().sign_in("tacgia"))


def test_a_video_sent_in_pieces_becomes_an_asset_the_lesson_may_carry(
    sender: Sender, database: Database, samples: Samples
) -> None:
    film = samples.lecture_mkv.read_bytes()
    half = len(film) // 2
    url = sender.begin(len(film))
    assert sender.offset(url) == 0
    first = sender.send(url, film[:half], 0)
    assert (first.status_code, first.headers["upload-offset"], first.headers["tus-resumable"]) == (
        204,
        str(half),
        "1.0.0",
    )
    assert sender.finish(url).status_code == 409, "not all of it is there"
    assert sender.offset(url) == half
    # The second half in chunks, as a body of no announced length.
    assert sender.send(url, iter([film[half:-7], film[-7:]]), half).headers["upload-offset"] == str(len(film))
    taken, again = sender.finish(url), sender.finish(url)
    assert taken.status_code == 200, taken.text
    assert taken.json() == again.json()
    assert taken.json()["file_name"] == "bài giảng.mkv"
    assert sender.offset(url) == len(film)
    with database.reading() as db:
        asset = db.scalars(select(Asset).where(Asset.public_id == taken.json()["public_id"])).one()
        assert (asset.sha256, asset.kind) == (hashlib.sha256(film).hexdigest(), "video")
        assert asset.unit_id is not None
    with database.reading() as db:
        assert db.scalars(select(Asset.id).where(Asset.sha256 == asset.sha256)).all() == [asset.id], "once"


def test_after_a_kill_the_offset_is_what_the_disk_holds(sender: Sender, storage: Storage, samples: Samples) -> None:
    film = samples.lecture_mkv.read_bytes()
    url = sender.begin(len(film))
    sender.send(url, film[:5000], 0)
    # Stored, and the server died before it could say so.
    put_part(storage, url.rpartition("/")[2], 5000, film[5000:9000])
    assert sender.offset(url) == 9000
    assert sender.send(url, film[5000:], 5000).status_code == 409
    assert sender.send(url, film[9000:], 9000).status_code == 204
    assert sender.finish(url).status_code == 200


def test_what_is_not_what_it_says_is_refused_with_the_first_bytes(sender: Sender, samples: Samples) -> None:
    url = sender.begin(_MIB)
    fake = sender.send(url, b"MZ" + bytes(5000), 0)
    assert (fake.status_code, fake.headers["content-type"]) == (422, "application/problem+json")
    assert "không phải loại được nhận" in fake.json()["detail"]
    picture = samples.photo_jpg.read_bytes()
    assert "Ô này nhận video" in sender.send(url, picture[:5000], 0).json()["detail"]
    assert sender.offset(url) == 0


def test_a_file_that_is_broken_further_on_is_refused_at_the_end_and_stays_refused(
    sender: Sender, storage: Storage, samples: Samples
) -> None:
    broken = samples.lecture_mkv.read_bytes()[:6000] + bytes(3000)
    url = sender.begin(len(broken))
    assert sender.send(url, broken, 0).status_code == 204
    first, again = sender.finish(url), sender.finish(url)
    assert first.status_code == again.status_code == 422
    assert first.json()["detail"] == again.json()["detail"] != ""
    assert list(storage.all_keys()) == [], "nothing of it is kept"


def test_only_who_began_an_upload_finds_it(sender: Sender, new_browser: Callable[[], Browser]) -> None:
    url = sender.begin(10)
    colleague, learner, nobody = (Sender(new_browser()) for _each in range(3))
    colleague.browser.sign_in("xuatban")
    learner.browser.sign_in("nguoihoc")
    nobody.browser.get("/sign-in")
    for asker, status in ((colleague, 404), (learner, 403), (nobody, 401)):
        assert asker.ask("HEAD", url).status_code == status
        assert asker.send(url, b"0123456789", 0).status_code == status
        assert asker.ask("DELETE", url).status_code == status
        assert asker.finish(url).status_code == status
    assert colleague.create(10).status_code == 201
    assert (learner.create(10).status_code, nobody.create(10).status_code) == (403, 401)
    elsewhere = Sender(new_browser())
    elsewhere.browser.sign_in("tacgia-phuong")
    assert elsewhere.create(10).status_code == 404, "not their course"
    sender.browser.token = "made.up"
    assert sender.send(url, b"0123456789", 0).status_code == 403


def test_the_protocol_is_told_and_kept(sender: Sender, app: FastAPI) -> None:
    said = sender.ask("OPTIONS", "/uploads").headers
    assert (said["tus-version"], said["tus-max-size"]) == ("1.0.0", str(2048 * _MIB))
    assert said["tus-extension"] == "creation,creation-with-upload,termination,checksum,expiration"
    assert said["tus-checksum-algorithm"] == "sha1,sha256"
    url = sender.begin(10)
    assert sender.ask("HEAD", url, headers={"tus-resumable": "0.2.2"}).status_code == 412
    assert sender.send(url, b"01234", 5).status_code == 409
    assert sender.send(url, b"01234", 0, content_type="video/mp4").status_code == 415
    assert sender.send(url, b"01234", 0, upload_offset="-1").status_code == 400
    assert sender.send(url, b"01234567890", 0).status_code == 413
    assert sender.send(url, iter([b"0123456", b"7890"]), 0).status_code == 413
    assert sender.offset(url) == 0
    assert sender.send(url, b"", 0).status_code == 204
    assert sender.send("/uploads/khong-co", b"01234", 0).status_code == 404
    again = sender.create(10, **{"upload-metadata": "filename ???,kind dmlkZW8="})
    assert (again.status_code, again.headers["tus-resumable"]) == (400, "1.0.0")
    assert sender.create(10, kind="game").status_code == 400


def test_what_a_proxy_will_not_let_through_is_sent_as_a_post(sender: Sender) -> None:
    url = sender.begin(10)
    own = {"upload-offset": "0", "content-type": BYTES}
    assert sender.ask("POST", url, b"01234", own | {"x-http-method-override": "PATCH"}).status_code == 204
    assert sender.offset(url) == 5
    assert sender.ask("POST", url, b"", {"x-http-method-override": "PUT"}).status_code == 400
    assert sender.ask("POST", url, headers={"x-http-method-override": "DELETE"}).status_code == 204
    assert sender.ask("HEAD", url).status_code == 404


def test_limits_are_told_in_words_before_a_byte_is_sent(
    sender: Sender, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda self: 3 * 2048 * _MIB)
    large = sender.create(2048 * _MIB + 1)
    assert large.status_code == 413
    assert "lớn hơn giới hạn 2048 MB" in large.json()["detail"]
    assert sender.create(513 * _MIB, kind="document").status_code == 413, "only videos are that large"
    begun = [sender.begin(2048 * _MIB if number == 0 else 10) for number in range(10)]
    eleventh = sender.create(10)
    assert eleventh.status_code == 403
    assert "10 tệp tải dở" in eleventh.json()["detail"]
    assert sender.ask("DELETE", begun[0]).status_code == 204
    assert sender.create(10).status_code == 201
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda self: 29)
    sender.ask("DELETE", begun[1])
    assert sender.create(10).status_code == 507


def test_a_creation_may_carry_the_first_bytes(sender: Sender, samples: Samples) -> None:
    film = samples.lecture_mkv.read_bytes()
    begun = sender.create(len(film), content=film[:5000], **{"content-type": BYTES})
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "5000")
    assert sender.offset(begun.headers["location"]) == 5000
    fake = sender.create(len(film), content=b"MZ" + bytes(5000), **{"content-type": BYTES})
    assert fake.status_code == 422


def test_bytes_that_do_not_fit_their_checksum_are_dropped(sender: Sender, samples: Samples) -> None:
    film = samples.lecture_mkv.read_bytes()
    right = base64.b64encode(hashlib.sha1(film[:6000]).digest()).decode()
    url = sender.begin(len(film))
    torn = sender.send(url, film[:5999] + b"?", 0, upload_checksum=f"sha1 {right}")
    assert (torn.status_code, sender.offset(url)) == (460, 0)
    assert sender.send(url, film[:6000], 0, upload_checksum=f"sha1 {right}").status_code == 204
    rest = base64.b64encode(hashlib.sha256(film[6000:]).digest()).decode()
    assert sender.send(url, film[6000:], 6000, upload_checksum=f"crc32 {right}").status_code == 400
    assert sender.send(url, film[6000:], 6000, upload_checksum=f"sha256 {rest}").status_code == 204
    assert sender.offset(url) == len(film)


def test_what_nobody_finished_is_forgotten_after_a_week(
    sender: Sender, database: Database, storage: Storage, worker: Worker, samples: Samples, tmp_path: Path
) -> None:
    film = samples.lecture_mkv.read_bytes()
    begun, kept = sender.begin(len(film)), sender.begin(len(film), name="b.mkv")
    sender.send(begun, film[:5000], 0)
    sender.send(kept, film[:5000], 0)
    # A server was killed while it wrote a part, another before it could delete those of a file taken on.
    half_written = tmp_path / "media" / begun.lstrip("/") / ".000-005.abc"
    half_written.write_bytes(b"half")
    put_part(storage, "khong-con", 0, b"left")
    with database.writing() as db:
        row = db.scalars(select(Upload).where(Upload.public_id == begun.rpartition("/")[2])).one()
        row.expires_at = clock.now() - timedelta(seconds=1)
    assert sender.ask("HEAD", begun).status_code == 410
    assert sender.send(begun, film[5000:], 5000).status_code == 410
    with database.writing() as db:
        jobs.enqueue(db, "media.forget_uploads")
    worker.run_all()
    assert sender.ask("HEAD", begun).status_code == 404
    assert not half_written.parent.exists()
    assert {key.split("/")[1] for key in storage.all_keys("uploads")} == {kept.rpartition("/")[2]}
    assert sender.offset(kept) == 5000


def test_parts_that_two_connections_brought_make_one_file(storage: Storage) -> None:
    """A client came back before we saw it go: what the first connection still had arrives after the second's."""
    content = os.urandom(100)
    for start, end in ((0, 20), (20, 50), (20, 90), (50, 60), (85, 95), (97, 100)):
        put_part(storage, "x", start, content[start:end])
    assert arrived(storage, "x") == 95
    assert Whole(storage, "x").read() == content[:95]


# --- bodies that break off ----------------------------------------------------------------------------------------


class Signal:
    """Gives these chunks, then does what phones do."""

    def __init__(self, *chunks: bytes, ends: BaseException | None = None) -> None:
        self.chunks, self.ends = chunks, ends

    async def body(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        if self.ends:
            raise self.ends
        await anyio.sleep_forever()


def upload(size: int, kind: str = "video") -> Upload:
    return Upload(public_id="x", file_name="phim.mkv", kind=kind, size=size)


@pytest.mark.parametrize(
    ("signal", "error"),
    [
        (Signal(b"\x1a\x45\xdf\xa3", b"0" * 9000, ends=ClientDisconnect()), ClientDisconnect),
        (Signal(b"\x1a\x45\xdf\xa3", b"0" * 9000), Stalled),
    ],
    ids=["gone", "silent"],
)
def test_of_a_body_that_breaks_off_what_came_is_kept(
    storage: Storage, signal: Signal, error: type[BaseException]
) -> None:
    with pytest.raises(error):
        anyio.run(Receiver(patience_s=0.05).receive, signal.body(), storage, upload(50_000), 0)
    assert arrived(storage, "x") == 9004


@pytest.mark.parametrize(("count", "expected"), [(1, 4 * _MIB), (8, 4 * _MIB), (16, 2 * _MIB), (500, _MIB // 2)])
def test_many_at_a_time_hold_no_more_memory_than_few(count: int, expected: int) -> None:
    assert part_bytes(count) == expected


def test_a_large_body_is_kept_part_by_part(storage: Storage) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"\x1a\x45\xdf\xa3"
        for _each in range(9):
            yield bytes(_MIB)
            # What is in memory never grows beyond a part and a chunk.
            sizes.append(arrived(storage, "x"))

    sizes: list[int] = []
    anyio.run(Receiver().receive, body(), storage, upload(9 * _MIB + 4), 0)
    assert sizes == sorted(sizes)
    assert [size // _MIB for size in sizes] == [0, 0, 0, 4, 4, 4, 4, 8, 8]
    assert arrived(storage, "x") == 9 * _MIB + 4


def test_a_wrong_beginning_leaves_nothing(storage: Storage) -> None:
    with pytest.raises(NotAccepted):
        anyio.run(Receiver(patience_s=0.05).receive, Signal(bytes(5000)).body(), storage, upload(5000), 0)
    assert arrived(storage, "x") == 0
