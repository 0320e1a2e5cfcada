"""Files under one folder of this machine."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from app.core import ids
from app.core.errors import NotFound, StorageFull
from app.core.storage.port import checked_key, is_full

_CHUNK = 1024 * 1024


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
        return _chunks(self._file(key), start, end)

    def signed_place(self, key: str, lasting: timedelta) -> None:
        return None

    def local_path(self, key: str) -> Path | None:
        try:
            return self._file(key)
        except NotFound:
            return None

    def delete(self, key: str) -> None:
        with suppress(NotFound):
            self._file(key).unlink(missing_ok=True)

    def delete_folder(self, folder: str) -> None:
        shutil.rmtree(self._path(folder), ignore_errors=True)

    def all_keys(self, folder: str = "") -> Iterator[str]:
        start = self.root / checked_key(folder) if folder else self.root
        for place, folders, names in os.walk(start):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    yield (Path(place) / name).relative_to(self.root).as_posix()

    def free_bytes(self) -> int | None:
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.root))
        return shutil.disk_usage(self.root).free

    def check(self) -> None:
        self.free_bytes()

    def _file(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NotFound
        return path

    def _path(self, key: str) -> Path:
        root = self.root.resolve()
        path = (root / checked_key(key)).resolve()
        if path == root or not path.is_relative_to(root):
            raise NotFound
        return path


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


def _full_or_same(error: OSError) -> Exception:
    return StorageFull() if is_full(error) else error
