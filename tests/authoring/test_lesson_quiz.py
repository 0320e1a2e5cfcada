"""The quiz of a lesson in the studio: a file of questions, one by hand, order, rules; what is wrong loses nothing."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from app.authoring import lesson_quiz, questions_io
from app.authoring.lesson_quiz import QuizFields
from app.catalogue.banks import add_bank, add_question
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.service import publish
from app.catalogue.stored import source_of
from app.core.db import Database
from tests.authoring.conftest import SLUG, StudioCourse
from tests.authoring.test_banks import SINGLE
from tests.browser import Browser

URL = f"/studio/{SLUG}/lessons/KS01.1.1/quiz"
PICTURE = io.BytesIO()
Image.new("RGB", (40, 30), "white").save(PICTURE, "PNG")
RULES = {"pass_percent": "80", "review": "after_pass", "attempts": "3"}


def true_false(number: int) -> dict[str, Any]:
    return {
        "id": f"x-{number}", "kind": "true_false", "text": f"Ký số thay được chữ ký tay, ý thứ {number}.",
        "answer": number % 2 == 0, "explanation": "Luật Giao dịch điện tử nói rõ điều này.",
    }  # fmt: skip


def sheet(count: int) -> bytes:
    return questions_io.write("xlsx", [true_false(number) for number in range(count)]).content


def send_file(author: Browser, content: bytes, name: str = "cau-hoi.xlsx") -> Any:
    return author.post(f"{URL}/file", files={"file": (name, content)})


def quiz_of(database: Database, course: StudioCourse) -> dict[str, Any] | None:
    with database.reading() as db:
        version = newest_version(db, db.get_one(Course, course.course_id))
        return source_of(db, version.id).lesson("KS01.1.1")[1].quiz


def version_of(database: Database, course: StudioCourse) -> int:
    with database.reading() as db:
        return newest_version(db, db.get_one(Course, course.course_id)).id


def test_ten_questions_of_a_sheet_are_in_the_draft_after_one_press(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    page = send_file(author, sheet(10))
    assert page.status_code == 200
    assert "Đã thêm 10 câu" in page.text
    quiz = quiz_of(database, studio_course)
    assert quiz
    assert [one["text"] for one in quiz["questions"]] == [true_false(number)["text"] for number in range(10)]
    assert len({one["id"] for one in quiz["questions"]}) == 10
    again = send_file(author, sheet(12))
    assert "Đã thêm 2 câu" in again.text
    assert "10 câu bài đã có" in again.text


def test_what_a_sheet_gets_wrong_is_told_and_the_rest_taken(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    broken = questions_io.write("gift", [true_false(1)]).content + b"\n\nC\xc3\xa2u kh\xc3\xb4ng xong {=\n"
    page = send_file(author, broken, "cau-hoi.gift")
    assert "Đã thêm 1 câu" in page.text
    assert "Lý do" in page.text
    quiz = quiz_of(database, studio_course)
    assert quiz
    assert len(quiz["questions"]) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("bai.pdf", b"%PDF-1.7", "không phải Excel"), ("bai.xlsx", b"khong phai", "Excel"), ("", b"", "Hãy chọn một tệp")],
)
def test_a_file_of_another_kind_adds_nothing(
    author: Browser, database: Database, studio_course: StudioCourse, name: str, content: bytes, said: str
) -> None:
    page = send_file(author, content, name)
    assert page.status_code == 422
    assert said in page.text
    assert quiz_of(database, studio_course) is None


def test_a_question_by_hand_is_changed_moved_and_taken_out(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    version = version_of(database, studio_course)
    saved = author.post(f"{URL}/questions/new?kind=single", SINGLE | {"revision": str(version)})
    assert saved.url.path == URL
    send_file(author, sheet(2))
    first, second, _third = [one["id"] for one in (quiz_of(database, studio_course) or {})["questions"]]
    assert "Màn hình nào" in author.get(f"{URL}/questions/{first}").text
    version = version_of(database, studio_course)
    author.post(f"{URL}/questions/{first}", SINGLE | {"text": "Trang nào thật?", "revision": str(version)})
    author.post(f"{URL}/questions/{second}/move", {"by": "-1"})
    quiz = quiz_of(database, studio_course)
    assert quiz
    assert [one["id"] for one in quiz["questions"]][:2] == [second, first]
    assert quiz["questions"][1]["text"] == "Trang nào thật?"
    for one in list(quiz["questions"]):
        author.post(f"{URL}/questions/{one['id']}/delete")
    assert quiz_of(database, studio_course) is None
    assert author.get(f"{URL}/questions/{first}").status_code == 404


def test_a_faulty_question_comes_back_as_it_was_typed(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    faulty = {name: value for name, value in SINGLE.items() if name != "right"}
    page = author.post(f"{URL}/questions/new?kind=single", faulty)
    assert page.status_code == 422
    assert "dichvucong-gov.com" in page.text
    assert quiz_of(database, studio_course) is None


def test_a_picture_of_a_question_becomes_a_file_of_the_lesson(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    form = SINGLE | {"picture_alt": "Màn hình đăng nhập", "revision": str(version_of(database, studio_course))}
    page = author.post(
        f"{URL}/questions/new", form, params={"kind": "single"}, files={"picture": ("man-hinh.png", PICTURE.getvalue())}
    )
    assert page.url.path == URL, page.text
    quiz = quiz_of(database, studio_course)
    assert quiz
    assert "![Màn hình đăng nhập](" in quiz["questions"][0]["text"]


def test_two_authors_at_one_quiz_the_second_is_told(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    started = version_of(database, studio_course)
    send_file(author, sheet(1))
    page = author.post(f"{URL}/questions/new?kind=single", SINGLE | {"revision": str(started)})
    assert page.status_code == 409
    assert "dichvucong.gov.vn" in page.text
    assert author.post(URL, RULES | {"base_version": str(started)}).status_code == 409


def test_a_faulty_question_does_not_forget_which_version_it_started_from(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    """Else its next save would undo what another author saved in between, in silence."""
    started = version_of(database, studio_course)
    send_file(author, sheet(1))
    url = f"{URL}/questions/new?kind=single"
    faulty = author.post(url, SINGLE | {"text": "", "revision": str(started)})
    assert faulty.status_code == 422
    assert f'name="revision" value="{started}"' in faulty.text


def test_rules_are_kept_and_faulty_ones_told(author: Browser, database: Database, studio_course: StudioCourse) -> None:
    send_file(author, sheet(2))
    version = str(version_of(database, studio_course))
    faulty = author.post(URL, RULES | {"pass_percent": "120", "base_version": version})
    assert faulty.status_code == 422
    assert 'value="120"' in faulty.text
    author.post(URL, RULES | {"base_version": version})
    quiz = quiz_of(database, studio_course)
    assert quiz
    assert {name: quiz[name] for name in ("pass_percent", "review", "attempts", "shuffle")} == {
        "pass_percent": 80, "review": "after_pass", "attempts": 3, "shuffle": False,
    }  # fmt: skip
    assert "time_limit" not in quiz


def test_a_quiz_draws_from_a_bank_of_the_course_only(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    with database.writing() as db:
        course = db.get_one(Course, studio_course.course_id)
        bank = add_bank(db, "Ký số", course.unit_id, course, by=None)
        for number in range(3):
            add_question(db, bank, {name: one for name, one in true_false(number).items() if name != "id"}, by=None)
        key = bank.key
    version = str(version_of(database, studio_course))
    row = {"count": ["2"], "topic": [""], "difficulty": [""]}
    assert author.post(URL, RULES | row | {"bank": ["khong-co"], "base_version": version}).status_code == 422
    author.post(URL, RULES | row | {"bank": [key], "base_version": version})
    quiz = quiz_of(database, studio_course)
    assert quiz
    assert quiz["draw"] == [{"bank": key, "count": 2}]
    with database.writing() as db:
        publish(db, newest_version(db, db.get_one(Course, studio_course.course_id)), None)


def test_only_authors_of_the_unit_see_it(new_browser: Callable[[], Browser], studio_course: StudioCourse) -> None:
    assert new_browser().sign_in("tacgia-phuong").get(URL).status_code == 404
    assert new_browser().sign_in("nguoihoc").get(URL).status_code == 403


def test_a_question_keeps_its_id_and_others_their_places() -> None:
    quiz = lesson_quiz.with_questions(None, [true_false(number) for number in range(3)])
    assert [one["id"] for one in lesson_quiz.moved(quiz, "x-0", 1)["questions"]] == ["x-1", "x-0", "x-2"]
    assert [one["id"] for one in lesson_quiz.moved(quiz, "x-2", 1)["questions"]] == ["x-0", "x-1", "x-2"]
    assert lesson_quiz.moved(quiz, "khong-co", 1) == quiz
    fields = QuizFields.of_quiz(quiz, 5)
    assert lesson_quiz.with_rules(quiz, fields, [])[0] == quiz
