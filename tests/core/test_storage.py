"""Files: whole or absent, durable when acknowledged, never outside their folder, and a full disk is said so."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from app.core.errors import CommandFailed, NotFound, StorageFull
from app.core.settings import ROOT
from app.core.storage import LocalStorage, storage_of


@pytest.fixture
def files(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "media")


def put(files: LocalStorage, key: str, content: bytes) -> int:
    return files.put(key, io.BytesIO(content))


def read(files: LocalStorage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(files.read(key, start, end))


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_comes_back_as_it_was(files: LocalStorage) -> None:
    content = os.urandom(600_000)
    assert put(files, "assets/ab/source", content) == 600_000
    assert files.size("assets/ab/source") == 600_000
    assert read(files, "assets/ab/source") == content
    assert files.local_path("assets/ab/source") == files.root / "assets/ab/source"
    assert put(files, "assets/ab/source", b"newer") == 5
    assert read(files, "assets/ab/source") == b"newer"


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (0, 0, b""), (2, 5, b"234"), (8, 99, b"89"), (99, None, b"")],
)
def test_a_part_of_a_file_can_be_read(files: LocalStorage, start: int, end: int | None, part: bytes) -> None:
    put(files, "digits", b"0123456789")
    assert read(files, "digits", start, end) == part


def test_a_local_file_may_be_handed_over(files: LocalStorage, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(b"abc")
    assert files.put_file("kept", upload) == 3
    assert not upload.exists()
    assert read(files, "kept") == b"abc"


def test_what_is_not_there_is_not_found_before_the_first_byte(files: LocalStorage) -> None:
    put(files, "folder/file", b"x")
    for key in ("nothing", "folder", "folder/file/below"):
        with pytest.raises(NotFound):
            files.read(key)
        with pytest.raises(NotFound):
            files.size(key)
        assert files.local_path(key) is None
        files.delete(key)
    files.delete("folder/file")
    files.delete("folder/file")
    assert everything_in(files.root) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "../outside",
        "a/../../outside",
        "/etc/passwd",
        "a/\0b",
        "a" * 300,
        "a/" + "ă" * 130,
        "link/outside",
    ],
)
def test_no_key_leads_out_of_the_folder(files: LocalStorage, tmp_path: Path, key: str) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    files.root.mkdir()
    (files.root / "link").symlink_to(tmp_path)
    for use in (files.read, files.size, lambda key: put(files, key, b"mine")):
        with pytest.raises(NotFound):
            use(key)
    assert files.local_path(key) is None
    files.delete(key)
    assert (tmp_path / "outside").read_bytes() == b"secret"


class Broken(io.RawIOBase):
    """A stream that breaks off, as an upload does when the phone loses its signal."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.parts = [b"half"]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.parts:
            return self.parts.pop()
        raise self.error


@pytest.mark.parametrize("error", [ConnectionResetError(), NotFound(), KeyboardInterrupt()])
def test_a_stream_that_breaks_off_leaves_nothing_behind(files: LocalStorage, error: BaseException) -> None:
    put(files, "a/file", b"old")
    with pytest.raises(type(error)):
        files.put("a/file", cast(BinaryIO, Broken(error)))
    assert read(files, "a/file") == b"old"
    assert everything_in(files.root) == ["a/file"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_so_and_the_half_file_removed(files: LocalStorage, number: int) -> None:
    with pytest.raises(StorageFull) as full:
        files.put("a/file", cast(BinaryIO, Broken(OSError(number, "no room"))))
    assert full.value.status == 507
    assert everything_in(files.root) == []


@pytest.mark.parametrize("step", ["mkdir", "fsync", "replace"])
def test_a_disk_may_be_full_at_any_step(files: LocalStorage, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(*{"mkdir": (Path, "mkdir"), "fsync": (os, "fsync"), "replace": (Path, "replace")}[step], full)
    with pytest.raises(StorageFull):
        put(files, "a/file", b"x")
    monkeypatch.undo()
    assert not files.root.exists() or everything_in(files.root) == []


def test_other_errors_of_the_disk_stay_what_they_are(files: LocalStorage) -> None:
    with pytest.raises(OSError, match="broken") as failed:
        files.put("a/file", cast(BinaryIO, Broken(OSError(errno.EIO, "broken"))))
    assert not isinstance(failed.value, StorageFull)


def test_the_file_and_every_new_folder_are_flushed_before_it_is_acknowledged(
    files: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut the content, its name, and the names of the folders on the way must all be there."""
    flushed: list[str] = []
    fsync = os.fsync

    def spy(handle: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{handle}").removeprefix(str(tmp_path)))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    put(files, "a/b/file", b"x")
    assert flushed[:3] == ["", "/media", "/media/a"], "the folders that got a new folder"
    assert flushed[3].startswith("/media/a/b/.file."), "the content under its scratch name"
    assert flushed[4:] == ["/media/a/b"], "the folder after the rename"


_WRITES_FOR_EVER = """
import io, sys
from pathlib import Path
from app.core.storage import LocalStorage
files = LocalStorage(Path(sys.argv[1]))
number = 0
while True:
    files.put("file", io.BytesIO(str(number).encode() * 200_000))
    print(number, flush=True)
    number += 1
"""


def test_a_writer_killed_midway_leaves_a_whole_file(files: LocalStorage) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITES_FOR_EVER, str(files.root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(10)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    content = read(files, "file").decode()
    number = int(content[: len(content) // 200_000])
    assert content == str(number) * 200_000
    assert number >= acknowledged[-1], "what was acknowledged is there"


def test_room_is_known_and_a_place_that_cannot_be_written_is_an_error(files: LocalStorage, tmp_path: Path) -> None:
    room = files.free_bytes()
    assert room is not None
    assert room > 0
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        LocalStorage(tmp_path / "file").free_bytes()


def test_a_read_only_place_is_an_error(files: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)
    with pytest.raises(PermissionError):
        files.free_bytes()


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("file:///srv/media", "/srv/media"), ("file://localhost/srv/media", "/srv/media"), ("/srv/media", "/srv/media"),
        ("file:///srv/H%E1%BB%8Dc%20S%E1%BB%91%20%231", "/srv/Học Số #1"), ("tep", "tep"),
    ],
)  # fmt: skip
def test_a_media_url_names_a_folder(url: str, root: str) -> None:
    storage = storage_of(url)
    assert isinstance(storage, LocalStorage)
    assert storage.root == Path(root)


@pytest.mark.parametrize("url", ["", "s3://bucket/x", "http://may/x", "file://may-khac/srv", "file://", "file:///"])
def test_a_media_url_we_cannot_use_is_refused_in_words(url: str) -> None:
    with pytest.raises(CommandFailed, match="MEDIA_URL không hợp lệ"):
        storage_of(url)
