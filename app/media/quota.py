"""How much of the storage the files of a unit may take: MEDIA_QUOTA_MB, or what an operator gave this unit."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import TooLarge
from app.core.i18n import lazy as _
from app.core.settings import Settings
from app.core.templating import format_filesize
from app.media.models import Asset, MediaQuota, Rendition
from app.media.uploads.models import Upload

_MB = 1024 * 1024


class QuotaFull(TooLarge):
    """The unit has no room left for this file; the text says how much there is."""

    title = _("Đơn vị hết chỗ chứa tệp")
    text = _(
        "Tệp “%(file)s” nặng %(size)s, đơn vị chỉ còn %(left)s trong %(limit)s. Hãy xóa tệp không dùng trong Kho tệp,"
        " hoặc đề nghị người vận hành cấp thêm."
    )


@dataclass(frozen=True)
class Quota:
    """Bytes used, all that was made of files included and what is on its way; `limit` is None where there is none."""

    used: int
    limit: int | None

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.used, 0)


def quota_of(db: Session, settings: Settings, unit_id: int) -> Quota:
    """Each asset counts once, at the unit it belongs to, wherever it is used."""
    given = db.scalar(select(func.sum(Asset.size)).where(Asset.unit_id == unit_id))
    # As `keeping.weight` of each, summed in one pass.
    made = db.scalar(
        select(func.sum(Rendition.size))
        .join(Asset, Asset.id == Rendition.asset_id)
        .where(Asset.unit_id == unit_id, Rendition.storage_key != Asset.storage_key)
    )
    coming = db.scalar(
        select(func.sum(Upload.size)).where(
            Upload.unit_id == unit_id, Upload.expires_at > clock.now(), Upload.asset_id.is_(None),
            Upload.refusal.is_(None),
        )
    )  # fmt: skip
    return Quota(sum(int(one or 0) for one in (given, made, coming)), limit_of(db, settings, unit_id))


def limit_of(db: Session, settings: Settings, unit_id: int) -> int | None:
    """Bytes; None for no limit, which 0 says in either place."""
    own = db.get(MediaQuota, unit_id)
    megabytes = settings.media_quota_mb if own is None else own.megabytes
    return megabytes * _MB or None


def must_fit(db: Session, settings: Settings, unit_id: int | None, size: int, file_name: str) -> None:
    """Raises QuotaFull when a file of that many bytes is more than the unit has left."""
    if unit_id is None:
        return
    quota = quota_of(db, settings, unit_id)
    if quota.left is not None and size > quota.left:
        raise QuotaFull(
            file=file_name, size=format_filesize(size), left=format_filesize(quota.left),
            limit=format_filesize(quota.limit),
        )  # fmt: skip


def set_quota(db: Session, unit_id: int, megabytes: int | None) -> None:
    """Give this unit a limit of its own, 0 for none; with None it follows the setting again."""
    own = db.get(MediaQuota, unit_id)
    if megabytes is None:
        if own is not None:
            db.delete(own)
    elif own is None:
        db.add(MediaQuota(unit_id=unit_id, megabytes=megabytes, set_at=clock.now()))
    else:
        own.megabytes, own.set_at = megabytes, clock.now()
    db.flush()
