"""The produced DOCX and PDF against the measures of Nghị định 30/2020/NĐ-CP, Phụ lục I (DESIGN 8)."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from app.core.db import Session
from app.coverage.reports.as_docx import as_docx
from app.coverage.reports.frames import Report
from app.coverage.reports.letterheads import letterhead_on
from app.coverage.reports.printing import as_pdf
from app.identity.units.unit_queries import unit_on

# How a paper is laid out asks nothing of the database.
pytestmark = pytest.mark.by_turns

_POINTS_IN_MM = 72 / 25.4


@pytest.fixture
def issued(made: Callable[..., Report], province: None) -> Report:
    """One wide annex and one narrow one, as if it were numbered and dated."""
    report = made("2026-H1", forms=("B01", "B07"))
    signer = replace(report.signer, authority="KT. Giám đốc", title="Phó Giám đốc", name="Nguyễn Văn Mẫu")
    return replace(report, number="05/BC-SKHCN", dated_on=date(2026, 2, 3), signer=signer)


@pytest.fixture
def docx(issued: Report) -> DocumentType:
    return Document(io.BytesIO(as_docx(issued)))


def test_docx_pages_are_a4_with_the_margins_of_the_decree(docx: DocumentType) -> None:
    for section in docx.sections:
        short, long = sorted((section.page_width.mm, section.page_height.mm))
        assert (round(short), round(long)) == (210, 297)
        assert 20 <= round(section.top_margin.mm, 1) <= 25
        assert 20 <= round(section.bottom_margin.mm, 1) <= 25
        assert 30 <= round(section.left_margin.mm, 1) <= 35
        assert 15 <= round(section.right_margin.mm, 1) <= 20
    assert [section.orientation for section in docx.sections] == [
        WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT,
    ]  # fmt: skip


def test_docx_numbers_pages_on_top_but_the_first_and_each_annex_anew(docx: DocumentType) -> None:
    header = docx.sections[0].header.paragraphs[0]
    assert header.alignment == WD_ALIGN_PARAGRAPH.CENTER
    assert [part.text for part in header._p.iter(qn("w:instrText"))] == ["PAGE"]
    assert {run.font.size.pt for run in header.runs} == {13}
    for section in docx.sections:
        assert section.different_first_page_header_footer
        assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"
    assert all(section.header.is_linked_to_previous for section in docx.sections[1:])


def test_docx_is_set_in_times_new_roman_with_the_sizes_of_the_decree(docx: DocumentType) -> None:
    normal = docx.styles["Normal"]
    assert (normal.font.name, normal.font.size.pt) == ("Times New Roman", 14)
    left, right = docx.tables[0].rows[0].cells
    assert look(left.paragraphs[0]) == ("UBND THÀNH PHỐ BẮC NINH", 12, None, None)
    assert look(left.paragraphs[1]) == ("SỞ KHOA HỌC VÀ CÔNG NGHỆ", 12, True, None)
    assert look(left.paragraphs[3]) == ("Số: 05/BC-SKHCN", 13, None, None)
    assert look(right.paragraphs[0]) == ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, True, None)
    assert look(right.paragraphs[1]) == ("Độc lập - Tự do - Hạnh phúc", 13.5, True, None)
    assert look(right.paragraphs[3]) == ("Bắc Ninh, ngày 03 tháng 02 năm 2026", 13, None, True)
    assert look(paragraph(docx, "BÁO CÁO")) == ("BÁO CÁO", 14, True, None)
    assert look(paragraph(docx, "Kết quả đào tạo")) == (
        "Kết quả đào tạo, bồi dưỡng kỹ năng số 6 tháng đầu năm 2026", 14, True, None,
    )  # fmt: skip


def test_docx_rules_below_the_heads_have_their_lengths(docx: DocumentType) -> None:
    left, right = docx.tables[0].rows[0].cells
    issuer_cm, motto_cm = 7.0, 9.5

    def length(rule: Paragraph, room_cm: float) -> float:
        assert rule._p.find(f"{qn('w:pPr')}/{qn('w:pBdr')}/{qn('w:top')}") is not None
        return room_cm - rule.paragraph_format.left_indent.cm - rule.paragraph_format.right_indent.cm

    # A third to a half of the line above; the whole of the motto, which Times New Roman sets 6 cm wide at 13.5 pt.
    assert issuer_cm * 0.9 / 3 <= length(left.paragraphs[2], issuer_cm) <= issuer_cm / 2
    assert 5.8 <= length(right.paragraphs[2], motto_cm) <= 6.6


def test_docx_body_is_justified_with_a_drawn_in_first_line(docx: DocumentType) -> None:
    body = paragraph(docx, "Báo cáo tổng hợp")
    shape = body.paragraph_format
    assert body.alignment == WD_ALIGN_PARAGRAPH.JUSTIFY
    assert 1.0 <= round(shape.first_line_indent.cm, 2) <= 1.27
    assert shape.space_after.pt >= 6
    assert 1 <= shape.line_spacing <= 1.5
    assert {run.font.size.pt for run in body.runs} == {14}
    bases = [one for one in docx.paragraphs if one.text.startswith("Căn cứ")]
    assert all(run.italic for one in bases for run in one.runs)
    assert [one.text[-1] for one in bases] == [";", "."]


def test_docx_ends_with_signature_and_recipients(docx: DocumentType) -> None:
    left, right = docx.tables[1].rows[0].cells
    assert look(left.paragraphs[0]) == ("Nơi nhận:", 12, True, True)
    assert look(left.paragraphs[-1]) == ("- Lưu: VT, SKHCN.", 11, None, None)
    assert [(line.text, line.runs[0].bold) for line in right.paragraphs if line.text] == [
        ("KT. GIÁM ĐỐC", True), ("PHÓ GIÁM ĐỐC", True), ("Nguyễn Văn Mẫu", True),
    ]  # fmt: skip


def test_docx_annexes_have_roman_numerals_and_repeat_their_heads(docx: DocumentType) -> None:
    assert look(paragraph(docx, "Phụ lục I")) == ("Phụ lục I", 14, True, None)
    assert look(paragraph(docx, "BIỂU 01"))[1:3] == (14, True)
    assert paragraph(docx, "Phụ lục II").text == "Phụ lục II"
    attached = paragraph(docx, "(Kèm theo Báo cáo số 05/BC-SKHCN ngày 03/02/2026 của Sở Khoa học và Công nghệ)")
    assert attached.runs[0].italic
    for table in docx.tables[2:]:
        heads = [row._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in table.rows]
        assert heads == [True, True] + [False] * (len(table.rows) - 2)


def test_pdf_pages_have_the_size_and_lie_as_the_docx(issued: Report) -> None:
    with pypdfium2.PdfDocument(as_pdf(issued)) as pdf:
        sizes = [tuple(round(side / _POINTS_IN_MM) for side in pdf[at].get_size()) for at in range(len(pdf))]
        texts = [page_text(pdf, at) for at in range(len(pdf))]
    upright, on_side = (210, 297), (297, 210)
    assert sizes[0] == sizes[-1] == upright
    assert set(sizes) == {upright, on_side}
    first_annex = next(at for at, text in enumerate(texts) if "Phụ lục I\n" in text.replace("\r", ""))
    assert sizes[first_annex] == on_side
    numbers = [first_line(text) for text in texts]
    assert numbers[0] is None
    assert numbers[1] == "2"
    assert numbers[first_annex] is None, "an annex counts its own pages"
    assert numbers[first_annex + 1] == "2"


def test_pdf_words_stand_within_the_margins(issued: Report) -> None:
    with pypdfium2.PdfDocument(as_pdf(issued)) as pdf:
        for at in range(len(pdf)):
            width, height = pdf[at].get_size()
            page = pdf[at].get_textpage()
            text = page.get_text_range()
            boxes = [page.get_charbox(at) for at in range(page.count_chars()) if not text[at : at + 1].isspace()]
            assert min(box[0] for box in boxes) / _POINTS_IN_MM >= 29.5
            assert (width - max(box[2] for box in boxes)) / _POINTS_IN_MM >= 14.9
            assert min(box[1] for box in boxes) / _POINTS_IN_MM >= 19
            # Page numbers stand within the top margin, all else below it.
            above = [box for box in boxes if (height - box[3]) / _POINTS_IN_MM < 19]
            assert len(above) <= 2


def test_pdf_is_set_in_a_face_as_wide_as_times_new_roman(issued: Report) -> None:
    content = as_pdf(issued)
    assert b"Tinos" in content
    assert b"BeVietnamPro" not in content


@pytest.mark.parametrize(
    ("day", "superior", "issuer"),
    [
        (date(2025, 2, 28), "UBND tỉnh Bắc Giang", "Sở Thông tin và Truyền thông"),
        (date(2025, 6, 30), "UBND tỉnh Bắc Giang", "Sở Khoa học và Công nghệ"),
        (date(2025, 7, 1), "UBND tỉnh Bắc Ninh", "Sở Khoa học và Công nghệ"),
        (date(2026, 9, 19), "UBND tỉnh Bắc Ninh", "Sở Khoa học và Công nghệ"),
        (date(2026, 9, 20), "UBND thành phố Bắc Ninh", "Sở Khoa học và Công nghệ"),
    ],
)
def test_the_letterhead_follows_the_date_of_the_document(
    db: Session, day: date, superior: str, issuer: str
) -> None:  # fmt: skip
    province = unit_on(db, "24", date(2026, 11, 21))
    assert province is not None
    head = letterhead_on(db, province, day)
    assert (head.superior, head.issuer) == (superior, issuer)


def look(line: Paragraph) -> tuple[str, float, bool | None, bool | None]:
    """Text, size, bold, italic of a line set alike from end to end; False and not said are the same."""
    (found,) = {(run.font.size.pt, run.bold or None, run.italic or None) for run in line.runs}
    return (line.text, *found)


def paragraph(docx: DocumentType, start: str) -> Paragraph:
    return next(one for one in docx.paragraphs if one.text.startswith(start))


def page_text(pdf: pypdfium2.PdfDocument, at: int) -> str:
    return str(pdf[at].get_textpage().get_text_range())


def first_line(text: str) -> str | None:
    """The page number, where the page begins with one."""
    line = text.splitlines()[0].strip()
    return line if line.isdigit() else None
