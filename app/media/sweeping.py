"""Cleaning up: assets nobody uses, and stored files no row names. Safe beside uploads and transcodes that run.

A file lies in the folder of its source's hash. Whoever puts one there, or finds it there, marks the hash first
(shelf.py), and the rows that name it follow within seconds; so a sweep looks for rows, then for the mark, then deletes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.db import Database
from app.core.errors import NotFound
from app.core.jobs import JobContext
from app.core.storage import Storage
from app.media.keeping import forget, is_kept, kept_otherwise, weight
from app.media.models import Asset, Rendition
from app.media.shelf import FOLDER, is_marked

_AT_ONCE = 200

One = TypeVar("One")


@dataclass(frozen=True)
class Unused:
    """An asset nobody uses; `size` in bytes, renditions included."""

    asset_id: int
    file_name: str
    size: int


@dataclass(frozen=True)
class Stray:
    """A stored file no row names."""

    key: str
    size: int


def unused_assets(db: Session, older_than: timedelta) -> Iterator[Unused]:
    """Assets that are older, done with, and named by nothing; the oldest first."""
    kept = kept_otherwise(db)
    rows = db.execute(
        select(Asset.id, Asset.file_name, weight())
        .where(Asset.created_at < clock.now() - older_than, Asset.state.in_(("ready", "failed")), ~is_kept())
        .order_by(Asset.id)
    )
    return (Unused(*row) for row in rows if row[0] not in kept)


def delete_unused(
    database: Database, storage: Storage, found: Iterable[Unused], tell: Callable[[int], None]
) -> list[Unused]:
    """Delete those of `found` that are still unused, a few in each transaction, and their files after it.

    `tell` hears how many were looked at.
    """
    gone: list[Unused] = []
    seen = 0
    for some in _some_at_once(found):
        with database.writing() as db:
            kept = kept_otherwise(db)
            wanted = [one.asset_id for one in some if one.asset_id not in kept]
            rows = db.execute(
                select(Asset.id, Asset.sha256).where(Asset.id.in_(wanted), ~is_kept()).with_for_update(of=Asset)
            )
            hashes = dict(rows.all())
            forget(db, list(hashes))
            for one in some:
                if one.asset_id in hashes:
                    audit.record(db, "asset.sweep", "asset", one.asset_id, file=one.file_name)
        gone += [one for one in some if one.asset_id in hashes]
        for sha256 in set(hashes.values()):
            _sweep_folder(database, storage, sha256)
        tell(seen := seen + len(some))
    return gone


def stray_files(database: Database, storage: Storage, tell: Callable[[int], None]) -> Iterator[Stray]:
    """Files of assets that no row names and nobody has just put there; `tell` hears how many were looked at."""
    seen = 0
    for keys in _some_at_once(storage.all_keys(FOLDER)):
        yield from _strays(database, storage, keys)
        tell(seen := seen + len(keys))


def sweep(context: JobContext, sha256: str) -> Mapping[str, int]:
    """Job "media.sweep": the files of a source whose last asset was deleted."""
    return {"deleted": _sweep_folder(context.database, context.storage, sha256)}


def _sweep_folder(database: Database, storage: Storage, sha256: str) -> int:
    strays = list(_strays(database, storage, list(storage.all_keys(f"{FOLDER}/{sha256[:2]}/{sha256}"))))
    for stray in strays:
        storage.delete(stray.key)
    return len(strays)


def _strays(database: Database, storage: Storage, keys: Iterable[str]) -> Iterator[Stray]:
    by_hash: dict[str, list[str]] = {}
    for key in keys:
        parts = key.split("/")
        if len(parts) == 4:  # assets/ab/{hash}/{name}
            by_hash.setdefault(parts[2], []).append(key)
    with database.reading() as db:
        sources = select(Asset.storage_key).where(Asset.sha256.in_(by_hash))
        made = select(Rendition.storage_key).join(Asset, Asset.id == Rendition.asset_id)
        named = {*db.scalars(sources), *db.scalars(made.where(Asset.sha256.in_(by_hash)))}
    for sha256, theirs in by_hash.items():
        strays = [key for key in theirs if key not in named]
        if not strays or is_marked(storage, sha256):
            continue
        for key in strays:
            try:
                yield Stray(key, storage.size(key))
            except NotFound:
                continue


def _some_at_once(all_of_them: Iterable[One]) -> Iterator[list[One]]:
    left = iter(all_of_them)
    while some := list(islice(left, _AT_ONCE)):
        yield some
