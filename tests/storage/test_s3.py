"""The object store: what is peculiar to it, and what an operator reads when it is set up wrongly."""

import io
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.core.errors import CommandFailed, StorageFull
from app.core.settings import Settings
from app.core.storage import Storage, StorageUnreachable, storage_of
from tests.swift.running import BUCKET, Swift

pytestmark = pytest.mark.xdist_group("s3")

_MIB = 1024 * 1024


@pytest.fixture
def settings(swift: Swift, tmp_path: Path) -> Settings:
    return swift.settings(Settings(data_dir=tmp_path, courses_dir=tmp_path / "none"))  # type: ignore[call-arg]


@pytest.fixture
def files(settings: Settings) -> Storage:
    return storage_of(settings.media_url, settings)


class Torn(io.BytesIO):
    """Breaks off after what it was given."""

    def read(self, size: int | None = -1, /) -> bytes:
        if chunk := super().read(size):
            return chunk
        raise ConnectionResetError


def test_a_broken_upload_leaves_no_part_of_it_in_the_store(swift: Swift, files: Storage) -> None:
    before = swift.held_bytes()
    with pytest.raises(ConnectionResetError):
        files.put("big", Torn(bytes(40 * _MIB)))
    assert swift.held_bytes() == before


def test_a_deleted_file_leaves_no_part_of_it_in_the_store(swift: Swift, files: Storage, tmp_path: Path) -> None:
    before = swift.held_bytes()
    big = tmp_path / "big"
    big.write_bytes(bytes(20 * _MIB))
    assert files.put_file("big", big) == 20 * _MIB
    assert swift.held_bytes() >= before + 20 * _MIB
    files.delete("big")
    assert swift.held_bytes() == before


def test_two_folders_of_one_bucket_do_not_see_each_other(swift: Swift, settings: Settings, files: Storage) -> None:
    other = swift.settings(settings)
    files.put("a/file", io.BytesIO(b"mine"))
    assert list(storage_of(other.media_url, other).all_keys()) == []


def test_address_and_region_may_stand_in_the_media_url(swift: Swift, settings: Settings, files: Storage) -> None:
    files.put("a/file", io.BytesIO(b"mine"))
    moved = settings.model_copy(
        update={
            "media_url": f"{settings.media_url}?endpoint={swift.url}/&region=us-east-1",
            "s3_endpoint": "http://khong-dung.invalid", "s3_region": "elsewhere",
        }
    )  # fmt: skip
    assert b"".join(storage_of(moved.media_url, moved).read("a/file")) == b"mine"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"media_url": f"s3://khoa:mat-khau@{BUCKET}/x"}, "S3_ACCESS_KEY"),
        ({"media_url": f"s3://{BUCKET}:9000/x"}, "tên-bucket"),
        ({"media_url": f"s3://{BUCKET}/x?secret=mat-khau"}, "endpoint=…&region=…"),
        ({"s3_access_key": ""}, "thiếu S3_ACCESS_KEY"),
        ({"s3_secret_key": SecretStr("")}, "thiếu S3_ACCESS_KEY hoặc S3_SECRET_KEY"),
        ({"s3_endpoint": "kho.vidu.vn"}, "Địa chỉ kho S3 không hợp lệ: kho.vidu.vn"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_at_once(
    settings: Settings, change: dict[str, Any], words: str
) -> None:
    wrong = settings.model_copy(update=change)
    with pytest.raises(CommandFailed, match=words) as refused:
        storage_of(wrong.media_url, wrong)
    assert "mat-khau" not in refused.value.message, "what looks like a secret is not repeated"


def nobody_listens() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"s3_endpoint": nobody_listens()}, "không kết nối được kho tệp: hãy kiểm tra S3_ENDPOINT"),
        ({"s3_endpoint": "http://khong-co.invalid"}, "không kết nối được kho tệp"),
        ({"s3_secret_key": SecretStr("sai")}, "hãy kiểm tra S3_ACCESS_KEY, S3_SECRET_KEY"),
        ({"s3_access_key": "ai:do"}, "hãy kiểm tra S3_ACCESS_KEY, S3_SECRET_KEY"),
        ({"s3_region": "ap-southeast-1"}, "hãy kiểm tra S3_REGION"),
        ({"media_url": "s3://khong-co/x"}, "không có bucket này"),
    ],
)
def test_a_store_that_does_not_let_us_in_is_told_from_the_check(
    settings: Settings, change: dict[str, Any], words: str
) -> None:
    wrong = settings.model_copy(update=change)
    files = storage_of(wrong.media_url, wrong)
    for act in (files.check, lambda: files.put("a", io.BytesIO(b"x")), lambda: list(files.all_keys())):
        with pytest.raises(StorageUnreachable) as told:
            act()
        assert words in str(told.value.strerror)


def test_a_command_ends_with_that_reason(
    settings: Settings, operate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = settings.model_copy(update={"media_url": "s3://khong-co/x"})
    assert operate(wrong, "work") == 2
    said = capsys.readouterr().err
    assert "s3://khong-co/x" in said
    assert "không có bucket này" in said
    assert "Traceback" not in said


class Answering(BaseHTTPRequestHandler):
    """A store that has one answer for everything."""

    status, code = 507, "InsufficientStorage"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = f"<Error><Code>{self.code}</Code><Message>no</Message></Error>".encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


# Ceph, Swift's quotas, MinIO, and what RFC 4918 has for it.
@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "QuotaExceeded"), (413, "EntityTooLarge"), (507, "XMinioStorageFull"), (507, "InsufficientStorage")],
)
def test_a_full_store_is_said_so_however_it_says_it(settings: Settings, status: int, code: str) -> None:
    answering = type("Once", (Answering,), {"status": status, "code": code})
    with HTTPServer(("127.0.0.1", 0), answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        full = settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{server.server_port}"})
        with pytest.raises(StorageFull):
            storage_of(full.media_url, full).put("a", io.BytesIO(b"x"))
        server.shutdown()
