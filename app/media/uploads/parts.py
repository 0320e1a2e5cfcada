"""The bytes of an upload in the storage, as files of their own: `uploads/{id}/{start}-{end}`.

A stored file is whole or absent, on a disk as in an object store; so the names alone say what has arrived, and a
killed server loses no more than the part it was writing. S3's own parts (multipart) would need 5 MiB each, their
listing, which not every store has, and a name the file gets only when all of it was hashed; whole, it goes there in
one such upload (`S3Storage.put`).
"""

import io
from collections.abc import Iterator

from app.core.storage import Storage

FOLDER = "uploads"
_DIGITS = 15


def put_part(storage: Storage, upload_id: str, start: int, content: bytes | bytearray) -> None:
    """Keep these bytes of the file; durable when it returns. Raises as `Storage.put`."""
    storage.put(f"{FOLDER}/{upload_id}/{start:0{_DIGITS}}-{start + len(content):0{_DIGITS}}", io.BytesIO(content))


def arrived(storage: Storage, upload_id: str) -> int:
    """How many bytes from the beginning are there without a gap."""
    return max((end for _key, _start, end in _in_order(storage, upload_id)), default=0)


def delete_parts(storage: Storage, upload_id: str) -> None:
    storage.delete_folder(f"{FOLDER}/{upload_id}")


class Whole(io.RawIOBase):
    """All that has arrived, as one stream."""

    def __init__(self, storage: Storage, upload_id: str) -> None:
        self._chunks = _chunks(storage, upload_id)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            try:
                self._left = next(self._chunks)
            except StopIteration:
                return 0
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


def _chunks(storage: Storage, upload_id: str) -> Iterator[bytes]:
    position = 0
    for key, start, end in _in_order(storage, upload_id):
        yield from storage.read(key, position - start)
        position = end


def _in_order(storage: Storage, upload_id: str) -> list[tuple[str, int, int]]:
    """The parts that follow each other: key, start, end.

    Two connections may have brought the same bytes, one of them cut off sooner (a client that came back before we saw
    it go): of those that fit, the one that reaches furthest counts, from where the one before it ended.
    """
    found = []
    for key in storage.all_keys(f"{FOLDER}/{upload_id}"):
        start, _, end = key.rpartition("/")[2].partition("-")
        found.append((key, int(start), int(end)))
    found.sort(key=lambda part: part[1])
    chosen: list[tuple[str, int, int]] = []
    position, best = 0, None
    for part in [*found, ("", 10**_DIGITS, 0)]:
        if part[1] > position and best is not None:
            chosen.append(best)
            position, best = best[2], None
        if part[1] > position:
            break
        if part[2] > (best[2] if best else position):
            best = part
    return chosen
