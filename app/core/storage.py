"""Where files live. One small port; today the local disk, an object store behind the same words later."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from app.core import ids
from app.core.errors import CommandFailed, NotFound, StorageFull
from app.core.i18n import lazy as _

_CHUNK = 256 * 1024
# Bytes; a file system takes 255, and a file being written has a longer name.
_LONGEST_NAME = 240


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
        """Room left, where that can be known; raises OSError if nothing can be written."""


class LocalStorage:
    """Files under one folder: written beside, flushed to disk, then renamed into place."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, source: BinaryIO) -> int:
        target = self._path(key)
        scratch = target.with_name(f".{target.name}.{ids.token(48)}")
        try:
            _make_folder(target.parent)
            with scratch.open("xb") as file:
                shutil.copyfileobj(source, file, _CHUNK)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            scratch.replace(target)
            # The rename itself must survive a power cut, so the folder is flushed too.
            flush_folder(target.parent)
        except BaseException as error:
            # Also when the stream breaks off: half a file is never left behind.
            with suppress(OSError):
                scratch.unlink()
            if isinstance(error, OSError):
                raise _full_or_same(error) from error
            raise
        return size

    def put_file(self, key: str, path: Path) -> int:
        with path.open("rb") as source:
            size = self.put(key, source)
        path.unlink()
        return size

    def size(self, key: str) -> int:
        return self._file(key).stat().st_size

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        path = self._file(key)
        if not path.is_file():
            raise NotFound
        return _chunks(path, start, end)

    def local_path(self, key: str) -> Path | None:
        try:
            return self._file(key)
        except NotFound:
            return None

    def delete(self, key: str) -> None:
        with suppress(NotFound):
            self._file(key).unlink(missing_ok=True)

    def free_bytes(self) -> int | None:
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.root))
        return shutil.disk_usage(self.root).free

    def _file(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NotFound
        return path

    def _path(self, key: str) -> Path:
        if "\0" in key or any(len(os.fsencode(name)) > _LONGEST_NAME for name in key.split("/")):
            raise NotFound
        root = self.root.resolve()
        path = (root / key).resolve()
        if path == root or not path.is_relative_to(root):
            raise NotFound
        return path


def storage_of(media_url: str) -> Storage:
    """The storage a MEDIA_URL names; raises CommandFailed for a scheme we do not know."""
    parts = urlsplit(media_url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.strip("/"):
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme == "" and media_url:
        return LocalStorage(Path(media_url))
    raise CommandFailed(_("MEDIA_URL không hợp lệ: %(url)s. Hãy dùng dạng file:///đường/dẫn."), url=media_url)


def _chunks(path: Path, start: int, end: int | None) -> Iterator[bytes]:
    # Opened with the first chunk: a reader that never begins (HEAD, a closed connection) leaves nothing open.
    with path.open("rb") as file:
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            chunk = file.read(_CHUNK if left is None else min(_CHUNK, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk


def _make_folder(folder: Path) -> None:
    """A new folder is an entry of its parent, which must survive a power cut as well."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_full(error: BaseException | None) -> bool:
    """Whether the operating system says that there is no room left."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _full_or_same(error: OSError) -> Exception:
    return StorageFull() if is_full(error) else error
