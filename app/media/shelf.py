"""Where the bytes of assets lie in the storage: by the hash of their content, so nothing is ever overwritten."""

import errno
import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from app.core import clock, ids
from app.core.errors import NotFound, StorageFull
from app.core.settings import get_settings
from app.core.storage import Storage

FOLDER = "assets"
# One small file for each source somebody has just put here, or found here: its rows may be still to come.
_MARKS = "shelving"
_MARKED_FOR = timedelta(days=1)
_RESERVE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Shelved:
    """One stored file that can be served; `storage_key` always means the same bytes."""

    name: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    storage_key: str


@dataclass
class Shelf:
    """Puts the files of one source; used as a context, it takes back what was new when the disk turns out full.

    That is said as StorageFull, whoever noticed it.
    """

    storage: Storage
    sha256: str
    _new: list[str] = field(default_factory=list)
    _is_marked: bool = False

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Other errors leave the bytes for the next try: they lie under their own hash and take no one's place.
        if not isinstance(error, StorageFull | OSError):
            return
        for key in self._new:
            self.storage.delete(key)
        if isinstance(error, OSError) and is_full(error):
            raise StorageFull from error

    def put_source(self, source: Path | bytes) -> str:
        """Store the file itself; returns its key."""
        return self._put(f"{self._folder}/source", source)

    def put(
        self, name: str, content_type: str, source: Path | bytes, width: int | None = None, height: int | None = None
    ) -> Shelved:
        """Store something made from the source, to be served as `name`."""
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        key = self._put(f"{self._folder}/{_digest(source)[:16]}-{name}", source)
        return Shelved(name, content_type, size, width, height, key)

    @property
    def _folder(self) -> str:
        return f"{FOLDER}/{self.sha256[:2]}/{self.sha256}"

    def _put(self, key: str, source: Path | bytes) -> str:
        # Before we look what is there: a clean-up leaves what is marked alone (sweeping.py).
        if not self._is_marked:
            mark(self.storage, self.sha256)
            self._is_marked = True
        try:
            self.storage.size(key)
            return key
        except NotFound:
            pass
        with _opened(source) as stream:
            size = source.stat().st_size if isinstance(source, Path) else len(source)
            free = self.storage.free_bytes()
            if free is not None and free < size + _RESERVE_BYTES:
                raise StorageFull
            self._new.append(key)
            self.storage.put(key, stream)
        return key


def mark(storage: Storage, sha256: str) -> None:
    """Keep a clean-up away from the files of this source for a day. Raises as `Storage.put`."""
    storage.put(f"{_MARKS}/{sha256}", io.BytesIO(clock.now().isoformat().encode()))


def is_marked(storage: Storage, sha256: str) -> bool:
    try:
        since = datetime.fromisoformat(b"".join(storage.read(f"{_MARKS}/{sha256}")).decode())
    except NotFound:
        return False
    return clock.now() - since < _MARKED_FOR


def forget_marks(storage: Storage) -> int:
    """Remove the marks of former days; how many."""
    old = [key for key in storage.all_keys(_MARKS) if not is_marked(storage, key.rsplit("/", 1)[-1])]
    for key in old:
        storage.delete(key)
    return len(old)


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """An empty folder of our own under DATA_DIR/scratch, gone afterwards."""
    folder = scratch_root() / f"{name}-{ids.token(48)}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        if is_full(error):
            raise StorageFull from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_root() -> Path:
    return get_settings().data_dir / "scratch"


def is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def sha256_of(path: Path) -> str:
    return _digest(path)


def _digest(source: Path | bytes) -> str:
    with _opened(source) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _opened(source: Path | bytes) -> io.BufferedReader | io.BytesIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
