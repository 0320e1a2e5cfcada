"""Beginning an upload, taking the whole file on as an asset, forgetting what nobody finished."""

import io
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select

from app.core import clock, ids
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, StorageFull, TooLarge
from app.core.i18n import lazy as _
from app.core.jobs import JobContext
from app.core.settings import Settings
from app.core.storage import Storage
from app.media.models import Asset
from app.media.quota import must_fit
from app.media.service import KIND_NAMES, StoredFile, add_asset, plain_name, store, too_large
from app.media.shelf import forget_marks
from app.media.uploads.models import Upload
from app.media.uploads.parts import FOLDER, Whole, arrived
from app.media.uploads.tus import Expired, Misspoken

KEPT = timedelta(days=7)
# Of one account at a time, as many as the lesson form has places: nobody fills the disk with beginnings.
MOST_UNFINISHED = 10
# While a whole file is looked at it lies in parts, in the scratch folder and on its shelf.
_COPIES = 3
_MOST_CAPTION_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Unfinished:
    """A file on its way: `arrived` of `size` bytes are here, and kept until the day `kept_until`."""

    url: str
    file_name: str
    size: int
    arrived: int
    kept_until: date


class TooManyUnfinished(Forbidden):
    title = _("Nhiều tệp đang tải dở")
    text = _(
        "Anh/chị đang có %(count)s tệp tải dở. Hãy chọn lại một trong các tệp ấy để tải nốt, hoặc bỏ bớt, rồi thử lại."
    )


class NotAllHere(Conflict):
    title = _("Tệp chưa tải xong")
    text = _("Máy chủ mới có %(arrived)s trong %(size)s byte của tệp này. Hãy tải nốt.")


class Refused(Invalid):
    """The whole file was looked at and not taken; the text is what was said then."""


def begin(
    db: Session, storage: Storage, settings: Settings, *, by: Actor, unit_id: int | None, kind: str, file_name: str,
    size: int,
) -> Upload:  # fmt: skip
    """A new upload. Raises TooLarge, TooManyUnfinished, QuotaFull, StorageFull, Misspoken for a kind there is not."""
    name = plain_name(file_name)
    if kind not in KIND_NAMES:
        raise Misspoken(header="Upload-Metadata")
    if size > (limit_bytes := most_bytes(settings, kind)):
        raise too_large(name, limit_bytes)
    if (count := len(db.execute(select(Upload.id).where(_unfinished(by))).all())) >= MOST_UNFINISHED:
        raise TooManyUnfinished(count=count)
    must_fit(db, settings, unit_id, size, name)
    free = storage.free_bytes()
    if free is not None and free < _COPIES * size:
        raise StorageFull
    now = clock.now()
    upload = Upload(
        public_id=ids.token(), account_id=by.account_id, unit_id=unit_id, kind=kind, file_name=name, size=size,
        created_at=now, expires_at=now + KEPT,
    )  # fmt: skip
    db.add(upload)
    db.flush()
    return upload


def most_bytes(settings: Settings, kind: str) -> int:
    """How large a file of this kind may be: only videos are taken on without ever being whole in memory."""
    if kind == "video":
        return settings.resumable_limit_bytes
    return _MOST_CAPTION_BYTES if kind == "caption" else settings.upload_limit_bytes


def unfinished(db: Session, storage: Storage, actor: Actor) -> list[Unfinished]:
    """What this person has on its way, the oldest first."""
    return [
        Unfinished(
            f"/uploads/{upload.public_id}", upload.file_name, upload.size, arrived(storage, upload.public_id),
            clock.day_of(upload.expires_at),
        )
        for upload in db.scalars(select(Upload).where(_unfinished(actor)).order_by(Upload.id))
    ]  # fmt: skip


def own_upload(db: Session, actor: Actor, public_id: str) -> Upload:
    """Of whoever began it; raises NotFound for anybody else, Expired."""
    upload = db.scalar(select(Upload).where(Upload.public_id == public_id, Upload.account_id == actor.account_id))
    if upload is None:
        raise NotFound
    if upload.expires_at <= clock.now():
        raise Expired
    return upload


def whole_file(storage: Storage, upload: Upload) -> StoredFile | Refused:
    """Check all that has arrived and store it as `media.service.store` does. Raises NotAllHere, StorageFull."""
    if (here := arrived(storage, upload.public_id)) < upload.size:
        raise NotAllHere(arrived=here, size=upload.size)
    stream = io.BufferedReader(Whole(storage, upload.public_id), 1024 * 1024)
    try:
        return store(storage, stream, upload.file_name, only=upload.kind, limit_bytes=upload.size)
    except (Invalid, TooLarge) as error:
        return Refused(error.message)


def settle(db: Session, public_id: str, found: StoredFile | Refused) -> Upload:
    """Write down what a whole file became, once: the second of two who looked finds it written. Raises NotFound."""
    upload = db.scalar(select(Upload).where(Upload.public_id == public_id).with_for_update())
    if upload is None:
        raise NotFound
    if upload.asset_id is None and upload.refusal is None:
        if isinstance(found, Refused):
            upload.refusal = found.message
        else:
            upload.asset_id = add_asset(db, found, by=upload.account_id, unit_id=upload.unit_id).id
        db.flush()
    return upload


def outcome(db: Session, upload: Upload) -> Asset | None:
    """The asset it became; None while nobody looked. Raises Refused."""
    if upload.refusal is not None:
        raise Refused(upload.refusal)
    return db.get_one(Asset, upload.asset_id) if upload.asset_id else None


def discard(db: Session, upload: Upload) -> None:
    """Forget it; what it became stays."""
    db.execute(delete(Upload).where(Upload.id == upload.id))


def forget_uploads(context: JobContext) -> dict[str, int]:
    """Delete uploads past their day, and parts that no unfinished upload needs: a server was killed before it could."""
    # In this order: nobody stores a part before the row of its upload is there.
    kept = {key.split("/")[1] for key in context.storage.all_keys(FOLDER)}
    with context.database.writing() as db:
        gone = db.execute(delete(Upload).where(Upload.expires_at <= clock.now()).returning(Upload.id)).all()
    with context.database.reading() as db:
        needed = set(db.scalars(select(Upload.public_id).where(~_is_over())))
    for public_id in kept - needed:
        context.storage.delete_folder(f"{FOLDER}/{public_id}")
    return {"forgotten": len(gone), "emptied": len(kept - needed), "unmarked": forget_marks(context.storage)}


def _unfinished(actor: Actor) -> ColumnElement[bool]:
    return and_(Upload.account_id == actor.account_id, Upload.expires_at > clock.now(), ~_is_over())


def _is_over() -> ColumnElement[bool]:
    return or_(Upload.asset_id.is_not(None), Upload.refusal.is_not(None))
