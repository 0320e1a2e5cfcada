"""How much of the storage the files of a unit may take: MEDIA_QUOTA_MB, or what an operator gave this unit."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, clock
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
    return quotas_of(db, settings, [unit_id])[unit_id]


def quotas_of(db: Session, settings: Settings, unit_ids: Collection[int]) -> dict[int, Quota]:
    """`quota_of` for many at once, by unit."""
    given = select(Asset.unit_id, func.sum(Asset.size)).where(Asset.unit_id.in_(unit_ids))
    # As `keeping.weight` of each, summed in one pass.
    made = (
        select(Asset.unit_id, func.sum(Rendition.size))
        .join(Asset, Asset.id == Rendition.asset_id)
        .where(Asset.unit_id.in_(unit_ids), Rendition.storage_key != Asset.storage_key)
    )
    coming = select(Upload.unit_id, func.sum(Upload.size)).where(
        Upload.unit_id.in_(unit_ids), Upload.expires_at > clock.now(), Upload.asset_id.is_(None),
        Upload.refusal.is_(None),
    )  # fmt: skip
    used: Counter[int | None] = Counter()
    for sums, unit in ((given, Asset.unit_id), (made, Asset.unit_id), (coming, Upload.unit_id)):
        for unit_id, size in db.execute(sums.group_by(unit)):
            used[unit_id] += int(size or 0)
    own = own_limits(db, unit_ids)
    return {
        unit_id: Quota(used[unit_id], own.get(unit_id, settings.media_quota_mb) * _MB or None) for unit_id in unit_ids
    }


def own_limits(db: Session, unit_ids: Collection[int]) -> dict[int, int]:
    """Megabytes of the units that have a limit of their own, 0 for none."""
    given = select(MediaQuota.unit_id, MediaQuota.megabytes).where(MediaQuota.unit_id.in_(unit_ids))
    return dict(db.execute(given).all())


def units_with_files(db: Session) -> list[int]:
    """Units that have files, or a limit of their own."""
    having = select(Asset.unit_id).where(Asset.unit_id.is_not(None)).union(select(MediaQuota.unit_id))
    return sorted(db.scalars(having))


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


def set_quota(db: Session, unit_id: int, megabytes: int | None, *, by: int | None) -> None:
    """Give this unit a limit of its own, 0 for none; with None it follows the setting again."""
    own = db.get(MediaQuota, unit_id)
    if megabytes is None:
        if own is not None:
            db.delete(own)
    elif own is None:
        db.add(MediaQuota(unit_id=unit_id, megabytes=megabytes, set_at=clock.now()))
    else:
        own.megabytes, own.set_at = megabytes, clock.now()
    audit.record(db, "media.quota", "unit", unit_id, account_id=by, megabytes=megabytes)
    db.flush()
