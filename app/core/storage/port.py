"""The port: what every storage promises. tests/storage/test_contract.py holds each of them to it."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from app.core.errors import NotFound

# Bytes of one name; a file system takes 255, and a file being written has a longer name.
_LONGEST_NAME = 240
# Bytes of a whole key: object stores take 1,024, and MEDIA_URL may put a folder before it.
_LONGEST_KEY = 800


@dataclass(frozen=True)
class SignedPlace:
    """A request an object store answers without keys: `Host` as it was signed for, and the path with its query."""

    host: str
    target: str


class Storage(Protocol):
    """Keys are relative paths such as `assets/ab/…/source`. A stored file is whole or absent, never half."""

    def put(self, key: str, source: BinaryIO) -> int:
        """Store a stream; durable when it returns the size in bytes. Raises StorageFull, StorageUnreachable."""

    def put_file(self, key: str, path: Path) -> int:
        """Store a local file, which is gone afterwards; raises as `put` does, and then leaves it."""

    def size(self, key: str) -> int:
        """Bytes; raises NotFound."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Chunks of bytes start..end (end exclusive); raises NotFound before the first chunk."""

    def signed_place(self, key: str, lasting: timedelta) -> "SignedPlace | None":
        """Where a web server in front may fetch the file for so long, by GET; None where there is no store to ask."""

    def local_path(self, key: str) -> Path | None:
        """The file on this machine's disk if it is there as such (for ffmpeg), else None."""

    def delete(self, key: str) -> None:
        """Gone afterwards; deleting what is not there is no error."""

    def delete_folder(self, folder: str) -> None:
        """Nothing is in it afterwards, nor left of a file that was being written there when a server was killed."""

    def all_keys(self, folder: str = "") -> Iterator[str]:
        """The keys of all files, or of those in a folder and below it; in no promised order."""

    def free_bytes(self) -> int | None:
        """Room left, where that can be known; asks nobody over the network. Raises OSError if it cannot be asked."""

    def check(self) -> None:
        """Return if a file could be stored now; else raise an OSError whose `strerror` tells the operator why."""


class StorageUnreachable(OSError):
    """The storage does not answer, or does not let us in; `strerror` says which. Trying again later may help."""

    def __init__(self, reason: object, place: str) -> None:
        super().__init__(errno.EIO, str(reason), place)


def checked_key(key: str) -> str:
    """The key; raises NotFound for one that could lead elsewhere or that not every storage can hold.

    Names that begin with a dot are the storage's own: files being written, marks of a check.
    """
    names = key.split("/")
    if "\0" in key or len(key.encode(errors="replace")) > _LONGEST_KEY:
        raise NotFound
    if any(not name or name.startswith(".") or len(name.encode(errors="replace")) > _LONGEST_NAME for name in names):
        raise NotFound
    return key


def is_full(error: BaseException | None) -> bool:
    """Whether the operating system says that there is no room left."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
