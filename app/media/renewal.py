"""Making videos anew that were made with older settings: one after the other, behind whatever else waits.

There is one job for all of them. It makes one video and then waits again in the queue, so that a new upload never
stands behind a hundred old ones; killed, it goes on with the first video that is still of the old kind.
"""

import logging

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, select

from app.core import jobs
from app.core.db import Session
from app.core.errors import AppError, StorageFull
from app.core.jobs import Job, JobContext
from app.media.ladder import VERSION
from app.media.models import Asset
from app.media.transcode import transcode

log = logging.getLogger("hocso.media")

SUBJECT = "media.renew"


def order_renewal(db: Session, by: int | None = None) -> int:
    """Have all outdated videos made anew; how many there are."""
    count = count_outdated(db)
    if count:
        jobs.enqueue(db, "media.renew", subject=SUBJECT, unique_key=SUBJECT, owner=by)
    return count


def stop_renewal(db: Session) -> bool:
    """Stop after what is published already; whether anything was under way."""
    job = jobs.latest(db, SUBJECT)
    if job is None or job.state in jobs.FINISHED:
        return False
    jobs.cancel(db, job)
    return True


def count_outdated(db: Session) -> int:
    """Videos that are shown, and made with older settings."""
    return db.scalar(select(func.count(Asset.id)).where(_outdated())) or 0


def renew(context: JobContext) -> dict[str, object] | None:
    """Job "media.renew": the next outdated video; then this job once more."""
    with context.database.reading() as db:
        asset_id = db.scalar(select(Asset.id).where(_outdated(), ~_is_awaited()).order_by(Asset.id).limit(1))
    if asset_id is None:
        return None
    try:
        made = transcode(context, asset_id)
    except StorageFull:
        raise
    except AppError as error:
        # What was shown stays shown; trying the same bytes again tomorrow would end the same.
        log.warning("asset %s could not be made anew: %s", asset_id, error.message)
        made = None
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is not None:
            asset.ladder_version = VERSION
        if count_outdated(db):
            # Enqueued while it runs, it runs again.
            jobs.enqueue(db, "media.renew", subject=SUBJECT, unique_key=SUBJECT)
    return {"asset": asset_id, "renditions": made}


def _outdated() -> ColumnElement[bool]:
    return and_(Asset.kind == "video", Asset.state == "ready", Asset.ladder_version < VERSION)


def _is_awaited() -> ColumnElement[bool]:
    """A job of its own is about to make it."""
    return select(Job.id).where(Job.unique_key == literal("transcode:") + cast(Asset.id, String)).exists()
