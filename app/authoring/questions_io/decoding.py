"""The text in a file, whichever program wrote it."""

import codecs

from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.text import several_lines

MOST_BYTES = 20 * 1024 * 1024


def text_of(content: bytes) -> tuple[str, bool]:
    """(text, whether its letters were guessed): UTF-8 and UTF-16 as they say they are, else Windows-1258.

    NFC, line feeds only. Raises Invalid for a file that is too large or no text.
    """
    if len(content) > MOST_BYTES:
        raise Invalid(_("Tệp quá lớn: nhiều nhất %(size)s MB."), size=MOST_BYTES // 1024 // 1024)
    guessed = False
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = content.decode("utf-16")
        else:
            text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Vietnamese Windows called “ANSI” before UTF-8; it writes tones as signs of their own.
        text, guessed = content.decode("cp1258", errors="replace"), True
    if "\0" in text:
        raise Invalid(_("Tệp này không phải tệp chữ. Hãy chọn đúng định dạng."))
    return several_lines(text), guessed
