"""Office files (DOCX, XLSX, PPTX): which one it is by its content, and that nothing in it runs or fetches."""

import io
import zipfile

from lxml import etree

from app.core.attachments import DOCX, PPTX, XLSX
from app.core.errors import Invalid
from app.core.i18n import lazy as _

# The type a file gives its main part; those with macros name another.
_MAIN_PARTS = {
    f"{DOCX}.main+xml": DOCX, f"{XLSX}.main+xml": XLSX, f"{PPTX}.main+xml": PPTX,
}  # fmt: skip
_SIGNATURE = b"PK\x03\x04"
# Word, Excel and PowerPoint until 2003, and of any later one what has a password.
_OLD_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_PARTS = 5000
_MOST_UNPACKED_BYTES = 200 * 1024 * 1024
_LONGEST_PART = 4 * 1024 * 1024


class OfficeInvalid(Invalid):
    """The file cannot be taken; the text says why and what to do."""


def looks_like_office(content: bytes) -> bool:
    return content.startswith((_SIGNATURE, _OLD_SIGNATURE))


def check_office(content: bytes) -> str:
    """The content type: DOCX, XLSX or PPTX. Raises OfficeInvalid for any other, and for what could run or fetch."""
    if content.startswith(_OLD_SIGNATURE):
        raise OfficeInvalid(
            _("Tệp này có mật khẩu hoặc là dạng cũ (.doc, .xls, .ppt). Hãy lưu lại thành .docx, .xlsx, .pptx rồi gửi.")
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _check(archive)
    except (zipfile.BadZipFile, etree.XMLSyntaxError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise OfficeInvalid(
            _("Tệp này bị hỏng hoặc không phải DOCX, XLSX, PPTX. Hãy mở thử, lưu lại rồi gửi.")
        ) from error


def _check(archive: zipfile.ZipFile) -> str:
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(one.file_size for one in parts) > _MOST_UNPACKED_BYTES:
        raise OfficeInvalid(_("Tệp này quá lớn khi mở ra. Hãy bớt hình, lưu lại rồi gửi."))
    kind = _kind(archive)
    for one in parts:
        name = one.filename.lower()
        # Macros, controls, and packed files of other programs, which open with a click.
        if name.endswith(".bin") and ("vba" in name or "/activex/" in name or "/embeddings/" in name):
            raise OfficeInvalid(_("Tệp này chứa mã chạy được (macro) hoặc tệp nhúng. Hãy bỏ đi, lưu lại rồi gửi."))
        if name.endswith(".rels") and _fetches(archive, one):
            raise OfficeInvalid(_("Tệp này tự lấy nội dung từ nơi khác khi mở. Hãy bỏ liên kết ấy, lưu lại rồi gửi."))
    return kind


def _kind(archive: zipfile.ZipFile) -> str:
    try:
        types = _xml(archive, archive.getinfo("[Content_Types].xml"))
    except KeyError:
        types = ()
    found = {_MAIN_PARTS[said] for one in types if (said := one.get("ContentType", "")) in _MAIN_PARTS}
    if len(found) != 1:
        raise OfficeInvalid(_("Tệp này không phải DOCX, XLSX, PPTX, hoặc có macro. Hãy lưu lại dạng ấy rồi gửi."))
    return found.pop()


def _fetches(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part relates to something outside of the file, but for links that one clicks."""
    return any(
        one.get("TargetMode") == "External" and not one.get("Type", "").endswith("/hyperlink")
        for one in _xml(archive, part)
    )


def _xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> "etree._Element":
    with archive.open(part) as stream:
        content = stream.read(_LONGEST_PART)
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
