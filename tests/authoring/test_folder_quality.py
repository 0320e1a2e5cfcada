"""`courses check` asks more than a readable folder: outline, length, pictures, explanations, sentences of one's own."""

import shutil
from pathlib import Path

import pytest

from app.authoring.folder import Problem, quality, read_course, weaknesses
from app.catalogue.outlines import ModuleOutline, module_outline
from tests.authoring.folders import LESSON, QUIZ, SECOND, prose, sound_folder, swap, write
from tests.media.test_pdf import written

REF = "ref: Nghị định số 30/2020/NĐ-CP"
# fault, file, what stands there, what stands there instead, part of the message
FAULTS: list[tuple[str, str, str, str, str]] = [
    ("hours nobody spends", "course.yaml", "hours: 0.2", "hours: 2", "cộng lại được 0.2 giờ"),
    ("too short", SECOND, prose(f"hop-so {SECOND}"), "Ngắn.", "một bài vừa sức có từ 400"),
    ("too long", LESSON, "Chị Hoa gửi giấy mời.", prose("a") + "\n\n" + prose("b") + "\n\n" + prose("c"), "vừa sức"),
    ("no time to read", LESSON, "minutes: 12", "minutes: 3", "khó đọc hết trong 3 phút"),
    (
        "endless sentence",
        LESSON,
        "Chị Hoa gửi giấy mời.",
        "Chị Hoa gửi " + "và gửi " * 20 + "mãi.",
        "Câu này dài 44 chữ",
    ),
    ("picture hardly described", LESSON, "![Ba bước của một cuộc họp: mời, họp, kết luận]", "![Ba bước]", "quá ngắn"),
    ("picture without caption", LESSON, '(01-vong-hop.svg "Ba bước.")', "(01-vong-hop.svg)", "chưa có chú thích"),
    ("video without caption", LESSON, '(01-phim.mp4 "Không lời.")', "(01-phim.mp4)", "chưa có chú thích"),
    (
        "a video nobody may embed",
        LESSON,
        "Chị Hoa gửi giấy mời.",
        "Chị Hoa gửi.\n\n[Phim](https://www.youtube.com.evil.example/watch?v=a)",
        "không có trong danh sách",
    ),
    ("one objective", LESSON, "  - Ghi được kết luận.\n", "", "ít nhất 2 mục tiêu"),
    ("explains nothing", QUIZ, "Vì hệ thống lưu vết nơi nhận.", "Vì thế.", "Lời giải thích của câu HS01.1.1-q1"),
    (
        "a law that is no more",
        LESSON,
        REF,
        "ref: Nghị định số 13/2023/NĐ-CP",
        "hết hiệu lực, nay là 91/2025",
    ),
    ("a law of another day", LESSON, REF, f"{REF} ngày 05/04/2020", "ban hành ngày 05/03/2020"),
    ("required lesson without quiz", SECOND, "required: false", "required: true", "cần một bài kiểm tra"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sound_folder(tmp_path)


def weaknesses_of(*folders: Path) -> list[Problem]:
    return [problem for found in weaknesses([read_course(folder) for folder in folders]) for problem in found]


def test_a_sound_course_has_no_weakness(folder: Path) -> None:
    assert weaknesses_of(folder) == []


@pytest.mark.parametrize(("file", "old", "new", "message"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_each_weakness_is_named_with_its_file(folder: Path, file: str, old: str, new: str, message: str) -> None:
    swap(folder, file, old, new)
    found = weaknesses_of(folder)
    assert [problem.file for problem in found if message in problem.message] == [file], found


def test_a_heavy_document_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "LARGEST_DOCUMENT_BYTES", 1000)
    (folder / "01-mo-dau" / "01-bang.pdf").write_bytes(written("Bảng kiểm"))
    line = "Chị Hoa gửi giấy mời."
    swap(folder, LESSON, line, f'{line}\n\n![Bảng kiểm](01-bang.pdf "Một trang.")')
    assert ["Trên 10 MB" in problem.message for problem in weaknesses_of(folder)] == [True]


def test_sentences_that_are_long_throughout_are_averaged(folder: Path) -> None:
    long = "\n\n".join(
        f"Khi có việc thứ {number} anh chị hãy mở hệ thống rồi ghi tên nơi nhận và ngày gửi cho thật đủ và thật rõ."
        for number in range(40)
    )
    swap(folder, LESSON, prose(f"hop-so {LESSON}"), long)
    assert any("dài trung bình" in problem.message for problem in weaknesses_of(folder))


def test_words_in_tables_and_headings_do_not_make_a_text_look_easy(folder: Path) -> None:
    rows = "\n".join(f"| Ô {number} | Có |" for number in range(40))
    long = "\n\n".join(
        f"Khi có việc thứ {number} anh chị hãy mở hệ thống rồi ghi tên nơi nhận và ngày gửi cho thật đủ và thật rõ."
        for number in range(20)
    )
    swap(folder, LESSON, prose(f"hop-so {LESSON}"), f"| Ô | Có |\n|---|---|\n{rows}\n\n{long}")
    assert any("dài trung bình" in problem.message for problem in weaknesses_of(folder))


LONG = "Mỗi khi gửi văn bản đi, anh chị hãy nhớ kiểm tra lại nơi nhận một lần nữa."


def test_a_copied_long_sentence_is_found_in_the_second_lesson(folder: Path) -> None:
    line = swap(folder, LESSON, "Chị Hoa gửi giấy mời.", LONG)
    swap(folder, SECOND, "Anh Nam ký số.", f"Anh Nam ký số. {LONG.upper()}")
    [problem] = weaknesses_of(folder)
    assert problem.file == SECOND
    assert f"hop-so/{LESSON}:{line}" in problem.message


def test_a_sentence_copied_from_another_course_is_found_too(tmp_path: Path) -> None:
    first, second = sound_folder(tmp_path, "mot"), sound_folder(tmp_path, "hai", code="HS02")
    swap(first, LESSON, "Chị Hoa gửi giấy mời.", LONG)
    swap(second, SECOND, "Anh Nam ký số.", LONG)
    [problem] = weaknesses_of(first, second)
    assert f"mot/{LESSON}" in problem.message


def test_a_copied_paragraph_of_short_sentences_is_found(folder: Path) -> None:
    short = "Mở máy. Chọn tệp. Xem tên. Ghi số. Báo chị Hoa. Chờ trả lời."
    swap(folder, LESSON, "Chị Hoa gửi giấy mời.", short)
    swap(folder, SECOND, "Anh Nam ký số.", f"Anh Nam ký số.\n\n{short}")
    [problem] = weaknesses_of(folder)
    assert problem.file == SECOND
    assert "Đoạn này chép lại" in problem.message


def test_naming_the_document_that_was_replaced_is_no_fault(folder: Path) -> None:
    swap(folder, LESSON, REF, "ref: TCVN 14423:2026 (thay TCVN 11930:2017)")
    assert weaknesses_of(folder) == []


def test_the_right_answer_may_not_always_stand_in_the_same_place(folder: Path) -> None:
    questions = "".join(
        f"  - id: HS01.1.1-q{number}\n    kind: single\n    text: Chọn gì?\n    options:\n      - text: Đúng\n"
        f"        right: true\n      - text: Sai\n    explanation: Vì đây là cách làm đúng.\n"
        for number in range(6)
    )
    write(folder, QUIZ, f"pass_percent: 70\nquestions:\n{questions}")
    assert any("lựa chọn thứ 1" in problem.message for problem in weaknesses_of(folder))


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """Module 1 of KH15 as the outline wants it, made of copies of one lesson."""
    outline = module_outline("KH15", 1)
    assert outline
    folder = sound_folder(tmp_path, "cong-dan", code="KH15")
    swap(folder, "course.yaml", "title: Mở đầu", f"title: {outline.title}")
    shutil.rmtree(folder / "01-mo-dau")
    for number, (key, title) in enumerate(outline.lessons, start=1):
        text = f"""---
key: {key}
title: {title}
minutes: 10
required: false
objectives: [Làm được một việc, Kể được một việc]
role: Bà Na (nhân vật minh họa)
sources:
  - title: Đề án
    ref: Quyết định số 1908/QĐ-UBND
---
## Chuyện

{prose(key)}

::: warn
Vội.
:::

::: steps
1. Một.
2. Hai.
3. Ba.
:::
"""
        write(folder, f"01-mo-dau/0{number}-bai.md", text)
    swap(folder, "course.yaml", "hours: 0.2", "hours: 0.1")
    return folder


def test_a_module_that_follows_its_outline_is_fine(planned: Path) -> None:
    assert weaknesses_of(planned) == []


def test_a_lesson_of_the_outline_that_is_missing_is_named(planned: Path) -> None:
    (planned / "01-mo-dau/03-bai.md").unlink()
    [problem] = weaknesses_of(planned)
    assert "thiếu bài KH15.1.3" in problem.message


def test_other_titles_than_the_outlines_are_named(planned: Path) -> None:
    outline = module_outline("KH15", 1)
    assert outline
    swap(planned, "01-mo-dau/02-bai.md", f"title: {outline.lessons[1][1]}", "title: Tên khác")
    swap(planned, "course.yaml", f"title: {outline.title}", "title: Tên học phần khác")
    assert [problem.file for problem in weaknesses_of(planned)] == ["01-mo-dau/02-bai.md", "course.yaml"]


def test_lessons_in_another_order_than_the_outlines_are_named(planned: Path) -> None:
    (planned / "01-mo-dau/01-bai.md").rename(planned / "01-mo-dau/09-bai.md")
    [problem] = weaknesses_of(planned)
    assert "thứ tự đề cương" in problem.message


def test_the_last_quiz_of_a_planned_module_asks_over_all_of_it(planned: Path) -> None:
    write(planned, "01-mo-dau/04-bai.quiz.yaml", QUIZ_OF_FIVE)
    assert ["ít nhất 6 câu" in problem.message for problem in weaknesses_of(planned)] == [True]


QUIZ_OF_FIVE = "pass_percent: 70\nquestions:\n" + "".join(
    f"  - {{id: KH15.1.4-q{number}, kind: true_false, text: Đúng hay sai {number}?, answer: true,"
    " explanation: Vì đó là cách làm đúng.}\n"
    for number in range(5)
)


def test_all_outlines_are_known() -> None:
    assert sum(len(outline.lessons) for course in COURSES for outline in _modules(course)) == 245


COURSES = [f"KH{number:02}" for number in range(1, 16)]


def _modules(course: str) -> list[ModuleOutline]:
    return [outline for number in range(1, 10) if (outline := module_outline(course, number))]
