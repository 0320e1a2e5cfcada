"""A report as DOCX, to be edited and signed where offices do: Nghị định 30/2020/NĐ-CP, Phụ lục I."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Cm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from PIL import ImageFont

from app.core.paper import FONTS
from app.coverage.reports.frames import Report
from app.coverage.reports.printing import in_words

_FONT = "Times New Roman"
_LEFT_CM, _RIGHT_CM = 7.0, 9.5
_CENTRE, _BOTH = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY
_MOTTO = "Độc lập - Tự do - Hạnh phúc"


def as_docx(report: Report) -> bytes:
    """A4 upright, wide forms on their side; page numbers in the top margin but on first pages, each annex its own."""
    given = in_words(report)
    doc = Document()
    _set_up(doc, given)
    _letterhead(doc, given)
    _line(doc, "BÁO CÁO", bold=True, align=_CENTRE, before=18)
    _line(doc, given["subject"], bold=True, align=_CENTRE, after=0)
    _rule(doc.add_paragraph(), 16.5, 2.8)
    if given["is_draft"]:
        _line(doc, "(Dự thảo, chưa ban hành)", italic=True, align=_CENTRE)
    _line(doc, f"Kính gửi: {given['addressee']}.", align=_CENTRE, before=12, after=12)
    for basis in given["bases"]:
        _body(doc, basis, italic=True)
    for sentence in given["opening"]:
        _body(doc, sentence)
    for section in given["sections"]:
        _body(doc, section["heading"], bold=True).paragraph_format.keep_with_next = True
        for sentence in section["paragraphs"]:
            _body(doc, sentence)
    _signature(doc, given)
    for annex in given["annexes"]:
        _annex(doc, annex)
    file = io.BytesIO()
    doc.save(file)
    return file.getvalue()


def _set_up(doc: DocumentType, given: dict[str, Any]) -> None:
    style = doc.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(14)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    style.paragraph_format.space_after = Pt(0)
    doc.core_properties.title, doc.core_properties.author = given["title"], given["issuer"]
    doc.core_properties.language = "vi-VN"
    section = doc.sections[0]
    _lay(section, on_side=False)
    number = section.header.paragraphs[0]
    number.alignment = _CENTRE
    for kind in ("begin", "PAGE", "end"):
        run = number.add_run()
        run.font.size = Pt(13)
        part = OxmlElement("w:instrText" if kind == "PAGE" else "w:fldChar")
        if kind == "PAGE":
            part.text = kind
        else:
            part.set(qn("w:fldCharType"), kind)
        run._r.append(part)


def _lay(section: Section, *, on_side: bool) -> None:
    short, long = Cm(21), Cm(29.7)
    section.orientation = WD_ORIENT.LANDSCAPE if on_side else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (long, short) if on_side else (short, long)
    section.top_margin, section.bottom_margin = Cm(2), Cm(2)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    section.header_distance = Cm(1)
    section.different_first_page_header_footer = True
    counted = section._sectPr.find(qn("w:pgNumType"))
    if counted is None:
        counted = OxmlElement("w:pgNumType")
        section._sectPr.find(qn("w:pgMar")).addnext(counted)
    counted.set(qn("w:start"), "1")


def _letterhead(doc: DocumentType, given: dict[str, Any]) -> None:
    left, right = _two_cells(doc, _LEFT_CM, _RIGHT_CM)
    lines = [(given["superior"], False, 12)] if given["superior"] else []
    _cell_lines(left, *lines, (given["issuer"], True, 12))
    _rule(left.add_paragraph(), _LEFT_CM, 2.2)
    _write(_centred(left.add_paragraph()), given["numbered"], size=13)
    _cell_lines(right, ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", True, 12), (_MOTTO, True, 13.5))
    _rule(right.add_paragraph(), _RIGHT_CM, _width_cm(_MOTTO, 13.5))
    _write(_centred(right.add_paragraph()), given["place_and_day"], size=13, italic=True)


def _signature(doc: DocumentType, given: dict[str, Any]) -> None:
    doc.add_paragraph()
    left, right = _two_cells(doc, 8, 8.5)
    _write(left.paragraphs[0], "Nơi nhận:", size=12, bold=True, italic=True)
    for one in given["recipients"]:
        _write(left.add_paragraph(), one, size=11)
    lines = [(given["authority"], True, 14)] if given["authority"] else []
    _cell_lines(
        right, *lines, (given["signer_title"], True, 14), *[("", False, 14)] * 4, (given["signer_name"], True, 14)
    )


def _annex(doc: DocumentType, annex: dict[str, Any]) -> None:
    section = doc.add_section(WD_SECTION.NEW_PAGE)
    _lay(section, on_side=annex["on_side"])
    _line(doc, annex["label"], bold=True, align=_CENTRE)
    _line(doc, annex["title"], bold=True, align=_CENTRE)
    _line(doc, f"({annex['attached']})", size=13, italic=True, align=_CENTRE)
    _line(doc, annex["basis"], size=12, align=_CENTRE)
    room = 25.2 if annex["on_side"] else 16.5
    widths = [room * width / sum(annex["widths"]) for width in annex["widths"]]
    size = 10.5 if annex["on_side"] else 11
    table = doc.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.autofit = False
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, widths, strict=True):
        column.w = Cm(width)
    numbers = [f"({number})" for number in range(1, len(widths) + 1)]
    for place, values in enumerate((annex["heads"], numbers, *annex["rows"])):
        sides = ["center" if place < 2 else "right" if number else "left" for number in annex["is_number"]]
        table._tbl.append(_row(list(zip(values, widths, sides, strict=True)), size, is_head=place < 2, bold=place == 0))
    for note in annex["notes"]:
        _line(doc, note, size=11, italic=True, align=_BOTH, before=3, after=0)


def _row(cells: Sequence[tuple[str, float, str]], size: float, *, is_head: bool, bold: bool) -> Any:
    """A row of text, width in cm and side of each cell, as XML: python-docx takes 12 s for a table of 100 communes."""
    row = _element("w:tr")
    if is_head:
        # Shown again on every page the table runs over.
        row.append(_element("w:trPr", _element("w:cantSplit"), _element("w:tblHeader")))
    for text, width, side in cells:
        font = _element("w:rPr", *([_element("w:b")] if bold else []), _element("w:sz", val=str(round(size * 2))))
        written = _element("w:t")
        written.text = text
        row.append(
            _element(
                "w:tc", _element("w:tcPr", _element("w:tcW", w=str(round(width / 2.54 * 1440)), type="dxa")),
                _element("w:p", _element("w:pPr", _element("w:jc", val=side)), _element("w:r", font, written)),
            )
        )  # fmt: skip
    return row


def _element(name: str, *children: Any, **attributes: str) -> Any:
    made = OxmlElement(name)
    for attribute, value in attributes.items():
        made.set(qn(f"w:{attribute}"), value)
    made.extend(children)
    return made


def _body(doc: DocumentType, text: str, *, bold: bool = False, italic: bool = False) -> Paragraph:
    paragraph = doc.add_paragraph()
    _write(paragraph, text, bold=bold, italic=italic)
    shape = paragraph.paragraph_format
    paragraph.alignment, shape.first_line_indent = _BOTH, Cm(1.27)
    shape.space_before, shape.space_after, shape.line_spacing = Pt(0), Pt(6), 1.15
    return paragraph


def _line(
    doc: DocumentType, text: str, *, size: float = 14, bold: bool = False, italic: bool = False,
    align: WD_ALIGN_PARAGRAPH, before: float = 0, after: float = 6,
) -> None:  # fmt: skip
    paragraph = doc.add_paragraph()
    _write(paragraph, text, size=size, bold=bold, italic=italic)
    paragraph.alignment = align
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)


def _two_cells(doc: DocumentType, left_cm: float, right_cm: float) -> tuple[_Cell, _Cell]:
    table = doc.add_table(rows=1, cols=2)
    table.autofit = False
    left, right = table.rows[0].cells
    left.width, right.width = Cm(left_cm), Cm(right_cm)
    # Without the padding of a table the head would not fit its line.
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        part = OxmlElement(f"w:{side}")
        part.set(qn("w:w"), "0")
        part.set(qn("w:type"), "dxa")
        margins.append(part)
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)
    return left, right


def _cell_lines(cell: _Cell, *lines: tuple[str, bool, float]) -> None:
    """Centred lines: text, bold, size."""
    for place, (text, bold, size) in enumerate(lines):
        _write(_centred(cell.add_paragraph() if place else cell.paragraphs[0]), text, size=size, bold=bold)


def _rule(paragraph: Paragraph, room_cm: float, width_cm: float) -> None:
    """A line of this width, in the middle: the border above an empty paragraph with both sides drawn in."""
    side = Cm((room_cm - width_cm) / 2)
    shape = paragraph.paragraph_format
    shape.left_indent, shape.right_indent, shape.space_before, shape.space_after = side, side, Pt(2), Pt(0)
    _write(paragraph, "", size=4)
    paragraph.paragraph_format.line_spacing = Pt(6)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr"
    )  # fmt: skip


def _centred(paragraph: Paragraph) -> Paragraph:
    paragraph.alignment = _CENTRE
    return paragraph


def _write(
    paragraph: Paragraph, text: str, *, size: float = 14, bold: bool = False, italic: bool = False
) -> None:  # fmt: skip
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)


@lru_cache(maxsize=8)
def _width_cm(text: str, size: float) -> float:
    """Of bold words in Times New Roman; Tinos has its widths."""
    font = ImageFont.truetype(str(FONTS / "Tinos-Bold.ttf"), 1000)
    return font.getlength(text) / 1000 * size * 2.54 / 72
