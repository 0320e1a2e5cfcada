"""Word documents and presentations as lessons: what stays, what drops, and what an author sees of it."""

import io
import zipfile
from typing import Any

import pytest

from app.authoring.from_office import read_document, read_presentation
from app.catalogue.markdown import parse
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.source import CourseSource
from app.catalogue.stored import source_of
from app.core.db import Database
from tests.authoring import office_samples as samples
from tests.authoring.conftest import SLUG, StudioCourse
from tests.browser import Browser

URL = f"/studio/{SLUG}/from-office"


def read(document: Any) -> Any:
    return read_document(samples.saved(document))


def send(author: Browser, document: Any, name: str, **form: str) -> Any:
    content = document if isinstance(document, bytes) else samples.saved(document).getvalue()
    return author.post(URL, {"module": "01-bat-dau"} | form, files={"file": (name, content)})


def course_of(database: Database, course: StudioCourse) -> CourseSource:
    with database.reading() as db:
        return source_of(db, newest_version(db, db.get_one(Course, course.course_id)).id)


def test_headings_of_word_cut_a_document_into_lessons_and_its_shape_stays() -> None:
    first, second = read(samples.styled()).pieces
    assert (first.title, second.title) == ("Nộp hồ sơ trực tuyến", "Tra cứu kết quả")
    assert first.markdown == (
        "Bà Lụa **muốn** nộp *một hồ sơ* tại [Cổng Dịch vụ công](https://dichvucong.gov.vn/), ngay hôm nay\n\n"
        "## Các bước làm\n\n"
        "::: steps\n1. Mở Cổng.\n2. Chọn thủ tục.\n3. Gửi hồ sơ.\n:::\n\n"
        "::: note Lưu ý\nGiữ lại mã hồ sơ.\n:::\n\n"
        "| Việc | Ai làm |\n| --- | --- |\n| Ký \\| duyệt | Chủ tịch |\n\n"
        "![](hinh-1.png)"
    )
    assert list(first.pictures) == ["hinh-1.png"]
    assert second.markdown == "- Căn cước\n- Mã hồ sơ\n\n\\# Dòng này không phải đề mục, 5 \\* 3 \\< 20."


def test_headings_and_lists_typed_by_hand_are_understood() -> None:
    [piece] = read(samples.typed()).pieces
    assert piece.title == "Nhận biết tin nhắn lừa đảo"
    assert piece.markdown == (
        "Ông Khánh nhận một tin nhắn lạ.\n\n## Dấu hiệu\n\n"
        "- Giục chuyển tiền\n- Xưng là công an\n- Gửi đường dẫn lạ\n\n"
        "## Ba bước khi nghi ngờ\n\n::: steps\n1. Dừng lại\n2. Gọi lại số chính thức\n3. Báo công an xã\n:::"
    )


@pytest.mark.parametrize("text", ["# a", "1. a", "- a", "<b>a</b>", "a `b` *c*", "::: note", "| a | b |", "[a](b)"])
def test_words_of_a_document_mean_themselves(text: str) -> None:
    """What looks like a sign of ours in Word shows as it stood there; lists typed by hand are lists."""
    document = samples.Document()
    document.add_paragraph("Trước.")
    document.add_paragraph(text)
    [piece] = read(document).pieces
    shown = "".join(
        child.content for token in parse(piece.markdown) for child in token.children or () if child.type == "text"
    )
    assert shown in (f"Trước.{text}", f"Trước.{text.lstrip('1.- ')}")


def test_a_presentation_is_a_lesson_with_its_notes() -> None:
    [piece] = read_presentation(samples.saved(samples.presentation())).pieces
    assert piece.title == "An toàn khi thanh toán"
    assert piece.markdown == (
        "Buổi tập huấn tháng 11\n\n## Kiểm tra trước khi chuyển\n\n"
        "- Tên người nhận\n  - Đúng dấu\n- Số tiền\n\n![](trang-2-hinh-1.png)\n\n"
        "Kể chuyện chị Hiền chuyển nhầm.\n\nHỏi: ai đã gặp?"
    )


def test_lessons_of_a_document_are_in_the_draft_with_their_pictures(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    page = send(author, samples.styled(), "Tập huấn.docx")
    assert page.url.path == f"/studio/{SLUG}"
    assert "Đã thêm 2 bài" in page.text
    lessons = course_of(database, studio_course).modules[0].lessons
    assert [lesson.title for lesson in lessons[1:]] == ["Nộp hồ sơ trực tuyến", "Tra cứu kết quả"]
    [picture] = lessons[1].files
    assert f"![]({picture.name})" in lessons[1].markdown


def test_a_document_with_one_lesson_opens_it_for_writing(author: Browser, studio_course: StudioCourse) -> None:
    page = send(author, samples.presentation(), "thanh-toan.pptx")
    assert page.url.path.endswith("/edit")
    assert "An toàn khi thanh toán" in page.text


def broken() -> bytes:
    """A document whose main part is missing though the file says there is one."""
    source, made = zipfile.ZipFile(samples.saved(samples.typed())), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in source.namelist():
            if name != "word/document.xml":
                archive.writestr(name, source.read(name))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", b"", "Hãy chọn một tệp"),
        ("a.docx", b"khong phai zip", "bị hỏng"),
        ("a.docx", broken(), "Không đọc được"),
        ("trong.docx", samples.saved(samples.Document()).getvalue(), "không có chữ nào"),
        ("cu.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "dạng cũ"),
    ],
)
def test_what_cannot_be_read_is_told_and_adds_nothing(
    author: Browser, database: Database, studio_course: StudioCourse, name: str, content: bytes, said: str
) -> None:
    page = send(author, content, name)
    assert page.status_code == 422
    assert said in page.text
    assert len(course_of(database, studio_course).modules[0].lessons) == 1


def test_an_unknown_module_is_asked_for_again(author: Browser, studio_course: StudioCourse) -> None:
    page = send(author, samples.typed(), "a.docx", module="khong-co")
    assert page.status_code == 422
    assert "Hãy chọn học phần." in page.text
