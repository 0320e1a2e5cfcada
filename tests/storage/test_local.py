"""The local disk: durable when acknowledged, never outside its folder, and a full disk is said so."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.errors import CommandFailed, NotFound, StorageFull
from app.core.settings import ROOT
from app.core.storage import LocalStorage, storage_of


@pytest.fixture
def files(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "media")


def put(files: LocalStorage, key: str, content: bytes) -> int:
    return files.put(key, io.BytesIO(content))


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_ffmpeg_may_read_the_file_where_it_lies(files: LocalStorage) -> None:
    put(files, "assets/ab/source", b"x")
    assert files.local_path("assets/ab/source") == files.root / "assets/ab/source"


def test_no_link_leads_out_of_the_folder(files: LocalStorage, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    files.root.mkdir()
    (files.root / "link").symlink_to(tmp_path)
    for use in (files.read, files.size, lambda key: put(files, key, b"mine")):
        with pytest.raises(NotFound):
            use("link/outside")
    assert files.local_path("link/outside") is None
    files.delete("link/outside")
    assert (tmp_path / "outside").read_bytes() == b"secret"


def test_no_scratch_file_stays_behind(files: LocalStorage) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    put(files, "a/file", b"x")
    with pytest.raises(ConnectionResetError):
        files.put("a/file", Torn())
    assert everything_in(files.root) == ["a/file"]


@pytest.mark.parametrize("step", ["mkdir", "fsync", "replace"])
def test_a_disk_may_be_full_at_any_step(files: LocalStorage, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(*{"mkdir": (Path, "mkdir"), "fsync": (os, "fsync"), "replace": (Path, "replace")}[step], full)
    with pytest.raises(StorageFull):
        put(files, "a/file", b"x")
    monkeypatch.undo()
    assert not files.root.exists() or everything_in(files.root) == []


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
    content = b"".join(files.read("file")).decode()
    number = int(content[: len(content) // 200_000])
    assert content == str(number) * 200_000
    assert number >= acknowledged[-1], "what was acknowledged is there"


def test_a_place_that_cannot_be_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for ask in (LocalStorage(tmp_path / "file").free_bytes, LocalStorage(tmp_path / "file").check):
        with pytest.raises(OSError, match="file"):
            ask()


def test_a_read_only_place_is_an_error(files: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)
    for ask in (files.free_bytes, files.check):
        with pytest.raises(PermissionError):
            ask()


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


@pytest.mark.parametrize("url", ["", "http://may/x", "s3:///x", "file://may-khac/srv", "file://", "file:///"])
def test_a_media_url_we_cannot_use_is_refused_in_words(url: str) -> None:
    with pytest.raises(CommandFailed, match="MEDIA_URL không hợp lệ"):
        storage_of(url)
