"""Word documents and presentations as officers make them, built anew for each test."""

import io
from typing import Any

from docx import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from PIL import Image
from pptx import Presentation
from pptx.util import Inches


def picture(colour: str = "navy") -> io.BytesIO:
    made = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(made, "PNG")
    made.seek(0)
    return made


def saved(document: Any) -> io.BytesIO:
    made = io.BytesIO()
    document.save(made)
    made.seek(0)
    return made


def link(paragraph: Any, text: str, address: str) -> None:
    relation = paragraph.part.relate_to(
        address, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink", is_external=True
    )
    element = OxmlElement("w:hyperlink")
    element.set(qn("r:id"), relation)
    run = OxmlElement("w:r")
    words = OxmlElement("w:t")
    words.text = text
    run.append(words)
    element.append(run)
    paragraph._p.append(element)


def tracked(paragraph: Any, inserted: str, deleted: str) -> None:
    """A change somebody made with tracking on."""
    for tag, words, text in (("w:ins", "w:t", inserted), ("w:del", "w:delText", deleted)):
        paragraph._p.append(
            parse_xml(f"<{tag} {nsdecls('w')}><w:r><{words}>{text}</{words}></w:r></{tag}>")
        )  # fmt: skip


def styled() -> Any:
    """Two lessons under headings of Word, with everything a lesson may keep."""
    document = Document()
    document.add_heading("Tài liệu tập huấn", 0)
    document.add_heading("Bài 1. Nộp hồ sơ trực tuyến", 1)
    opening = document.add_paragraph("Bà Lụa ")
    opening.add_run("muốn").bold = True
    opening.add_run(" nộp ")
    opening.add_run("một hồ sơ").italic = True
    opening.add_run(" tại ")
    link(opening, "Cổng Dịch vụ công", "https://dichvucong.gov.vn/")
    tracked(opening, ", ngay hôm nay", ", tuần sau")
    document.add_heading("Các bước làm", 2)
    for step in ("Mở Cổng.", "Chọn thủ tục.", "Gửi hồ sơ."):
        document.add_paragraph(step, style="List Number")
    document.add_paragraph("Lưu ý: giữ lại mã hồ sơ.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("Việc", "Ai làm", "Ký | duyệt", "Chủ tịch"), strict=True
    ):
        cell.text = text
    document.add_picture(picture())
    document.add_heading("Bài 2. Tra cứu kết quả", 1)
    document.add_paragraph("Căn cước", style="List Bullet")
    document.add_paragraph("Mã hồ sơ", style="List Bullet")
    document.add_paragraph("# Dòng này không phải đề mục, 5 * 3 < 20.")
    return document


def typed() -> Any:
    """Nothing but plain paragraphs, made to look like headings and lists by hand."""
    document = Document()
    document.add_paragraph().add_run("Nhận biết tin nhắn lừa đảo").bold = True
    document.add_paragraph("Ông Khánh nhận một tin nhắn lạ.")
    document.add_paragraph().add_run("Dấu hiệu:").bold = True
    for line in ("- Giục chuyển tiền", "• Xưng là công an", "+ Gửi đường dẫn lạ"):
        document.add_paragraph(line)
    document.add_paragraph().add_run("Ba bước khi nghi ngờ").bold = True
    for line in ("1. Dừng lại", "2. Gọi lại số chính thức", "3. Báo công an xã"):
        document.add_paragraph(line)
    return document


def presentation() -> Any:
    made = Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "An toàn khi thanh toán"
    first.placeholders[1].text = "Buổi tập huấn tháng 11"
    second = made.slides.add_slide(made.slide_layouts[1])
    second.shapes.title.text = "Kiểm tra trước khi chuyển"
    frame = second.placeholders[1].text_frame
    frame.text = "Tên người nhận"
    line = frame.add_paragraph()
    line.text, line.level = "Đúng dấu", 1
    frame.add_paragraph().text = "Số tiền"
    second.shapes.add_picture(picture("green"), Inches(1), Inches(5))
    second.notes_slide.notes_text_frame.text = "Kể chuyện chị Hiền chuyển nhầm.\nHỏi: ai đã gặp?"
    hidden = made.slides.add_slide(made.slide_layouts[1])
    hidden.shapes.title.text = "Trang ẩn"
    hidden._element.set("show", "0")
    return made
