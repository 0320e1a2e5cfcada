"""How what a transcode made comes to be shown: all of it at once, at addresses that never change what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import delete, select

from app.core import clock, jobs
from app.core.db import Session
from app.core.events import emit
from app.core.jobs import JobContext
from app.media.events import AssetReady
from app.media.ladder import VERSION, name_of_version
from app.media.models import Asset, Rendition
from app.media.probe import VideoInfo
from app.media.service import rendition
from app.media.shelf import Shelved

# Longer than anybody watches one video, and than files just put on the shelf are left alone (shelf.py).
_STILL_SERVED = timedelta(hours=26)


def is_made(asset: Asset) -> bool:
    """Whether everything of today's settings has been made of a video."""
    return asset.state == "ready" and asset.ladder_version >= VERSION


@dataclass(frozen=True)
class Names:
    """What files made for an asset may be called: no address ever meant, or will mean, other bytes.

    `there`: what was made before, its storage keys by name.
    """

    there: Mapping[str, str]
    is_first: bool

    def of(self, file: Shelved) -> Shelved:
        """The file under its own name, or else under one that says which settings made it."""
        for name, key in self.there.items():
            if key == file.storage_key:
                return replace(file, name=name)
        if self.is_first and file.name not in self.there:
            return file
        return replace(file, name=name_of_version(file.name, VERSION))


def names_for(db: Session, asset: Asset) -> Names:
    """The names still free."""
    made = select(Rendition.name, Rendition.storage_key).where(Rendition.asset_id == asset.id)
    return Names(dict(db.execute(made).all()), is_first=asset.ladder_version == 0)


def publish(db: Session, asset: Asset, made: Sequence[Shelved], video: VideoInfo) -> None:
    """Show what a transcode made, under names of `names_for`, instead of all that was shown until now.

    That is still served for a day, to those who are watching it; then a job deletes it.
    """
    was_shown = asset.state == "ready"
    asset.width, asset.height, asset.duration_s = video.width, video.height, video.duration_s
    asset.state, asset.error, asset.ladder_version = "ready", None, VERSION
    there = {row.name: row for row in db.scalars(select(Rendition).where(Rendition.asset_id == asset.id))}
    named = {file.name for file in made}
    for name, row in there.items():
        row.replaced_at = None if name in named else row.replaced_at or clock.now()
    asset.renditions += [rendition(file) for file in made if file.name not in there]
    db.flush()
    db.expire(asset, ["renditions"])
    if there.keys() - named:
        jobs.enqueue(db, "media.forget_replaced", delay=_STILL_SERVED, asset_id=asset.id)
    if not was_shown:
        emit(db, AssetReady(asset.id))


def forget_replaced(context: JobContext, asset_id: int) -> dict[str, object]:
    """Job "media.forget_replaced": nobody watches the old files of a video any more; the sweep deletes what is left."""
    with context.database.writing() as db:
        replaced = Rendition.replaced_at < clock.now() - _STILL_SERVED + timedelta(hours=1)
        gone = db.scalars(
            delete(Rendition).where(Rendition.asset_id == asset_id, replaced).returning(Rendition.name)
        ).all()
        asset = db.get(Asset, asset_id)
        if gone and asset is not None:
            jobs.enqueue(db, "media.sweep", unique_key=f"sweep:{asset.sha256}", sha256=asset.sha256)
    return {"forgotten": sorted(gone)}
