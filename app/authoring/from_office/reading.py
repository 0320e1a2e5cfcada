"""What reading an office file gives, and how its words become the text of a lesson."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.i18n import gettext as _
from app.core.text import nfc

# Pictures a browser shows; Windows' own drawings (EMF, WMF) are not.
PICTURE_ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp",
}  # fmt: skip
_FILE_NAME = re.compile(r"\.(png|jpe?g|gif|webp|bmp|tiff?|emf|wmf)$", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
_OPENS_BLOCK = re.compile(r"^(#|\+|-|=|~|:::|\d+[.)](?=\s))")


@dataclass(frozen=True)
class Picture:
    """The bytes of a picture, and what its author said it shows."""

    content: bytes
    alt: str


@dataclass(frozen=True)
class Piece:
    """One lesson to be: its text names its pictures."""

    title: str
    markdown: str
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """A whole file; `notes` say what could not be taken along."""

    pieces: Sequence[Piece]
    notes: Sequence[str] = ()


def lost_note(count: int) -> tuple[str, ...]:
    """What to tell of pictures no browser shows."""
    told = _("%(count)s hình vẽ kiểu Windows (EMF, WMF) không chuyển được: hãy chụp lại rồi chèn.", count=count)
    return (told,) if count else ()


def described(alt: str) -> str:
    """What a picture is said to show; programs that ask for no words put the file's name there."""
    alt = nfc(" ".join(alt.split()))
    return "" if _FILE_NAME.search(alt) else alt


def said(text: str) -> str:
    """Words that mean nothing but themselves in a lesson's text."""
    return _SPECIAL.sub(r"\\\1", text)


def as_paragraph(text: str) -> str:
    """A line of text that opens no heading, list or box by accident."""
    return _OPENS_BLOCK.sub(lambda found: _escaped(found.group()), text)


def figure(name: str, alt: str) -> str:
    return f"![{said(' '.join(alt.split()))}]({name})"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a table; the first row is its head."""
    width = max(map(len, rows))
    lines = [[cell.replace("|", "\\|") for cell in (*row, *[""] * (width - len(row)))] for row in rows]
    return "\n".join(
        f"| {' | '.join(line)} |" for line in (lines[0], ["---"] * width, *lines[1:])
    )  # fmt: skip


def _escaped(opening: str) -> str:
    return f"{opening[:-1]}\\{opening[-1]}" if opening[0].isdigit() else f"\\{opening}"
