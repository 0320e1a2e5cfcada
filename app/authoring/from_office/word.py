"""A Word document as lessons: headings cut it; lists, tables, links, bold and italic stay; the rest of Word drops.

What was typed to look like a heading or a list is taken for one: whole bold lines, “1.”, “-”, “•”.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from docx import Document
from docx.document import Document as DocumentType
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from app.authoring.from_office.reading import (
    PICTURE_ENDINGS,
    Picture,
    Piece,
    Read,
    as_paragraph,
    described,
    figure,
    lost_note,
    said,
    table,
)
from app.catalogue.markdown import is_usable_link
from app.core.i18n import gettext as _
from app.core.text import nfc

_MOST_HEADING_WORDS = 14
_LONGEST_TITLE = 200
_DEEPEST_HEADING = 4
_BULLET = re.compile(r"^[-–•●▪+]\s+")
_NUMBER = re.compile(r"^\d{1,2}[.)]\s+")
_LESSON = re.compile(r"^bài\s+\d+\b\s*[.:–-]?\s*", re.IGNORECASE)
_BOXES = {
    "lưu ý": "note", "chú ý": "note", "ghi chú": "note", "hay nhầm": "warn", "cảnh báo": "warn", "ví dụ": "example",
}  # fmt: skip
_BOX = re.compile(rf"^\**({'|'.join(_BOXES)})\s*:\s*\**\s*", re.IGNORECASE)
_STEPS = re.compile(r"\bbước\b", re.IGNORECASE)
_LEAST_STEPS = 3


@dataclass(frozen=True)
class _Block:
    """A piece of text. `kind`: heading (of `level`, 1 the highest), bullet or number (`level` deep), text."""

    kind: str
    text: str
    level: int = 0


@dataclass
class _Pictures:
    """Pictures found so far by the names the text gives them, and how many could not be taken."""

    taken: dict[str, Picture] = field(default_factory=dict)
    lost: int = 0


def read_document(stream: BinaryIO) -> Read:
    """The lessons of a checked DOCX: each begins at a heading of the first level, or one called “Bài 1”, “Bài 2” …;
    a document with a single such heading, or none, is one lesson.
    """
    document = Document(stream)
    pictures = _Pictures()
    blocks = list(_blocks(document, pictures))
    pieces = [
        Piece(title, text, {name: one for name, one in pictures.taken.items() if f"({name})" in text})
        for title, part in _parts(blocks, _document_title(document))
        if (text := _markdown(part))
    ]
    notes = lost_note(pictures.lost)
    if next(document.element.body.iter(qn("w:footnoteReference")), None) is not None:
        notes += (_("Chú thích cuối trang không đi theo; chỗ nào cần thì chép vào bài."),)
    return Read(tuple(pieces), notes)


def _parts(blocks: Sequence[_Block], title: str) -> Iterator[tuple[str, list[_Block]]]:
    """(title, blocks) of each lesson."""
    headings = [block for block in blocks if block.kind == "heading"]
    numbered = [block for block in headings if _LESSON.match(block.text)]
    first = [block for block in headings if block.level == 1]
    begins = numbered if len(numbered) > 1 else first if len(first) > 1 else []
    if not begins:
        # One lesson: the only heading of the first level, or the first line of all, is its title.
        opening = (first or headings or [_Block("heading", "")])[0]
        rest = [block for block in blocks if block is not opening] if not title else list(blocks)
        yield (title or opening.text)[:_LONGEST_TITLE], rest
        return
    part: list[_Block] = []
    name = title
    for block in blocks:
        if any(block is one for one in begins):
            if part:
                yield name[:_LONGEST_TITLE], part
            # The platform numbers lessons itself.
            name, part = _LESSON.sub("", block.text) or block.text, []
        else:
            part.append(block)
    yield name[:_LONGEST_TITLE], part


def _markdown(blocks: Sequence[_Block]) -> str:
    levels = sorted({block.level for block in blocks if block.kind == "heading"})
    lines: list[str] = []
    heading = ""
    place = 0
    while place < len(blocks):
        block = blocks[place]
        if block.kind in ("bullet", "number"):
            run = [block]
            while place + 1 < len(blocks) and blocks[place + 1].kind in ("bullet", "number"):
                place += 1
                run.append(blocks[place])
            text = _list(run)
            steps = run[0].kind == "number" and sum(not one.level for one in run) >= _LEAST_STEPS
            lines.append(f"::: steps\n{text}\n:::" if steps and _STEPS.search(heading) else text)
        elif block.kind == "heading":
            heading = block.text
            depth = min(levels.index(block.level) + 2, _DEEPEST_HEADING)
            lines.append(f"{'#' * depth} {said(block.text)}")
        elif box := _BOX.match(block.text):
            name = box[1].capitalize()
            rest = block.text[box.end() :].strip().removeprefix("**").strip()
            boxed = f"::: {_BOXES[box[1].lower()]} {name}\n{rest[:1].upper()}{rest[1:]}\n:::"
            lines.append(boxed if rest else block.text)
        else:
            lines.append(block.text)
        place += 1
    return "\n\n".join(lines)


def _list(run: Sequence[_Block]) -> str:
    counts: dict[int, int] = {}
    lines = []
    for one in run:
        counts = {level: count for level, count in counts.items() if level <= one.level}
        counts[one.level] = counts.get(one.level, 0) + 1
        mark = f"{counts[one.level]}." if one.kind == "number" else "-"
        lines.append(f"{'   ' * one.level}{mark} {one.text}")
    return "\n".join(lines)


# --- reading Word ----------------------------------------------------------------------------------------------------


def _document_title(document: DocumentType) -> str:
    for paragraph in document.paragraphs[:5]:
        if paragraph.style is not None and paragraph.style.name == "Title" and paragraph.text.strip():
            return nfc(paragraph.text)
    return ""


def _blocks(document: DocumentType, pictures: _Pictures) -> Iterator[_Block]:
    for one in document.iter_inner_content():
        if isinstance(one, Table):
            yield from _of_table(one, pictures)
        elif one.style is None or one.style.name != "Title":
            yield from _of_paragraph(one, pictures)


def _of_table(found: Table, pictures: _Pictures) -> Iterator[_Block]:
    rows = []
    for row in found.rows:
        cells, seen = [], set()
        for cell in row.cells:
            # A merged cell stands in every column it covers.
            if cell._tc not in seen:
                seen.add(cell._tc)
                cells.append(
                    " ".join(text for paragraph in cell.paragraphs if (text := _words(paragraph, pictures)[0]))
                )
        rows.append(cells)
    rows = [row for row in rows if any(row)]
    if len(rows) == 1 and len(rows[0]) == 1:
        # A frame around a text.
        yield _Block("text", rows[0][0] if _BOX.match(rows[0][0]) else f"::: note\n{as_paragraph(rows[0][0])}\n:::")
    elif rows:
        yield _Block("text", table(rows))


def _of_paragraph(paragraph: Paragraph, pictures: _Pictures) -> Iterator[_Block]:
    text, shown, is_bold = _words(paragraph, pictures)
    plain = nfc(" ".join(_plain(paragraph).split()))
    level = _heading_level(paragraph)
    if text:
        listed = _list_place(paragraph)
        if level:
            yield _Block("heading", plain, level)
        elif listed:
            yield _Block(*listed[:1], text, listed[1])
        elif is_bold and len(plain.split()) <= _MOST_HEADING_WORDS and not plain.endswith((".", ";", ",")):
            yield _Block("heading", plain.rstrip(":"), 1 if _LESSON.match(plain) else _DEEPEST_HEADING)
        elif mark := _BULLET.match(plain):
            yield _Block("bullet", text[len(mark[0]) :] if text.startswith(mark[0]) else said(plain[mark.end() :]))
        elif mark := _NUMBER.match(plain):
            yield _Block("number", text[len(mark[0]) :] if text.startswith(mark[0]) else said(plain[mark.end() :]))
        else:
            yield _Block("text", as_paragraph(text))
    for name in shown:
        yield _Block("text", figure(name, pictures.taken[name].alt))


def _heading_level(paragraph: Paragraph) -> int:
    """1 to 9; 0 for a paragraph that is no heading."""
    style: Any = paragraph.style
    while style is not None:
        if found := re.fullmatch(r"Heading ([1-9])", style.name or ""):
            return int(found[1])
        style = style.base_style
    levels = paragraph._p.xpath("./w:pPr/w:outlineLvl/@w:val")
    return int(levels[0]) + 1 if levels and levels[0].isdigit() and int(levels[0]) < 9 else 0


def _list_place(paragraph: Paragraph) -> tuple[str, int] | None:
    """Whether and how deep the paragraph stands in a list of Word: ("bullet" or "number", depth from 0)."""
    style = paragraph.style.name or "" if paragraph.style is not None else ""
    numbers = paragraph._p.xpath("./w:pPr/w:numPr/w:numId/@w:val")
    depth = next((int(one) for one in paragraph._p.xpath("./w:pPr/w:numPr/w:ilvl/@w:val") if one.isdigit()), 0)
    if numbers and numbers[0] != "0":
        return ("bullet" if _is_bulleted(paragraph, numbers[0], depth) else "number"), min(depth, 3)
    if style.startswith(("List Bullet", "List Number")):
        return ("bullet" if style.startswith("List Bullet") else "number"), 0
    return None


def _is_bulleted(paragraph: Paragraph, number: str, depth: int) -> bool:
    try:
        numbering = paragraph.part.numbering_part.element  # type: ignore[attr-defined]
    except (AttributeError, KeyError, NotImplementedError):
        return True
    kinds = numbering.xpath(
        f"./w:abstractNum[@w:abstractNumId=../w:num[@w:numId='{int(number)}']/w:abstractNumId/@w:val]"
        f"/w:lvl[@w:ilvl='{depth}']/w:numFmt/@w:val"
    )
    return not kinds or kinds[0] in ("bullet", "none")


def _plain(paragraph: Paragraph) -> str:
    return "".join(text for _run, text, _address in _runs(paragraph._p, paragraph))


def _words(paragraph: Paragraph, pictures: _Pictures) -> tuple[str, list[str], bool]:
    """The text with its marks, the names of its pictures, and whether every word of it is bold."""
    parts: list[tuple[str, str, str]] = []
    shown: list[str] = []
    for run, text, address in _runs(paragraph._p, paragraph):
        shown += _pictures_of(run, paragraph, pictures)
        mark = ("**" if _is_on(run, "w:b") else "") + ("*" if _is_on(run, "w:i") else "")
        if parts and parts[-1][0] == mark and parts[-1][2] == address:
            parts[-1] = (mark, parts[-1][1] + text, address)
        else:
            parts.append((mark, text, address))
    worded = [mark for mark, text, _address in parts if text.strip()]
    is_bold = bool(worded) and all(mark.startswith("**") for mark in worded)
    joined = "".join(_marked(*part) for part in parts)
    return nfc(" ".join(joined.split())), shown, is_bold


def _marked(mark: str, text: str, address: str) -> str:
    """Marks stand at words, not at the spaces around them."""
    bare = text.strip()
    if not bare:
        return text
    inner = f"{mark}{said(bare)}{mark[::-1]}"
    if address:
        inner = f"[{inner}]({address})"
    return text.replace(bare, inner, 1) if text != bare else inner


def _runs(element: Any, paragraph: Paragraph, address: str = "") -> Iterator[tuple[Any, str, str]]:
    """(run, its words, where it links to), what was deleted under tracked changes left out."""
    for child in element:
        if child.tag == qn("w:r"):
            yield child, "".join(_run_text(child)), address
        elif child.tag == qn("w:hyperlink"):
            relation = paragraph.part.rels.get(child.get(qn("r:id")) or "")
            target = relation.target_ref if relation is not None and relation.is_external else ""
            yield from _runs(child, paragraph, target if is_usable_link(target) and " " not in target else "")
        elif child.tag in (qn("w:ins"), qn("w:smartTag"), qn("w:sdt"), qn("w:sdtContent"), qn("w:moveTo")):
            yield from _runs(child, paragraph, address)


def _run_text(run: Any) -> Iterator[str]:
    for child in run:
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in (qn("w:tab"), qn("w:br"), qn("w:cr")):
            yield " "
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"


def _is_on(run: Any, name: str) -> bool:
    found = run.find(f"{qn('w:rPr')}/{qn(name)}")
    return found is not None and found.get(qn("w:val")) not in ("0", "false", "off")


def _pictures_of(run: Any, paragraph: Paragraph, pictures: _Pictures) -> Iterator[str]:
    for blip in run.iter(qn("a:blip")):
        part = paragraph.part.related_parts.get(blip.get(qn("r:embed")) or "")
        ending = PICTURE_ENDINGS.get(part.content_type, "") if part is not None else ""
        if part is None or not ending:
            pictures.lost += 1
            continue
        alt = next((one.get("descr") or "" for one in run.iter(qn("wp:docPr"))), "")
        name = f"hinh-{len(pictures.taken) + 1}{ending}"
        pictures.taken[name] = Picture(part.blob, described(alt))
        yield name
