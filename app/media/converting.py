"""The job that draws the pages of an office file: LibreOffice makes a PDF of it, and that is shown as any other.

Without LibreOffice, or where it fails, the file is offered to be downloaded, and its words are found all the same.
"""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete

from app.core import attachments
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.jobs import Cancelled, JobContext
from app.core.settings import get_settings
from app.media import libreoffice, pdf
from app.media.asset_jobs import copy_of, workplace
from app.media.events import DocumentReady
from app.media.files import OFFICE
from app.media.libreoffice import ConversionFailed, find_libreoffice
from app.media.models import Asset, Rendition
from app.media.office_text import words_of
from app.media.paging import PAGE_TEXTS, shelve_pages
from app.media.service import finish
from app.media.shelf import Shelf, Shelved

_ENDINGS = {one.content_type: one.ending for one in OFFICE}


def convert(context: JobContext, asset_id: int) -> dict[str, object] | None:
    """Job "media.convert": the pages of an office file, or why there are none. What is done or gone is left alone."""
    with context.database.writing() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.content_type not in _ENDINGS or (asset.state == "ready" and not asset.error):
            return None
        if asset.state != "ready":
            asset.state, asset.error = "processing", None
        db.flush()
        db.expunge(asset)
    with workplace("office", asset_id) as scratch:
        ending = _ENDINGS[asset.content_type]
        source = copy_of(context.storage, asset.storage_key, scratch / f"source{ending}")
        words: Sequence[str] = words_of(source, asset.content_type)
        original = Shelved(f"original{ending}", asset.content_type, asset.size, None, None, asset.storage_key)
        with Shelf(context.storage, asset.sha256) as shelf:
            problem = ""
            made: list[Shelved] = []
            try:
                words, made = _pages(context, shelf, asset, source, scratch)
            except (ConversionFailed, pdf.PdfInvalid) as error:
                problem = error.message
            except Cancelled:
                problem = _("Đã dừng chuyển tài liệu theo yêu cầu; tài liệu chỉ để tải về.")
            if problem:
                made = [shelf.put(PAGE_TEXTS, "text/plain", pdf.joined(words).encode())]
            with context.database.writing() as db:
                current = db.get(Asset, asset_id, with_for_update=True)
                if current is None or (current.state == "ready" and not current.error):
                    return None
                # Of an earlier try, which could only offer the file itself.
                db.execute(delete(Rendition).where(Rendition.asset_id == asset_id))
                db.expire(current, ["renditions"])
                finish(db, current, (original, *made))
                current.error = problem or None
                if not problem:
                    current.width, current.height = next((one.width, one.height) for one in made if one.width)
                emit(db, DocumentReady(asset_id, tuple(words), is_paged=not problem))
    return {"renditions": len(made), "problem": problem}


def _pages(
    context: JobContext, shelf: Shelf, asset: Asset, source: Path, scratch: Path
) -> tuple[Sequence[str], list[Shelved]]:
    settings = get_settings()
    executable = find_libreoffice(settings.libreoffice)
    if not executable:
        raise ConversionFailed(_("Máy chủ chưa có LibreOffice nên tài liệu này chỉ để tải về."))
    context.progress(0.1, _("Đang chuyển tài liệu sang PDF"))
    made = libreoffice.to_pdf(executable, source, scratch, context.beat, settings.convert_timeout_s)
    context.progress(0.7, _("Đang vẽ từng trang"))
    words, pages = shelve_pages(shelf, made, scratch, asset.file_name)
    return words, [shelf.put("document.pdf", attachments.PDF, made), *pages]
