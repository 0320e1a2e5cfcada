"""The file of a backup: a tar that any tool opens, written and read from its beginning to its end in constant memory.

backup.json                    what it is (Head)
tables/<table>/000001.jsonl.gz rows as JSON arrays, some thousands a piece
files/<key>                    every stored file, as it was
sums/000001.json               SHA-256 of the members before it
end.json                       how much there was (End); without it the file was cut off
"""

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from app.core import ids
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.core.storage import flush_folder

FORMAT = 1
HEAD, END = "backup.json", "end.json"
_SUMS_AT_ONCE = 1000
_CHUNK = 1024 * 1024


class Column(msgspec.Struct, frozen=True):
    """`kind`: plain, bool, instant, date, bytes, json; how rows.py writes and reads a value."""

    name: str
    kind: str


class Head(msgspec.Struct, frozen=True):
    """`revision`: of the schema; `key_mark`: tells which FIELD_KEY the rows need, and nothing else about it."""

    format: int
    version: str
    created_at: str
    database: str
    revision: str
    key_mark: str
    tables: dict[str, list[Column]]


class End(msgspec.Struct, frozen=True):
    """Rows of each table; files and their bytes; files that rows name but that were not in the storage."""

    rows: dict[str, int]
    files: int
    file_bytes: int
    missing: list[str]


class Damaged(CommandFailed):
    """What is in the file is not what was written into it; nothing has been changed."""

    def __init__(self, path: Path, where: object) -> None:
        super().__init__(
            _("Bản sao lưu %(path)s bị hỏng hoặc bị cắt cụt (%(where)s). Hãy dùng một bản khác; chưa thay đổi gì."),
            path=path, where=where,
        )  # fmt: skip


class Writer:
    """Use through `writing`."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._sums: dict[str, str] = {}
        self._number = 0

    def add(self, name: str, content: bytes) -> None:
        self._add(name, io.BytesIO(content), len(content))

    def add_rows(self, table: str, number: int, lines: bytes) -> None:
        self.add(f"tables/{table}/{number:06}.jsonl.gz", gzip.compress(lines, 5, mtime=0))

    def add_file(self, key: str, chunks: Iterator[bytes], size: int) -> None:
        """Raises OSError when there are fewer bytes than `size`."""
        self._add(f"files/{key}", _Chunks(chunks), size)

    def finish(self, end: End) -> None:
        self._write_sums()
        self.add(END, msgspec.json.format(msgspec.json.encode(end)))

    def _add(self, name: str, source: "IO[bytes] | _Chunks", size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashing = _Hashing(cast(IO[bytes], source))
        self._tar.addfile(info, cast(IO[bytes], hashing))
        _forget_members(self._tar)
        if not name.startswith("sums/"):
            self._sums[name] = hashing.digest()
        if len(self._sums) >= _SUMS_AT_ONCE:
            self._write_sums()

    def _write_sums(self) -> None:
        self._number += 1
        sums, self._sums = self._sums, {}
        self.add(f"sums/{self._number:06}.json", msgspec.json.encode(sums))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new archive, there under its name only when it is whole and on the disk; only the owner may read it."""
    scratch = path.with_name(f".{path.name}.{ids.token(48)}")
    try:
        with os.fdopen(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        flush_folder(path.parent)
    finally:
        scratch.unlink(missing_ok=True)


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of everything in an archive, each to be read before the next. Raises Damaged."""
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|", bufsize=_CHUNK) as tar:
            while (member := tar.next()) is not None:
                _forget_members(tar)
                content = tar.extractfile(member)
                if content is not None:
                    yield member.name, cast("IO[bytes]", _Content(path, member.name, content))
    except (tarfile.TarError, EOFError) as error:
        raise Damaged(path, error) from error


def read_head(path: Path) -> Head:
    """Raises CommandFailed for what is no backup of ours, or one of a newer format."""
    name, content = next(members(path), ("", io.BytesIO()))
    if name != HEAD:
        raise CommandFailed(_("%(path)s không phải bản sao lưu của Học Số."), path=path)
    data = content.read()
    found = msgspec.json.decode(data).get("format")
    if found != FORMAT:
        raise CommandFailed(
            _("Bản sao lưu %(path)s thuộc phiên bản Học Số mới hơn (dạng %(found)s). Hãy nâng cấp Học Số trước."),
            path=path, found=found,
        )  # fmt: skip
    return msgspec.json.decode(data, type=Head)


def verify(path: Path) -> End:
    """Read everything and hold it against its sums; raises Damaged and says what is."""
    seen: dict[str, str] = {}
    end: End | None = None
    for name, content in members(path):
        hashing = _Hashing(content)
        data = io.BytesIO()
        while chunk := hashing.read(_CHUNK):
            if name.startswith("sums/") or name == END:
                data.write(chunk)
        if name == END:
            end = msgspec.json.decode(data.getvalue(), type=End)
        elif name.startswith("sums/"):
            told = msgspec.json.decode(data.getvalue(), type=dict[str, str])
            if wrong := sorted(member for member in seen.keys() | told.keys() if seen.get(member) != told.get(member)):
                raise Damaged(path, wrong[0])
            seen = {}
        else:
            seen[name] = hashing.digest()
    # What comes after the last sums was cut off or put in by somebody; either way it has no end of ours.
    if end is None or seen:
        raise Damaged(path, END)
    return end


def _forget_members(tar: tarfile.TarFile) -> None:
    # tarfile remembers every member it passed; there may be millions.
    cast(Any, tar).members.clear()


class _Content:
    """A member as a stream. An archive may end in the middle of it: that shows only to whoever reads there."""

    def __init__(self, path: Path, name: str, source: IO[bytes]) -> None:
        self._path, self._name, self._source = path, name, source

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except (tarfile.TarError, EOFError) as error:
            raise Damaged(self._path, self._name) from error


class _Hashing:
    """A stream that hashes what is read through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self._hash.update(chunk)
        return chunk

    def digest(self) -> str:
        return self._hash.hexdigest()


class _Chunks:
    """Chunks of a storage as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        given, self._rest = self._rest[:size], self._rest[size:]
        return given
