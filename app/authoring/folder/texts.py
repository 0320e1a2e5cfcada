"""Text files of a course folder: UTF-8 without a mark, NFC, of a size a person writes."""

import unicodedata
from pathlib import Path

from app.authoring.folder.problems import Findings
from app.core.i18n import gettext as _

MAX_BYTES = 1024 * 1024


def read_text(path: Path, file: str, findings: Findings) -> str | None:
    """The text with its line ends as they are; None, with a finding, if it cannot be used at all."""
    if path.stat().st_size > MAX_BYTES:
        findings.add(file, 1, _("Tệp chữ lớn quá 1 MB."))
        return None
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.add(file, line, _("Chữ không ở dạng UTF-8. Hãy lưu lại tệp với mã hóa UTF-8."))
        return None
    if text.startswith("\ufeff"):
        findings.add(file, 1, _("Tệp bắt đầu bằng dấu BOM. Hãy lưu lại dạng “UTF-8” (không BOM)."))
        return None
    if "\0" in text:
        findings.add(
            file, text.count("\n", 0, text.index("\0")) + 1, _("Tệp chứa ký tự rỗng (NUL), không phải tệp chữ.")
        )
        return None
    for number, line_text in enumerate(text.split("\n"), start=1):
        if not unicodedata.is_normalized("NFC", line_text):
            findings.add(
                file,
                number,
                _("Chữ có dấu chưa ở dạng dựng sẵn (NFC). Hãy gõ lại, hoặc chọn bảng mã Unicode dựng sẵn."),
            )
            break
    return text
