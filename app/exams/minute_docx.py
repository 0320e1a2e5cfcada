"""The minute as DOCX, for units that keep their documents so: the same words as the PDF, in Times New Roman."""

import io
from collections.abc import Iterable, Sequence

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from app.exams.minutes import AreaLine, Minute

_FONT = "Times New Roman"
_COLUMNS = ("STT", "Họ và tên", "Đơn vị", "Kiểm tra giấy tờ", "Làm bài", "Tình trạng", "Điểm", "Kết quả")
_WIDTHS = (1.0, 3.2, 3.0, 2.7, 2.2, 1.7, 1.4, 1.6)


def render(minute: Minute) -> bytes:
    """A4 upright; page numbers in the top margin from the second page on."""
    doc = Document()
    _set_up(doc, minute)
    _letterhead(doc, minute)
    _line(doc, "BIÊN BẢN", size=14, bold=True, centred=True)
    _line(doc, minute.title, size=14, bold=True, centred=True)
    if minute.is_draft:
        _line(doc, "Bản nháp, chưa ký", centred=True, italic=True)
    _heading(doc, "1. Buổi sát hạch")
    for name, value in minute.facts:
        _line(doc, f"- {name}: {value}")
    _heading(doc, "2. Thí sinh")
    for sentence in minute.summary:
        _line(doc, sentence)
    rows = [
        (one.number, one.name, one.unit, one.checked, one.time, one.state, one.score, one.verdict)
        for one in minute.lines
    ]
    _table(doc, _COLUMNS, rows, _WIDTHS)
    _heading(doc, "3. Sự việc được ghi lại")
    for sentence in minute.incidents or ("Không có.",):
        _line(doc, f"- {sentence}" if minute.incidents else sentence)
    _heading(doc, "4. Ký xác nhận")
    _line(
        doc, "Biên bản được lập sau khi kết thúc buổi sát hạch; mọi người có tên dưới đây đã đọc và nhất trí."
    )  # fmt: skip
    _signatures(doc, minute)
    _line(doc, "Phụ lục I", bold=True, centred=True)
    doc.paragraphs[-1].paragraph_format.page_break_before = True
    _line(doc, "KẾT QUẢ THEO NHÓM KỸ NĂNG", size=14, bold=True, centred=True)
    if not minute.areas:
        _line(doc, "Không có bài nào được nộp.")
    else:
        _areas(doc, "Cả buổi", minute.areas)
        for name, lines in minute.by_candidate:
            _areas(doc, name, lines)
    file = io.BytesIO()
    doc.save(file)
    return file.getvalue()


def _set_up(doc: DocumentType, minute: Minute) -> None:
    section = doc.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(2)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    style = doc.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(13)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    doc.core_properties.title = f"Biên bản sát hạch: {minute.title}"
    doc.core_properties.author = minute.issuer
    doc.core_properties.language = "vi-VN"
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = number.add_run()
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)


def _letterhead(doc: DocumentType, minute: Minute) -> None:
    left, right = doc.add_table(rows=1, cols=2).rows[0].cells
    left.width, right.width = Cm(6.5), Cm(10)
    number = f"Số: {minute.number}" if minute.number else "Số: …………/BB-……"
    _cell_lines(
        left, (minute.superior.upper(), False, False), (minute.issuer.upper(), True, False), ("───────", False, False),
        (number, False, False), size=12,
    )  # fmt: skip
    _cell_lines(
        right, ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", True, False), ("Độc lập - Tự do - Hạnh phúc", True, False),
        ("───────────────", False, False), (minute.place_and_day, False, True), size=12,
    )  # fmt: skip


def _signatures(doc: DocumentType, minute: Minute) -> None:
    left, right = doc.add_table(rows=1, cols=2).rows[0].cells
    room = [("", False, False)] * 4
    ask = ("(ký, ghi rõ họ tên)", False, True)
    _cell_lines(left, ("GIÁM THỊ", True, False), ask, *room, *((name, True, False) for name in minute.watchers))
    _cell_lines(right, ("ĐẠI DIỆN ĐƠN VỊ TỔ CHỨC", True, False), ask, *room)


def _cell_lines(cell: _Cell, *lines: tuple[str, bool, bool], size: int = 13) -> None:
    """Centred lines: text, bold, italic; empty first ones are left out."""
    paragraph = cell.paragraphs[0]
    for place, (text, bold, italic) in enumerate(line for line in lines if line[0] or line is not lines[0]):
        if place:
            paragraph = cell.add_paragraph()
        _write(paragraph, text, size=size, bold=bold, italic=italic)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(0)


def _heading(doc: DocumentType, text: str) -> None:
    paragraph = doc.add_paragraph()
    _write(paragraph, text, bold=True)
    paragraph.paragraph_format.space_before = Pt(10)
    paragraph.paragraph_format.keep_with_next = True


def _line(
    doc: DocumentType, text: str, *, size: int = 13, bold: bool = False, italic: bool = False, centred: bool = False
) -> None:  # fmt: skip
    paragraph = doc.add_paragraph()
    _write(paragraph, text, size=size, bold=bold, italic=italic)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.space_after = Pt(6)


def _write(paragraph: Paragraph, text: str, *, size: int = 13, bold: bool = False, italic: bool = False) -> None:
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)


def _table(
    doc: DocumentType, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]
) -> None:  # fmt: skip
    table = doc.add_table(rows=1, cols=len(heads), style="Table Grid")
    # Shown again on every page the table runs over.
    head = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(head)
    for values, is_head in [(heads, True), *((row, False) for row in rows)]:
        cells = table.rows[0].cells if is_head else table.add_row().cells
        for cell, text, width in zip(cells, values, widths, strict=True):
            cell.width = Cm(width)
            _write(cell.paragraphs[0], text, size=11, bold=is_head)


def _areas(doc: DocumentType, title: str, lines: Sequence[AreaLine]) -> None:
    _heading(doc, title)
    rows = [(one.name, one.score, one.ratio) for one in lines]
    _table(doc, ("Nhóm kỹ năng", "Điểm", "Tỷ lệ"), rows, (11.5, 2.5, 2.5))
