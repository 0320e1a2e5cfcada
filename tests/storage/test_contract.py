"""What every storage promises, asked of each of them: files are whole or absent, and stay within their place."""

import errno
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

import httpx
import pytest

from app.core.errors import NotFound, StorageFull
from app.core.settings import Settings
from app.core.storage import LocalStorage, Storage, storage_of
from tests.swift.running import Swift

_MIB = 1024 * 1024


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.xdist_group("s3"))])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "media")
    swift: Swift = request.getfixturevalue("swift")
    settings = swift.settings(Settings(data_dir=tmp_path))  # type: ignore[call-arg]
    return storage_of(settings.media_url, settings)


def put(files: Storage, key: str, content: bytes) -> int:
    return files.put(key, io.BytesIO(content))


def read(files: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(files.read(key, start, end))


class Broken(io.RawIOBase):
    """A stream that breaks off, as an upload does when the phone loses its signal."""

    def __init__(self, error: BaseException, good: int = 4) -> None:
        self.error = error
        self.good = good

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self.good:
            raise self.error
        given = min(size, self.good)
        self.good -= given
        return bytes(given)


# Around the sizes where a storage may change its way: empty, one piece of a read, a part of an upload, several.
@pytest.mark.parametrize("size", [0, 1, 600_000, _MIB, _MIB + 1, 8 * _MIB, 17 * _MIB + 5])
def test_a_file_comes_back_as_it_was(files: Storage, size: int) -> None:
    content = os.urandom(size)
    assert put(files, "assets/ab/source", content) == size
    assert files.size("assets/ab/source") == size
    assert read(files, "assets/ab/source") == content
    assert read(files, "assets/ab/source", size // 3, size // 2) == content[size // 3 : size // 2]
    assert read(files, "assets/ab/source", size // 3) == content[size // 3 :]


def test_a_deleted_folder_is_empty_and_its_neighbour_is_not(files: Storage) -> None:
    for key in ("uploads/a/1", "uploads/a/b/2", "uploads/ab/3"):
        put(files, key, b"x")
    files.delete_folder("uploads/a")
    files.delete_folder("uploads/never-was")
    assert list(files.all_keys("uploads")) == ["uploads/ab/3"]


def test_the_newer_file_takes_the_place_of_the_older(files: Storage) -> None:
    put(files, "a/file", b"the older, longer one")
    assert put(files, "a/file", b"newer") == 5
    assert (files.size("a/file"), read(files, "a/file")) == (5, b"newer")


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [
        (0, None, b"0123456789"), (3, None, b"3456789"), (0, 0, b""), (5, 5, b""), (5, 2, b""), (2, 5, b"234"),
        (8, 99, b"89"), (9, 10, b"9"), (10, None, b""), (10, 11, b""), (99, None, b""), (99, 100, b""),
    ],
)  # fmt: skip
def test_a_part_of_a_file_can_be_read(files: Storage, start: int, end: int | None, part: bytes) -> None:
    put(files, "digits", b"0123456789")
    assert read(files, "digits", start, end) == part


def test_a_local_file_may_be_handed_over(files: Storage, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(b"abc")
    assert files.put_file("kept", upload) == 3
    assert not upload.exists()
    assert read(files, "kept") == b"abc"


def test_what_is_not_there_is_not_found_before_the_first_byte(files: Storage) -> None:
    put(files, "folder/file", b"x")
    for key in ("nothing", "folder", "folder/file/below"):
        for start, end in ((0, None), (0, 0), (5, 9)):
            with pytest.raises(NotFound):
                files.read(key, start, end)
        with pytest.raises(NotFound):
            files.size(key)
        assert files.local_path(key) is None
        files.delete(key)
    assert list(files.all_keys()) == ["folder/file"]


def test_deleting_twice_is_no_error(files: Storage) -> None:
    put(files, "folder/file", bytes(9 * _MIB))
    files.delete("folder/file")
    files.delete("folder/file")
    assert list(files.all_keys()) == []


def test_files_can_be_listed_whole_or_by_folder(files: Storage) -> None:
    assert list(files.all_keys()) == []
    kept = ["assets/ab/1/source", "assets/ab/1/480p.mp4", "assets/cd/2/source", "giấy tờ/số 1 (50%) #?.pdf", "top"]
    for key in kept:
        put(files, key, b"x")
    files.check()
    assert sorted(files.all_keys()) == sorted(kept), "and nothing that the storage keeps for itself"
    assert sorted(files.all_keys("assets/ab")) == ["assets/ab/1/480p.mp4", "assets/ab/1/source"]
    assert list(files.all_keys("assets/a")) == [], "a folder is not the beginning of a name"


@pytest.mark.parametrize(
    "key",
    [
        "", ".", "..", "../outside", "a/../../outside", "a/../outside", "a//b", "a/", "/etc/passwd", "a/\0b", ".hidden",
        "a/.hidden/b", "a" * 300, "a/" + "ă" * 130, "/".join(["a" * 100] * 9),
    ],
)  # fmt: skip
def test_no_key_leads_out_of_its_place(files: Storage, key: str) -> None:
    for use in (files.read, files.size, lambda key: put(files, key, b"mine")):
        with pytest.raises(NotFound):
            use(key)
    assert files.local_path(key) is None
    files.delete(key)
    assert list(files.all_keys()) == []


@pytest.mark.parametrize("error", [ConnectionResetError(), FileNotFoundError(), NotFound(), KeyboardInterrupt()])
@pytest.mark.parametrize("good", [4, 30 * _MIB])
def test_a_stream_that_breaks_off_leaves_the_file_as_it_was(files: Storage, error: BaseException, good: int) -> None:
    put(files, "a/file", b"old")
    with pytest.raises(type(error)) as raised:
        files.put("a/file", cast(BinaryIO, Broken(error, good)))
    assert raised.value is error
    assert read(files, "a/file") == b"old"
    with pytest.raises(type(error)):
        files.put("a/new", cast(BinaryIO, Broken(error, good)))
    assert list(files.all_keys()) == ["a/file"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_so(files: Storage, number: int) -> None:
    with pytest.raises(StorageFull) as full:
        files.put("a/file", cast(BinaryIO, Broken(OSError(number, "no room"))))
    assert full.value.status == 507
    assert list(files.all_keys()) == []


def test_other_errors_of_the_source_stay_what_they_are(files: Storage) -> None:
    with pytest.raises(OSError, match="broken") as failed:
        files.put("a/file", cast(BinaryIO, Broken(OSError(errno.EIO, "broken"))))
    assert not isinstance(failed.value, StorageFull)


def test_a_file_being_read_is_never_two_files_glued_together(files: Storage) -> None:
    """Either the old one to its end, or an error; a player asks again."""
    put(files, "a/file", b"1" * 4 * _MIB)
    chunks: Iterator[bytes] = files.read("a/file")
    got = [next(chunks)]
    put(files, "a/file", b"2" * 4 * _MIB)
    try:
        got += chunks
    except OSError:
        return
    assert b"".join(got) == b"1" * 4 * _MIB


def test_a_place_that_takes_files_passes_its_check(files: Storage) -> None:
    files.check()
    room = files.free_bytes()
    assert room is None or room > 0


def test_a_store_answers_a_signed_place_without_keys_and_a_disk_has_none(
    files: Storage, request: pytest.FixtureRequest
) -> None:
    put(files, "assets/ab/film.m4s", b"0123456789")
    place = files.signed_place("assets/ab/film.m4s", timedelta(hours=1))
    if isinstance(files, LocalStorage):
        assert place is None
        return
    assert place
    url = f"http://{place.host}{place.target}"
    assert url.startswith(request.getfixturevalue("swift").url)
    assert httpx.get(url, headers={"range": "bytes=3-5"}).content == b"345"
    assert httpx.get(url.replace("film", "other")).status_code == 403
    assert httpx.get(url.partition("?")[0]).is_client_error
