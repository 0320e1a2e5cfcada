"""Office files: which one it is by its content, that nothing in it runs or fetches, and that it opens to no bomb.

OOXML as ECMA-376 (DOCX, XLSX, PPTX), OpenDocument 1.3 (ODT, ODP, ODS).
"""

import io
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from app.core.attachments import DOCX, ODP, ODS, ODT, PPTX, XLSX
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
# A part this large that was packed this well holds nothing anybody drew or wrote.
_MOST_RATIO, _RATIO_FROM_BYTES = 200, 4 * 1024 * 1024
# The workbook behind a chart, and no archive within that one.
_MOST_NESTED_BYTES = 20 * 1024 * 1024
_XLINK = "{http://www.w3.org/1999/xlink}href"
# What one clicks, and the template a file was begun with; anything else that names another place is fetched by itself.
_CLICKED = ("}a", "}template")
_CODE_FOLDERS = ("basic/", "scripts/")
# Of a workbook: sheets of macros of before 1997, and what asks another file or server when it is opened.
_MACRO_SHEETS = "xl/macrosheets/"
_ASKS_OUTSIDE = ("xl/externallinks/", "xl/connections.xml", "xl/webextensions/")


class OfficeInvalid(Invalid):
    """The file cannot be taken; the text says why and what to do."""


_TOO_LARGE = _("Tệp này quá lớn khi mở ra. Hãy bớt hình, lưu lại rồi gửi.")
_RUNS = _("Tệp này chứa mã chạy được (macro) hoặc tệp nhúng. Hãy bỏ đi, lưu lại rồi gửi.")
_FETCHES = _("Tệp này tự lấy nội dung từ nơi khác khi mở. Hãy bỏ liên kết ấy, lưu lại rồi gửi.")


def looks_like_office(content: bytes) -> bool:
    return content.startswith((_SIGNATURE, _OLD_SIGNATURE))


def check_office(content: bytes) -> str:
    """The content type: DOCX, XLSX or PPTX. Raises OfficeInvalid for any other, and for what could run or fetch."""
    return _checked(io.BytesIO(content), (DOCX, XLSX, PPTX))


def check_office_file(path: Path) -> str:
    """The content type of a file for a lesson: DOCX, PPTX, XLSX, ODT, ODP or ODS. Raises as `check_office`."""
    with path.open("rb") as stream:
        return _checked(stream, (DOCX, PPTX, XLSX, ODT, ODP, ODS))


def _checked(stream: BinaryIO, takes: Collection[str]) -> str:
    if stream.read(len(_OLD_SIGNATURE)) == _OLD_SIGNATURE:
        raise OfficeInvalid(
            _("Tệp này có mật khẩu hoặc là dạng cũ (.doc, .xls, .ppt). Hãy lưu lại thành .docx, .xlsx, .pptx rồi gửi.")
        )
    try:
        with zipfile.ZipFile(stream) as archive:
            _must_be_bounded(archive)
            kind = _kind(archive)
            if kind in (ODT, ODP, ODS):
                _must_be_plain_opendocument(archive)
            else:
                _must_be_plain_ooxml(archive)
    except (zipfile.BadZipFile, etree.XMLSyntaxError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise OfficeInvalid(
            _("Tệp này bị hỏng hoặc không phải DOCX, XLSX, PPTX. Hãy mở thử, lưu lại rồi gửi.")
        ) from error
    if kind not in takes:
        raise OfficeInvalid(_("Ở đây nhận DOCX, PPTX, ODT, ODP. Hãy lưu lại dạng ấy rồi gửi."))
    return kind


def _must_be_bounded(archive: zipfile.ZipFile, *, is_nested: bool = False) -> None:
    """Bounds of size, count, ratio, and depth: an archive in it is looked into once, and may hold none."""
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(one.file_size for one in parts) > _MOST_UNPACKED_BYTES:
        raise OfficeInvalid(_TOO_LARGE)
    for one in parts:
        if one.file_size > _RATIO_FROM_BYTES and one.file_size > _MOST_RATIO * max(one.compress_size, 1):
            raise OfficeInvalid(_TOO_LARGE)
        if one.is_dir() or one.flag_bits & 1:
            continue
        with archive.open(one) as stream:
            head = stream.read(len(_SIGNATURE))
            if head != _SIGNATURE:
                continue
            if is_nested or one.file_size > _MOST_NESTED_BYTES:
                raise OfficeInvalid(_TOO_LARGE)
            with zipfile.ZipFile(io.BytesIO(head + stream.read())) as inner:
                _must_be_bounded(inner, is_nested=True)


def _kind(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "mimetype" in names:
        with archive.open("mimetype") as stream:
            said = stream.read(100).decode("ascii", "replace").strip()
        if said in (ODT, ODP, ODS):
            return said
    types = _xml(archive, "[Content_Types].xml") if "[Content_Types].xml" in names else ()
    found = {_MAIN_PARTS[said] for one in types if (said := one.get("ContentType", "")) in _MAIN_PARTS}
    if len(found) != 1:
        raise OfficeInvalid(_("Tệp này không phải DOCX, XLSX, PPTX, hoặc có macro. Hãy lưu lại dạng ấy rồi gửi."))
    return found.pop()


def _must_be_plain_ooxml(archive: zipfile.ZipFile) -> None:
    for one in archive.infolist():
        name = one.filename.lower()
        # Macros, controls, and packed files of other programs, which open with a click.
        if name.endswith(".bin") and ("vba" in name or "/activex/" in name or "/embeddings/" in name):
            raise OfficeInvalid(_RUNS)
        if name.startswith(_MACRO_SHEETS):
            raise OfficeInvalid(_RUNS)
        if name.startswith(_ASKS_OUTSIDE):
            raise OfficeInvalid(_FETCHES)
        # Whether a part relates to something outside of the file, but for links that one clicks.
        if name.endswith(".rels") and any(
            link.get("TargetMode") == "External" and not link.get("Type", "").endswith("/hyperlink")
            for link in _xml(archive, one.filename)
        ):
            raise OfficeInvalid(_FETCHES)


def _must_be_plain_opendocument(archive: zipfile.ZipFile) -> None:
    names = {one.lower(): one for one in archive.namelist()}
    if any(name.startswith(_CODE_FOLDERS) and not name.endswith("/") for name in names):
        raise OfficeInvalid(_RUNS)
    manifest = names.get("meta-inf/manifest.xml")
    if manifest and any(True for _one in _xml(archive, manifest).iter("{*}encryption-data")):
        raise OfficeInvalid(_("Tệp này có mật khẩu. Hãy bỏ mật khẩu, lưu lại rồi gửi."))
    for name, part in names.items():
        if not name.endswith((".xml", ".rdf")) or name.startswith("meta-inf/"):
            continue
        with archive.open(part) as stream:
            for _event, element in etree.iterparse(stream, resolve_entities=False, no_network=True, load_dtd=False):
                if str(element.tag).endswith("}event-listener"):
                    raise OfficeInvalid(_RUNS)
                if str(element.tag).endswith("}dde-source"):
                    raise OfficeInvalid(_FETCHES)
                place = str(element.get(_XLINK, ""))
                if not str(element.tag).endswith(_CLICKED) and _leads_out(place):
                    raise OfficeInvalid(_FETCHES)
                element.clear()


def _leads_out(place: str) -> bool:
    """An address with a scheme, or of the machine's own disk; what lies in the file has a relative one."""
    return not place.startswith("#") and (":" in place.split("/", 1)[0] or place.startswith(("/", "\\", "..")))


def _xml(archive: zipfile.ZipFile, name: str) -> "etree._Element":
    with archive.open(name) as stream:
        content = stream.read(_LONGEST_PART)
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
