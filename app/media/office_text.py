"""The words of a checked office file, from its XML: to be found by search, whether or not its pages can be drawn."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from app.core.attachments import DOCX, ODP, PPTX
from app.core.text import nfc

_SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
# As of a page of a PDF (pdf_worker.py), for a whole text.
_MOST_LETTERS = 500_000


def words_of(path: Path, content_type: str) -> tuple[str, ...]:
    """Paragraphs, one a line: of each slide of a presentation, of a text as a whole."""
    with zipfile.ZipFile(path) as archive:
        if content_type == DOCX:
            return (_joined(_paragraphs(archive, "word/document.xml")),)
        if content_type == PPTX:
            found = sorted((int(one[1]), one[0]) for name in archive.namelist() if (one := _SLIDE.fullmatch(name)))
            return tuple(_joined(_paragraphs(archive, name)) for _number, name in found)
        if content_type == ODP:
            return tuple(_joined(page) for page in _opendocument_slides(archive))
        return (_joined(_paragraphs(archive, "content.xml")),)


def _paragraphs(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """What stands in elements called p or h: w:p, a:p, text:p, text:h."""
    with archive.open(name) as stream:
        for _event, element in etree.iterparse(
            stream, tag=("{*}p", "{*}h"), resolve_entities=False, no_network=True, load_dtd=False
        ):
            yield _said(element)
            element.clear()


def _opendocument_slides(archive: zipfile.ZipFile) -> Iterator[list[str]]:
    with archive.open("content.xml") as stream:
        for _event, slide in etree.iterparse(
            stream, tag="{*}page", resolve_entities=False, no_network=True, load_dtd=False
        ):
            yield [_said(one) for one in slide.iter("{*}p", "{*}h")]
            slide.clear()


def _said(paragraph: "etree._Element") -> str:
    # In OOXML only w:t and a:t hold words; beside them stand field codes. OpenDocument has the words themselves.
    runs = [str(one.text or "") for one in paragraph.iter("{*}t")]
    return " ".join("".join(runs or [str(text) for text in paragraph.itertext()]).split())


def _joined(paragraphs: Iterator[str] | list[str]) -> str:
    return "\n".join(nfc(line) for line in paragraphs if line)[:_MOST_LETTERS]
