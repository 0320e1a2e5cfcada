"""A process of its own that draws the pages of one PDF: `python pdf_worker.py SOURCE FOLDER SECONDS MOST_PAGES`.

A broken or hostile file ends this process, not the server: it bounds itself before it opens anything. Draws 001.webp
and so on into FOLDER and says on standard output {"pages": [{"width", "height", "text"}]} or {"refused": why}.
"""

import contextlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

# As wide as the column of a lesson on a sharp phone; a very tall page stays within what a phone can show.
WIDTH_PX, MOST_HEIGHT_PX = 1000, 4000
_QUALITY = 72
# Who downloads the file gets a paper to read, not to run (as media/documents.py).
_ACTIVE = (b"/JavaScript", b"/Launch")
_MEMORY_BYTES = 2 * 1024**3
_FILE_BYTES = 16 * 1024**2
_NICENESS = 10
# What a page says is read aloud and searched; more than this is no page.
_MOST_LETTERS = 20_000


class Refused(Exception):
    """The file cannot be shown; the message is one of "broken", "encrypted", "active", "long", "empty"."""


def draw_pages(source: Path, folder: Path, most_pages: int) -> list[dict[str, Any]]:
    """Draw every page; raises Refused."""
    try:
        with pypdfium2.PdfDocument(source) as document:
            _must_be_plain(document, source.read_bytes(), most_pages)
            return [_draw(document[number], folder / f"{number + 1:03}.webp") for number in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise Refused("encrypted" if error.err_code == pdfium.FPDF_ERR_PASSWORD else "broken") from error


def _must_be_plain(document: pypdfium2.PdfDocument, content: bytes, most_pages: int) -> None:
    # A file without a password to open may still be locked against reading its words aloud.
    if pdfium.FPDF_GetSecurityHandlerRevision(document) != -1:
        raise Refused("encrypted")
    if pdfium.FPDFDoc_GetJavaScriptActionCount(document) > 0 or any(mark in content for mark in _ACTIVE):
        raise Refused("active")
    if not len(document):
        raise Refused("empty")
    if len(document) > most_pages:
        raise Refused("long")


def _draw(page: pypdfium2.PdfPage, path: Path) -> dict[str, Any]:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise Refused("broken")
    image = page.render(scale=min(WIDTH_PX / width, MOST_HEIGHT_PX / height)).to_pil()
    image.convert("RGB").save(path, "WEBP", quality=_QUALITY, method=4)
    text = page.get_textpage().get_text_bounded()[:_MOST_LETTERS]
    page.close()
    return {"width": image.width, "height": image.height, "text": text}


def _bound(seconds: int) -> None:
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_FSIZE, _FILE_BYTES), (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    os.nice(_NICENESS)


if __name__ == "__main__":
    _bound(int(sys.argv[3]))
    try:
        said: dict[str, Any] = {"pages": draw_pages(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[4]))}
    except Refused as refusal:
        said = {"refused": str(refusal)}
    json.dump(said, sys.stdout)
