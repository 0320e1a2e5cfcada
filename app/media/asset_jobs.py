"""What jobs that work on one asset's file have in common: a clean workplace, the file, and telling of a failure."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import AppError
from app.core.jobs import Cancelled, JobContext
from app.core.storage import Storage
from app.media.models import Asset
from app.media.processes import stop_left_over
from app.media.service import stopped_text
from app.media.shelf import scratch_folder, scratch_root


@contextmanager
def workplace(kind: str, asset_id: int) -> Iterator[Path]:
    """A scratch folder for this job; what a worker killed midway left of it goes first, its program too."""
    name = f"{kind}-{asset_id}"
    for left in scratch_root().glob(f"{name}-*"):
        stop_left_over(left)
        shutil.rmtree(left, ignore_errors=True)
    with scratch_folder(name) as scratch:
        yield scratch


def on_disk(storage: Storage, key: str, scratch: Path) -> Path:
    """The stored file as a local one: itself where the storage is a local disk, else a copy."""
    return storage.local_path(key) or copy_of(storage, key, scratch / "source")


def copy_of(storage: Storage, key: str, path: Path) -> Path:
    """A copy of the stored file under the new name `path`."""
    with path.open("xb") as file:
        file.writelines(storage.read(key))
    return path


@contextmanager
def failure_told(context: JobContext, asset_id: int) -> Iterator[None]:
    """What a person must know or mend is written to the asset; anything else is left for the queue to try again."""
    try:
        yield
    except Cancelled:
        _fail(context, asset_id, stopped_text())
        raise
    except AppError as error:
        _fail(context, asset_id, error.message)
        raise


def _fail(context: JobContext, asset_id: int, reason: str) -> None:
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is not None and asset.state != "ready":
            asset.state, asset.error = "failed", reason
