"""What keeps an asset from being deleted, and what it weighs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, cast, delete, exists, false, func, or_, select, update
from sqlalchemy.orm import Session

from app.core import audit, jobs
from app.core.db import Base
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.media.models import Asset, Rendition
from app.media.service import subject
from app.media.uploads.models import Upload

# Who names assets in no column of their own, as question banks do: gives the ids. main.wire() sets it.
Keeper = Callable[[Session], Iterable[int]]
_keepers: Sequence[Keeper] = ()
# Longer than files that were just put on the shelf are left alone (shelf.py).
_FILES_STAY = timedelta(hours=26)
# These go with the asset.
_NO_KEEPERS = frozenset({Rendition.__tablename__})


class AssetInUse(Conflict):
    """Somebody else's work shows it; the text says so."""

    title = _("Tệp đang được dùng")
    text = _("Tệp này đang được dùng nên không xóa được. Hãy bỏ nó khỏi những nơi dùng rồi xóa.")


def wire_keepers(keepers: Sequence[Keeper]) -> None:
    global _keepers
    _keepers = tuple(keepers)


def is_kept(*, by_uploads: bool = True) -> ColumnElement[bool]:
    """Assets that a row of any table names: every foreign key to assets counts, of tables to come as well.

    `by_uploads`: the row of an upload counts too, which for a week tells the browser what its file became.
    """
    others = _NO_KEEPERS if by_uploads else _NO_KEEPERS | {Upload.__tablename__}
    columns = [
        key.parent
        for table in Base.metadata.tables.values()
        if table.name not in others
        for key in table.foreign_keys
        if key.column.table.name == Asset.__tablename__
    ]
    return or_(false(), *(exists().where(column == Asset.id) for column in columns))


def kept_otherwise(db: Session) -> set[int]:
    """Assets named by what has no foreign key; one query for each keeper."""
    return {asset_id for keeper in _keepers for asset_id in keeper(db)}


def is_used(db: Session, asset: Asset) -> bool:
    """Whether anything but an upload's row names it."""
    named = db.scalar(select(Asset.id).where(Asset.id == asset.id, is_kept(by_uploads=False)))
    return named is not None or asset.id in kept_otherwise(db)


def delete_asset(db: Session, asset: Asset, *, by: int | None) -> None:
    """Forget an asset nobody uses; a job deletes its files the next day. Raises AssetInUse."""
    db.refresh(asset, with_for_update=True)
    if is_used(db, asset):
        raise AssetInUse
    if job := jobs.latest(db, subject(asset.id)):
        jobs.cancel(db, job)
    audit.record(db, "asset.delete", "asset", asset.id, account_id=by, file=asset.file_name, sha256=asset.sha256)
    jobs.enqueue(db, "media.sweep", unique_key=f"sweep:{asset.sha256}", delay=_FILES_STAY, sha256=asset.sha256)
    forget(db, [asset.id])


def forget(db: Session, asset_ids: Sequence[int]) -> None:
    """Delete the rows of assets and what goes with them; the files stay for a sweep (sweeping.py)."""
    db.execute(update(Asset).where(Asset.replaces_id.in_(asset_ids)).values(replaces_id=None))
    db.execute(delete(Upload).where(Upload.asset_id.in_(asset_ids)))
    db.execute(delete(Rendition).where(Rendition.asset_id.in_(asset_ids)))
    db.execute(delete(Asset).where(Asset.id.in_(asset_ids)))
    db.expire_all()


def weight() -> ColumnElement[int]:
    """Bytes of an asset with all that was made from it; a rendition that is the source itself weighs nothing more."""
    made = (
        select(func.coalesce(func.sum(Rendition.size), 0))
        .where(and_(Rendition.asset_id == Asset.id, Rendition.storage_key != Asset.storage_key))
        .correlate(Asset)
        .scalar_subquery()
    )
    # PostgreSQL sums whole numbers to decimals.
    return cast(Asset.size + made, BigInteger)
