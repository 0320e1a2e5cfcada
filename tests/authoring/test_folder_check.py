"""`courses check` names the file and the line of everything that is wrong, one broken folder per kind of fault."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.__main__ import main
from app.authoring.folder import CourseProblems, Problem, read_course
from app.core.errors import CommandFailed
from tests.authoring.folders import (
    CAPTIONS,
    FILM,
    LESSON,
    PICTURE,
    QUIZ,
    SECOND,
    SLIDES,
    SVG,
    good_folder,
    sound_folder,
    swap,
    write,
)
from tests.media.samples import video
from tests.media.test_pdf import written


def problems_of(folder: Path) -> list[Problem]:
    with pytest.raises(CourseProblems) as caught:
        read_course(folder)
    return caught.value.problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return good_folder(tmp_path)


def test_a_right_folder_is_read_as_it_stands(folder: Path) -> None:
    source = read_course(folder)
    assert (source.slug, source.code, source.hours, source.audiences) == ("hop-so", "HS01", 0.5, ("CBCC", "LANHDAO"))
    assert source.summary == "Họp không giấy, từ mời họp đến kết luận."
    assert source.cover is not None
    first, second = source.modules[0].lessons
    assert (first.key, first.stem, first.minutes, first.is_required) == ("HS01.1.1", "01-hop-so", 12, True)
    assert (second.is_required, second.quiz) == (False, None)
    assert {file.name for file in first.files} == {"01-vong-hop.svg", "01-phim.mp4", "01-phim.vi.vtt"}
    assert [extra.path for extra in source.extra_files] == [SLIDES, "01-mo-dau/01-nguon.svg"]
    assert first.quiz is not None
    assert first.quiz["questions"][0]["options"] == [
        {"text": "Hệ thống quản lý văn bản", "right": True},
        {"text": "2026"},
    ]
    assert first.front_matter + first.markdown == (folder / LESSON).read_bytes().decode()


# name of the fault, file, what stands there, what stands there instead, part of the message
SWAPS: list[tuple[str, str, str, str, str]] = [
    ("no code", "course.yaml", "code: HS01\n", "", "Thiếu trường “code”"),
    ("code in small letters", "course.yaml", "code: HS01", "code: hs01", "chữ hoa"),
    ("key with a typing error", "course.yaml", "audiences:", "audience:", "Có phải “audiences”?"),
    ("unknown key", "course.yaml", "level: Cơ bản", "mau: đỏ", "Trường lạ “mau”"),
    ("unknown programme", "course.yaml", "P04-NENTANG", "P99", "nhiệm vụ đào tạo “P99”"),
    ("unknown audience", "course.yaml", "[CBCC, LANHDAO]", "[CBCC, CBVC]", "nhóm đối tượng “CBVC”"),
    ("audience twice", "course.yaml", "[CBCC, LANHDAO]", "[CBCC, CBCC]", "hai lần"),
    ("unknown skill", "course.yaml", "access:", "skills: [KNS1, KNS9]\naccess:", "nhóm kỹ năng “KNS9”"),
    ("skill twice", "course.yaml", "access:", "skills: [KNS1, KNS1]\naccess:", "hai lần"),
    ("unknown access", "course.yaml", "access: assigned", "access: closed", "assigned, open"),
    ("hours with a comma", "course.yaml", "hours: 0.5", "hours: 0,5", "số"),
    ("language as a word", "course.yaml", "language: vi", "language: viet", "hai chữ"),
    ("tag with marks", "course.yaml", "tags: [CDS]", "tags: [Số]", "Nhãn"),
    ("cover missing", "course.yaml", "cover: cover.svg", "cover: bia.svg", "Không có tệp hình bìa"),
    ("cover elsewhere", "course.yaml", "cover: cover.svg", "cover: ../cover.svg", "cạnh course.yaml"),
    (
        "certificate without title",
        "course.yaml",
        "  title: Giấy chứng nhận hoàn thành khóa học\n",
        "",
        "Thiếu trường “title”",
    ),
    ("module folder missing", "course.yaml", "dir: 01-mo-dau", "dir: 02-khac", "Không có thư mục học phần"),
    ("module outside", "course.yaml", "dir: 01-mo-dau", "dir: ../khac", "01-ten-hoc-phan"),
    (
        "modules no list",
        "course.yaml",
        "modules:\n  - dir: 01-mo-dau\n    title: Mở đầu\n    objective: Biết họp số\n",
        "modules: không\n",
        "danh sách",
    ),
    ("broken YAML", "course.yaml", "hours: 0.5", "hours: [0.5", "YAML sai cú pháp"),
    ("key twice", "course.yaml", "hours: 0.5\n", "hours: 0.5\nhours: 2\n", "hai lần"),
    ("anchor", "course.yaml", "tags: [CDS]", "tags: &t [CDS]\nlevel2: *t", "không dùng neo"),
    ("no head", LESSON, "---\nkey", "key", "hai dòng “---”"),
    ("broken head", LESSON, "minutes: 12", "minutes: 12: 3", "YAML sai cú pháp"),
    ("key of another course", LESSON, "key: HS01.1.1", "key: HS02.1.1", "theo đề cương"),
    ("key twice in the course", SECOND, "key: HS01.1.2", "key: HS01.1.1", f"đã dùng trong {LESSON}"),
    ("no minutes", LESSON, "minutes: 12\n", "", "Thiếu trường “minutes”"),
    ("too many minutes", LESSON, "minutes: 12", "minutes: 600", "từ 1 đến 120"),
    ("minutes in words", LESSON, "minutes: 12", "minutes: mười hai", "số nguyên"),
    ("required in words", LESSON, "required: true", "required: có", "true hoặc false"),
    ("unknown condition", LESSON, "required: true", "completion: {wach: 90}", "Có phải “watch”?"),
    ("too much of a video", LESSON, "required: true", "completion: {watch: 120}", "từ 0 đến 100"),
    ("condition in words", LESSON, "required: true", "completion: {read: có}", "true hoặc false"),
    ("asks nothing", SECOND, "minutes:", "completion: {read: false}\nminutes:", "không yêu cầu gì"),
    ("no objective", LESSON, "objectives:\n  - Gửi được giấy mời họp.\n", "", "Thiếu trường “objectives”"),
    ("no role", LESSON, "role: Chị Hoa, văn thư phường (nhân vật minh họa)\n", "", "Thiếu trường “role”"),
    (
        "no source",
        SECOND,
        "sources:\n  - title: Luật Giao dịch điện tử\n    ref: Luật số 20/2023/QH15\n",
        "",
        "Thiếu trường “sources”",
    ),
    ("source without number", SECOND, "    ref: Luật số 20/2023/QH15\n", "", "Thiếu trường “ref”"),
    ("address of a source", LESSON, "url: https://vanban.chinhphu.vn/", "url: vanban.chinhphu.vn", "https://"),
    ("heading of the first level", LESSON, "## Chuyện ở phường", "# Chuyện ở phường", "bắt đầu từ “##”"),
    ("raw HTML block", LESSON, "Chị Hoa gửi giấy mời.", "<div>Chị Hoa</div>", "thẻ HTML"),
    ("raw HTML in a sentence", LESSON, "Chị Hoa gửi giấy mời.", "Chị <b>Hoa</b> gửi.", "thẻ HTML"),
    ("no common mistake", LESSON, "::: warn Hay nhầm", "::: note Hay nhầm", "::: warn"),
    ("two steps only", LESSON, "3. Gửi kết luận.\n", "", "có 2 bước"),
    ("steps without numbers", LESSON, "1. Gửi giấy mời.\n2. Gửi tài liệu.\n3. Gửi kết luận.", "Gửi đi.", "có 0 bước"),
    (
        "question without a wrong option",
        LESSON,
        "3. Gửi kết luận.\n:::",
        "3. Gửi kết luận.\n:::\n\n::: question\nHỏi?\n\n- [x] Có\n\nVì thế.\n:::",
        "Khung question cần",
    ),
    ("no steps", SECOND, "::: steps", "::: note", "Thiếu khung “::: steps”"),
    ("unknown box", SECOND, "::: warn", "::: warning", "Không có khung “warning”"),
    ("box not closed", SECOND, "3. Kiểm tra chữ ký.\n:::\n", "3. Kiểm tra chữ ký.\n", "chưa được đóng"),
    ("closing nothing", SECOND, "Anh Nam ký số.", ":::", "không đóng khung nào"),
    ("picture without words", LESSON, "![Ba bước của một cuộc họp]", "![]", "lời mô tả"),
    ("video without a name", LESSON, "![Một vòng họp]", "![]", "tên video"),
    ("picture missing", LESSON, "(01-vong-hop.svg", "(01-vong.svg", "Không có tệp “01-vong.svg”"),
    ("picture of another folder", LESSON, "(01-vong-hop.svg", "(../cover.svg", "không ghi đường dẫn"),
    ("picture by a coded path", LESSON, "(01-vong-hop.svg", "(..%2Fcover.svg", "không ghi đường dẫn"),
    ("picture of the root", LESSON, "(01-vong-hop.svg", "(/etc/passwd", "không ghi đường dẫn"),
    ("picture from elsewhere", LESSON, "(01-vong-hop.svg", "(https://xau.example/a.svg", "không lấy từ nơi khác"),
    ("picture of another kind", LESSON, "(01-vong-hop.svg", "(01-phim.slides.yaml", "hình phải là"),
    (
        "video in a box",
        LESSON,
        '![Một vòng họp](01-phim.mp4 "Không lời.")',
        ":::: note\n![Một vòng họp](01-phim.mp4)\n::::",
        "đứng riêng",
    ),
    (
        "video in a sentence",
        LESSON,
        '![Một vòng họp](01-phim.mp4 "Không lời.")',
        "Xem ![Một vòng họp](01-phim.mp4) nhé.",
        "đứng riêng",
    ),
    ("video twice", LESSON, "::: warn Hay nhầm", "![Lại](01-phim.mp4)\n\n::: warn Hay nhầm", "hai lần"),
    ("link to a file", LESSON, "Chị Hoa gửi giấy mời.", "Xem [bài sau](02-ky-so.md).", "không mở được"),
    ("letters not composed", LESSON, "Chị Hoa gửi giấy mời.", "Chị Hoa gửi giấy mời ho\u0323p.", "NFC"),
    ("questions without percent", QUIZ, "pass_percent: 70\n", "", "Thiếu trường “pass_percent”"),
    ("no time at all", QUIZ, "shuffle: true", "time_limit: 0", "“time_limit” phải là số nguyên từ 1 đến 1440"),
    ("half an attempt", QUIZ, "shuffle: true", "attempts: 1.5", "“attempts” phải là số nguyên từ 1 đến 100"),
    ("a year's wait", QUIZ, "shuffle: true", "wait: 525600", "từ 1 đến 43200"),
    ("an unknown review", QUIZ, "shuffle: true", "review: always", "phải là một trong: after_submit, after_pass"),
    ("more than all percent", QUIZ, "pass_percent: 70", "pass_percent: 170", "từ 1 đến 100"),
    ("no explanation", QUIZ, "    explanation: Vì có lưu vết.\n", "", "giải thích"),
    ("no right answer", QUIZ, "        right: true\n", "", "đúng một lựa chọn đúng"),
    ("question key twice", QUIZ, "id: HS01.1.1-q2", "id: HS01.1.1-q1", "đã dùng trong"),
    ("question without id", QUIZ, "  - id: HS01.1.1-q2\n    kind", "  - kind", "Thiếu trường “id”"),
    ("unknown kind", QUIZ, "kind: true_false", "kind: riddle", "single, multiple, true_false"),
    ("answer in words", QUIZ, "answer: false", "answer: sai", "true hoặc false"),
    ("unknown key of a question", QUIZ, "    answer: false", "    anwser: false", "Có phải “answer”?"),
    ("unknown key of an option", QUIZ, "        right: true", "        correct: true", "Trường lạ “correct”"),
    ("picture of a question missing", QUIZ, "bằng gì?", "bằng gì? ![Ba ô](01-mat.svg)", "Không có tệp “01-mat.svg”"),
    ("picture of a question undescribed", QUIZ, "bằng gì?", "bằng gì? ![](01-vong-hop.svg)", "lời mô tả"),
    ("video in a question", QUIZ, "bằng gì?", "bằng gì? ![Phim](01-phim.mp4)", "chỉ dùng hình"),
    ("sound without its words", QUIZ, "bằng gì?", "bằng gì? ![Lời chào](loi.mp3)", "thiếu lời"),
    ("no questions", QUIZ, "questions:", "cau_hoi:", "Thiếu trường “questions”"),
    ("captions without times", CAPTIONS, "00:00:00.000 --> 00:00:00.500", "0 đến 1 giây", "thời gian"),
    ("picture of slides missing", SLIDES, "01-nguon.svg", "01-mat.svg", "Không có tệp “01-mat.svg”"),
    ("script in a drawing", PICTURE, "<rect", "<script>alert(1)</script><rect", "<script>"),
    ("foreign object in a drawing", PICTURE, "<rect", "<foreignObject/><rect", "<foreignObject>"),
    ("event in a drawing", PICTURE, "<rect", '<rect onclick="x()"', "onclick"),
    ("drawing that fetches", PICTURE, "<rect", '<use href="https://xau.example/x#a"/><rect', "href"),
    ("drawing that is none", PICTURE, "<svg", "<svgg", "SVG"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"), [case[1:] for case in SWAPS], ids=[case[0] for case in SWAPS]
)
def test_a_fault_is_found_in_its_file(folder: Path, file: str, old: str, new: str, message: str) -> None:
    swap(folder, file, old, new)
    found = problems_of(folder)
    assert [problem for problem in found if problem.file == file and message.lower() in problem.message.lower()], found


def test_the_line_is_that_of_the_fault(folder: Path) -> None:
    expected = {
        ("course.yaml", swap(folder, "course.yaml", "hours: 0.5", "hours: nửa giờ")),
        (LESSON, swap(folder, LESSON, "minutes: 12", "minutes: 0")),
        (LESSON, swap(folder, LESSON, "Chị Hoa gửi giấy mời.", "Chị <b>Hoa</b>.")),
        (LESSON, swap(folder, LESSON, "(01-vong-hop.svg", "(mat.svg")),
        (LESSON, swap(folder, LESSON, "1. Gửi giấy mời.\n", "") - 1),
        (QUIZ, swap(folder, QUIZ, "- id: HS01.1.1-q2", "- id: có dấu")),
        (CAPTIONS, swap(folder, CAPTIONS, "00:00:00.500", "00:00:00.000")),
    }
    found = {(problem.file, problem.line) for problem in problems_of(folder)}
    assert expected <= found, found - expected


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _bytes(name: str, data: bytes) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)

    return act


def _link(name: str, target: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.symlink(target, folder / name)

    return act


@pytest.mark.parametrize(
    ("act", "file", "message"),
    [
        (_remove("course.yaml"), "course.yaml", "Thiếu tệp course.yaml"),
        (_remove(CAPTIONS), LESSON, "thiếu phụ đề"),
        (_remove(PICTURE), LESSON, "Không có tệp"),
        (_remove(LESSON), QUIZ, "không có bài học cùng tên"),
        (_bytes("01-mo-dau/Bài ba.md", b"x"), "01-mo-dau/Bài ba.md", "Tên tệp"),
        (_bytes("01-mo-dau/bai-ba.md", b"x"), "01-mo-dau/bai-ba.md", "01-ten-bai.md"),
        (_bytes("01-mo-dau/thua.png", b"x"), "01-mo-dau/thua.png", "Không bài học nào dùng"),
        (_bytes("01-mo-dau/thua.doc", b"x"), "01-mo-dau/thua.doc", "Loại tệp"),
        (_bytes("thua.txt", b"x"), "thua.txt", "không thuộc khóa học"),
        (_bytes("02-khac/01-x.md", b"x"), "02-khac", "không có trong modules"),
        (_bytes(LESSON, b"---\nkey: \xff\n---\n"), LESSON, "UTF-8"),
        (_bytes(LESSON, "\ufeff---\nkey: x\n---\n".encode()), LESSON, "BOM"),
        (_bytes(LESSON, b"a\0b"), LESSON, "NUL"),
        (_bytes(LESSON, b"a" * 1_100_000), LESSON, "1 MB"),
        (_bytes("course.yaml", b""), "course.yaml", "tên: giá trị"),
        (_bytes("course.yaml", b"[" * 5000), "course.yaml", "YAML lồng quá sâu"),
        (_bytes(PICTURE, b" " * 1_100_000), PICTURE, "quá giới hạn"),
        (_bytes("cover.svg", b"\x89PNG\r\n\x1a\n rest"), "cover.svg", "cover.svg"),
        (_bytes(FILM, b"khong phai video" * 100), FILM, "01-phim.mp4"),
        (_bytes(FILM, (SVG * 3).encode()), FILM, "01-phim.mp4"),
        (_link(PICTURE, "/etc/passwd"), PICTURE, "liên kết"),
        (_link("01-mo-dau/bi-mat.svg", "/etc/passwd"), "01-mo-dau/bi-mat.svg", "liên kết"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named(folder: Path, act: Callable[[Path], None], file: str, message: str) -> None:
    act(folder)
    found = problems_of(folder)
    assert [problem for problem in found if problem.file == file and message in problem.message], found


def test_a_document_needs_a_title_a_place_and_a_whole_file(folder: Path) -> None:
    (folder / "01-mo-dau" / "01-bang.pdf").write_bytes(written("Bảng kiểm"))
    line = "Chị Hoa gửi giấy mời."
    swap(folder, LESSON, line, f'{line}\n\n![Bảng kiểm](01-bang.pdf "Một trang.")')
    assert "01-bang.pdf" in {file.name for file in read_course(folder).modules[0].lessons[0].files}
    swap(folder, LESSON, "![Bảng kiểm](01-bang.pdf", "![](01-bang.pdf")
    assert "tên tài liệu" in problems_of(folder)[0].message
    swap(folder, LESSON, '![](01-bang.pdf "Một trang.")', "Xem ![Bảng](01-bang.pdf) nhé.")
    assert "đứng riêng" in problems_of(folder)[0].message
    (folder / "01-mo-dau" / "01-bang.pdf").write_bytes(written("Bảng kiểm")[:400])
    assert any("đã bị hỏng" in problem.message for problem in problems_of(folder))


def test_the_source_of_a_document_is_kept_for_the_export(folder: Path) -> None:
    write(folder, "01-mo-dau/01-bang.typ", "= Bảng kiểm\n")
    assert "không có tệp PDF cùng tên" in problems_of(folder)[0].message
    (folder / "01-mo-dau" / "01-bang.pdf").write_bytes(written("Bảng kiểm"))
    line = "Chị Hoa gửi giấy mời."
    swap(folder, LESSON, line, f'{line}\n\n![Bảng kiểm](01-bang.pdf "Một trang.")')
    assert "01-mo-dau/01-bang.typ" in {extra.path for extra in read_course(folder).extra_files}


def test_a_truncated_video_is_found(folder: Path) -> None:
    data = video(folder / FILM, size="160x90", seconds=6, sound=False, faststart=True).read_bytes()
    (folder / FILM).write_bytes(data[: len(data) // 2])
    assert [problem.file for problem in problems_of(folder)] == [FILM]


def test_a_linked_module_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "01-mo-dau").rename(tmp_path / "that")
    os.symlink(tmp_path / "that", folder / "01-mo-dau")
    assert any("liên kết" in problem.message for problem in problems_of(folder))


def test_a_folder_name_with_marks_is_refused(tmp_path: Path) -> None:
    assert any("Tên thư mục" in problem.message for problem in problems_of(good_folder(tmp_path, "Họp số")))


def test_hidden_files_are_no_part_of_a_course(folder: Path) -> None:
    write(folder, ".DS_Store", "x")
    write(folder, "01-mo-dau/.01-hop-so.md.swp", "x")
    assert read_course(folder).code == "HS01"


def test_no_folder_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        read_course(tmp_path / "khong-co")


def test_the_command_prints_file_line_and_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sound_folder(tmp_path)
    assert main(["courses", "check", str(folder)]) == 0
    line = swap(folder, "course.yaml", "hours: 0.2", "hours: 0,2")
    assert main(["courses", "check", str(folder)]) == 1
    assert f"{folder}/course.yaml:{line}: Trường “hours” phải là số" in capsys.readouterr().out


def test_the_command_takes_a_folder_of_courses_and_speaks_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound_folder(tmp_path, "mot")
    swap(sound_folder(tmp_path, "hai", code="HS02"), LESSON, "minutes: 12", "minutes: 0")
    assert main(["courses", "check", str(tmp_path), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["problem_count"] == 1
    assert [
        (course["slug"], [problem["file"] for problem in course["problems"]]) for course in document["courses"]
    ] == [
        ("hai", [LESSON]),
        ("mot", []),
    ]


def test_the_command_says_when_there_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["courses", "check", str(tmp_path / "khong-co")]) == 2
    assert "khong-co" in capsys.readouterr().err


def test_a_folder_may_not_hide_behind_a_page_of_the_studio(tmp_path: Path) -> None:
    assert any("“banks”" in problem.message for problem in problems_of(good_folder(tmp_path, "banks")))
