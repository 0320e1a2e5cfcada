"""Where files live. One small port; today the local disk, an object store behind the same words later."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from app.core import ids
from app.core.errors import CommandFailed, NotFound, StorageFull
from app.core.i18n import lazy as _

_CHUNK = 256 * 1024


class Storage(Protocol):
    """Keys are relative paths such as `assets/ab/…/source`. A stored file is whole or absent, never half."""

    def put(self, key: str, source: BinaryIO) -> int:
        """Store a stream; durable when it returns the size in bytes. Raises StorageFull."""

    def put_file(self, key: str, path: Path) -> int:
        """Store a local file, which may be moved away."""

    def size(self, key: str) -> int:
        """Bytes; raises NotFound."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Chunks of bytes start..end (end exclusive); raises NotFound before the first chunk."""

    def local_path(self, key: str) -> Path | None:
        """The file on this machine's disk if it is there as such (for sendfile and ffmpeg), else None."""

    def delete(self, key: str) -> None:
        """Gone afterwards; deleting what is not there is no error."""

    def free_bytes(self) -> int | None:
        """Room left, where that can be known."""


class LocalStorage:
    """Files under one folder: written beside, flushed to disk, then renamed into place."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, source: BinaryIO) -> int:
        target = self._path(key)
        scratch = self._scratch(target)
        try:
            with scratch.open("xb") as file:
                shutil.copyfileobj(source, file, _CHUNK)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            self._settle(scratch, target)
        except OSError as error:
            scratch.unlink(missing_ok=True)
            raise _full_or_same(error) from error
        return size

    def put_file(self, key: str, path: Path) -> int:
        with path.open("rb") as source:
            size = self.put(key, source)
        path.unlink()
        return size

    def size(self, key: str) -> int:
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            raise NotFound from None

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            raise NotFound from None
        return _chunks(file, start, end)

    def local_path(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.exists() else None

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def free_bytes(self) -> int | None:
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def _path(self, key: str) -> Path:
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise NotFound
        return path

    @staticmethod
    def _scratch(target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f".{target.name}.{ids.token(48)}")

    @staticmethod
    def _settle(scratch: Path, target: Path) -> None:
        scratch.replace(target)
        # The rename itself must survive a power cut, so the folder is flushed too.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def storage_of(media_url: str) -> Storage:
    """The storage a MEDIA_URL names; raises CommandFailed for a scheme we do not know."""
    parts = urlsplit(media_url)
    if parts.scheme == "file":
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme == "":
        return LocalStorage(Path(media_url))
    raise CommandFailed(_("MEDIA_URL không hợp lệ: %(url)s. Hãy dùng dạng file:///đường/dẫn."), url=media_url)


def _chunks(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            chunk = file.read(_CHUNK if left is None else min(_CHUNK, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk


def _full_or_same(error: OSError) -> Exception:
    return StorageFull() if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else error
