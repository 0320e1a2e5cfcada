"""Papers people hand in: PDF, JPEG or PNG by their content, where wanted office files too. Private: sealed in the
storage, never an asset.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import PureWindowsPath

from app.core import ids
from app.core.attachments import DOCX, PDF, PPTX, XLSX
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.core.text import nfc
from app.identity.sealing import seal_file, unseal_file
from app.media import images, office
from app.media.files import HEAD_BYTES, JPEG, PNG, NotAccepted, file_type
from app.media.shelf import scratch_folder

MOST_BYTES = 10 * 1024 * 1024
# A paper is to be read, not run.
_ACTIVE = (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch")


class DocumentInvalid(Invalid):
    """The file is no paper we take; the text says what to do."""


@dataclass(frozen=True)
class Document:
    """A checked paper; `sha256` is of the file as it was handed in, so that the same file is known again."""

    content: bytes
    content_type: str
    file_name: str
    sha256: str


def check_document(content: bytes, file_name: str, *, takes_office: bool = False) -> Document:
    """Raises DocumentInvalid, ImageInvalid for a broken picture, OfficeInvalid. Pictures lose what the camera wrote
    into them.
    """
    name = nfc(PureWindowsPath(file_name.replace("/", "\\")).name)[-200:] or "tep"
    digest = hashlib.sha256(content).hexdigest()
    if len(content) > MOST_BYTES:
        raise DocumentInvalid(_("Tệp lớn hơn 10 MB. Hãy chụp hoặc quét lại ở cỡ nhỏ hơn."))
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-4096:]:
            raise DocumentInvalid(_("Tệp PDF này bị thiếu phần cuối. Hãy tải lại hoặc quét lại rồi gửi."))
        if b"/Encrypt" in content:
            raise DocumentInvalid(_("Tệp PDF này có mật khẩu nên người xem không mở được. Hãy bỏ mật khẩu rồi gửi."))
        if any(mark in content for mark in _ACTIVE):
            raise DocumentInvalid(_("Tệp PDF này chứa mã chạy được. Hãy in lại thành PDF rồi gửi."))
        return Document(content, PDF, name, digest)
    if takes_office and office.looks_like_office(content):
        return Document(content, office.check_office(content), name, digest)
    try:
        kind = file_type(content[:HEAD_BYTES], name)
    except NotAccepted:
        kind = None
    if kind not in (JPEG, PNG):
        raise DocumentInvalid(
            _("Hãy chọn tệp PDF, DOCX, XLSX, PPTX, hoặc ảnh JPG, PNG.")
            if takes_office
            else _("Hãy chọn tệp PDF, hoặc ảnh JPG, PNG.")
        )
    with scratch_folder("document") as scratch:
        path = scratch / "picture"
        path.write_bytes(content)
        picture = images.master(images.open_image(path, kind.reader, name))
    return Document(picture.data, picture.content_type, f"{name.rsplit('.', 1)[0]}.webp", digest)


ENDINGS = {
    PDF: "pdf", "image/webp": "webp", DOCX: "docx", XLSX: "xlsx", PPTX: "pptx",
}  # fmt: skip


def keep_document(storage: Storage, document: Document) -> str:
    """Store it sealed; returns its key. Raises StorageFull."""
    key = f"documents/{ids.token()}.sealed"
    storage.put(key, io.BytesIO(seal_file(document.content)))
    return key


def read_document(storage: Storage, key: str) -> bytes:
    return unseal_file(b"".join(storage.read(key)))
