"""The paper behind a decision, a payment or an activity: checked, and stored before the transaction that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import UploadFile

from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.core.web import Response
from app.coverage.planning.models import WithPaper
from app.media.documents import ENDINGS, MOST_BYTES, check_document, keep_document, read_document

# Columns of WithPaper, by name; empty without a paper.
Paper = dict[str, Any]


@contextmanager
def kept_paper(files: Storage, upload: UploadFile | None) -> Iterator[Paper]:
    """Raises Invalid at the field `paper`. What was stored is gone again if the block fails."""
    if upload is None or not upload.filename:
        yield {}
        return
    try:
        document = check_document(upload.file.read(MOST_BYTES + 1), upload.filename)
    except Invalid as error:
        raise Invalid(fields={"paper": error.message}) from error
    key = keep_document(files, document)
    try:
        yield {
            "file_name": document.file_name, "content_type": document.content_type, "sha256": document.sha256,
            "storage_key": key,
        }  # fmt: skip
    except BaseException:
        files.delete(key)
        raise


def send_paper(files: Storage, row: WithPaper, name: str) -> Response:
    """The paper, to save; `name` without its ending. Raises NotFound where there is none."""
    if not row.storage_key:
        raise NotFound(_("Dòng này không kèm tệp."))
    return attachment(read_document(files, row.storage_key), f"{name}.{ENDINGS[row.content_type]}", row.content_type)
