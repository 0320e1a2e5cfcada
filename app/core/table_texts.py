"""Tables as plain text (CSV, TSV) as Excel and others save them: encoding and separator told from the bytes."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from app.core.errors import Invalid
from app.core.i18n import lazy as _

_SEPARATORS = "\t;,"
_LOOKED_AT = 50
# Excel shows no more columns than these either way; rows are padded to the widest.
_MOST_COLUMNS = 1_000
_NEVER_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MARKED = re.compile(r"[^\x00-\x7f]")
_VIETNAMESE = frozenset("àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ–—“”‘’…•°₫")
_SURELY_VIETNAMESE = re.compile(r"\b(?:họ (?:và )?tên|ngày sinh|năm sinh|đơn vị)\b")
_UNKNOWN_LETTERS = _(
    "Chữ trong tệp dùng bảng mã cũ (TCVN3, VNI hoặc khác) nên không đọc chắc chắn được. Hãy mở tệp bằng Excel,"
    " chuyển chữ sang Unicode rồi lưu lại dạng .xlsx hoặc “CSV UTF-8”."
)


def text_rows(content: bytes) -> Iterator[list[str | None]]:
    """The rows of a table in plain text, all of one width, empty cells None.

    UTF-8, UTF-16 with its mark, and Windows-1258 where the words prove it; separated by tabs, semicolons or commas.
    Raises Invalid for text of other letters, and ValueError for what is no table at all.
    """
    text = _decoded(content)
    if _NEVER_IN_TEXT.search(text) or text.lstrip()[:1] in ("", "<", "{", "%"):
        raise ValueError("no table in plain text")
    separator = _separator(text)
    try:
        width = max(map(len, _parsed(text, separator)))
        if width > _MOST_COLUMNS:
            raise Invalid(_("Tệp có quá nhiều cột. Hãy chỉ giữ danh sách cần nhập rồi lưu lại."))
        if width < 2:
            raise ValueError("one column is no table")
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return ([cell.strip() or None for cell in row] + [None] * (width - len(row)) for row in _parsed(text, separator))


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(content, "utf-16") or ""
    text = _strictly(content, "utf-8-sig")
    if text is not None:
        return text
    if b"\0" in content:
        raise ValueError("not text")
    old = unicodedata.normalize("NFC", _strictly(content, "cp1258") or "")
    # Any bytes mean something in that encoding; in those of old fonts they would not be these words and letters.
    if _SURELY_VIETNAMESE.search(old.lower()) and set(_MARKED.findall(old.lower())) <= _VIETNAMESE:
        return old
    raise Invalid(_UNKNOWN_LETTERS)


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _separator(text: str) -> str:
    """The one that makes most cells in the first lines; a comma within names makes fewer."""

    def cells(separator: str) -> int:
        try:
            return sum(len(row) - 1 for row in islice(_parsed(text, separator), _LOOKED_AT))
        except csv.Error:
            return 0

    return max(_SEPARATORS, key=cells)


def _parsed(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)
