"""Background work on requests: making copies, erasing people, forgetting copies nobody fetched."""

import io
from datetime import timedelta

from sqlalchemy import select

from app.core import clock, ids
from app.core.i18n import lazy
from app.core.jobs import JobContext, JobFunction
from app.identity import sealing
from app.identity.models import Person
from app.privacy import copies, erasing, service
from app.privacy.models import PrivacyRequest

COPY_KEPT = timedelta(days=7)


def make_copy(context: JobContext, request_id: int) -> dict[str, int]:
    """Pack all there is about the person; a copy that was made is not made again. It lies sealed in the storage."""
    with context.database.reading() as db:
        request = db.get_one(PrivacyRequest, request_id)
        if request.state != "granted":
            return {}
        content = copies.pack(
            db.get_one(Person, request.person_id).name, copies.collect(db, request.person_id)
        )  # fmt: skip
    key = f"privacy/{ids.token()}.sealed"
    context.storage.put(key, io.BytesIO(sealing.seal_file(content)))
    with context.database.writing() as db:
        request = db.get_one(PrivacyRequest, request_id, with_for_update=True)
        is_wanted = request.state == "granted"
        if is_wanted:
            request.files, request.size = [key], len(content)
            request.state, request.done_at = "done", clock.now()
            service.tell(db, request, "done", lazy("Bản sao dữ liệu của anh/chị đã sẵn sàng để tải về trong 7 ngày."))
    if not is_wanted:
        context.storage.delete(key)
    return {"size": len(content)}


def erase(context: JobContext, request_id: int) -> dict[str, int]:
    """Remove who the person is from every domain, for good."""
    return {"files": erasing.carry_out(context.database, context.storage, request_id, context.beat)}


def forget_copies(context: JobContext) -> dict[str, int]:
    """A copy is not kept for longer than a week; that it was given stays."""
    old = (PrivacyRequest.kind == "copy") & (PrivacyRequest.done_at < clock.now() - COPY_KEPT)
    with context.database.reading() as db:
        found = db.execute(
            select(PrivacyRequest.id, PrivacyRequest.files).where(old, PrivacyRequest.size.is_not(None))
        ).all()
    for request_id, files in found:
        for key in files:
            context.storage.delete(key)
        with context.database.writing() as db:
            request = db.get_one(PrivacyRequest, request_id)
            request.files, request.size = [], None
    return {"forgotten": len(found)}


JOBS: dict[str, JobFunction] = {
    "privacy.make_copy": make_copy,
    "privacy.erase": erase,
    "privacy.forget_copies": forget_copies,
}
