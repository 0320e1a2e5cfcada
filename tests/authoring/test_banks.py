"""Banks of questions: authors fill them in the studio, quizzes draw from them, papers keep what they drew."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.bank_form import of_form, of_question, question_of
from app.authoring.folder.problems import Findings
from app.catalogue.banks import add_bank, add_question, draw_faults, revise_question, set_retired
from app.catalogue.models import BankQuestion, QuestionBank
from app.catalogue.service import publish, save_version
from app.core.db import Database
from app.core.errors import Invalid
from app.core.storage import Storage
from app.learning.models import Enrolment
from app.learning.quizzes import start_attempt
from app.learning.service import enrol
from tests import factories
from tests.authoring.conftest import StudioCourse
from tests.browser import Browser
from tests.catalogue import making
from tests.catalogue.samples import SAMPLES

SINGLE = {
    "text": "Màn hình nào là **trang thật**?", "right": ["0"],
    "option": ["dichvucong.gov.vn", "dichvucong-gov.com", ""],
    "feedback": ["", "Ai cũng mua được.", ""], "explanation": "Đuôi .gov.vn là của cơ quan nhà nước.",
    "topic": "an-toan", "difficulty": "2", "revision": "0",
}  # fmt: skip


@pytest.fixture
def author(browser: Browser, studio_course: StudioCourse) -> Browser:
    browser.sign_in("tacgia")
    return browser


@pytest.fixture
def bank_url(author: Browser, studio_course: StudioCourse) -> str:
    made = author.post("/studio/banks", {"title": "An toàn thông tin", "belongs": f"course:{studio_course.course_id}"})
    return made.url.path


def stored(database: Database) -> list[BankQuestion]:
    with database.reading() as db:
        found = list(db.scalars(select(BankQuestion).order_by(BankQuestion.id)))
        db.expunge_all()
    return found


def keep(author: Browser, bank_url: str, **changes: Any) -> str:
    """A question saved through the form; the address of its preview."""
    saved = author.post(f"{bank_url}/questions/new?kind=single", SINGLE | changes)
    assert saved.url.path.endswith("/preview"), saved.text
    return saved.url.path


# --- the form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_goes_through_its_form_unchanged(kind: str) -> None:
    body = {name: value for name, value in SAMPLES[kind].items() if name != "id"}
    fields = of_question(body | {"id": "x"}, 1)
    form = {
        "text": [fields.text], "explanation": [fields.explanation], "points": [fields.points],
        "option": [row.text for row in fields.option_rows], "feedback": [row.feedback for row in fields.option_rows],
        "right": [str(place) for place, row in enumerate(fields.option_rows) if row.right], "answer": [fields.answer],
        "accepted": [fields.accepted], "tolerance": [fields.tolerance], "unit": [fields.unit], "units": [fields.units],
        "own": [fields.own],
    }  # fmt: skip
    again, errors = question_of(of_form(kind, form))
    assert errors == {}
    assert again == {name: value.strip() if name == "text" else value for name, value in body.items()}


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_has_a_form_and_a_preview(author: Browser, bank_url: str, kind: str, db: Session) -> None:
    assert author.get(f"{bank_url}/questions/new?kind={kind}").status_code == 200
    bank = db.scalars(select(QuestionBank)).one()
    row = add_question(db, bank, SAMPLES[kind], by=None)
    db.commit()
    for url in ("", "/preview"):
        assert author.get(f"{bank_url}/questions/{row.key}{url}").status_code == 200


def test_what_is_wrong_comes_back_with_what_was_typed(author: Browser, bank_url: str) -> None:
    answer = author.post(f"{bank_url}/questions/new?kind=single", SINGLE | {"right": [], "explanation": ""})
    assert answer.status_code == 422
    assert "dichvucong-gov.com" in answer.text
    assert "Hãy viết vì sao đúng" in answer.text


# --- an author's work -------------------------------------------------------------------------------------------------


def test_an_author_fills_a_bank_and_finds_questions_again(author: Browser, bank_url: str) -> None:
    preview = author.get(keep(author, bank_url))
    assert "<strong>trang thật</strong>" in preview.text
    keep(author, bank_url, text="Mật khẩu nào tốt?", topic="mat-khau", difficulty="1")
    assert "2 câu hỏi." in author.get(bank_url).text
    for query, there, gone in [
        ("q=mat khau", "Mật khẩu nào tốt?", "trang thật"), ("topic=an-toan", "trang thật", "Mật khẩu"),
        ("difficulty=1", "Mật khẩu", "trang thật"), ("kind=essay", "Không có câu nào như vậy", "Mật khẩu"),
    ]:  # fmt: skip
        text = author.get(f"{bank_url}?{query}").text
        assert there in text, query
        assert gone not in text, query


def test_an_edit_is_a_new_revision_and_the_old_one_stays(author: Browser, bank_url: str, database: Database) -> None:
    url = keep(author, bank_url).removesuffix("/preview")
    author.post(url, SINGLE | {"revision": "1", "text": "Trang nào thật?"})
    first, second = stored(database)
    assert (first.key, first.revision, first.state) == (second.key, 1, "replaced")
    assert (second.revision, second.state, second.body["text"]) == (2, "active", "Trang nào thật?")
    assert first.body["text"] == SINGLE["text"]
    # Nor does a faulty form forget what it started from, else its next save would undo the other one.
    faulty = author.post(url, SINGLE | {"revision": "1", "text": ""})
    assert 'name="revision" value="1"' in faulty.text
    late = author.post(url, SINGLE | {"revision": "1", "text": "Sửa từ thẻ cũ"})
    assert late.status_code == 409
    assert "Sửa từ thẻ cũ" in late.text
    assert len(stored(database)) == 2


def test_a_retired_question_can_be_used_again(author: Browser, bank_url: str, database: Database) -> None:
    url = keep(author, bank_url).removesuffix("/preview")
    author.post(f"{url}/retire", {"retired": "true"})
    assert [one.state for one in stored(database)] == ["retired"]
    assert "đã thôi dùng" in author.get(f"{bank_url}?state=retired").text
    author.post(f"{url}/retire", {"retired": "false"})
    assert [one.state for one in stored(database)] == ["active"]


def test_a_copy_goes_its_own_way(
    author: Browser, bank_url: str, database: Database, studio_course: StudioCourse
) -> None:
    other = author.post("/studio/banks", {"title": "Khác", "belongs": f"course:{studio_course.course_id}"})
    url = keep(author, bank_url).removesuffix("/preview")
    author.post(f"{url}/copy", {"to": other.url.path.rsplit("/", 1)[1]})
    one, two = stored(database)
    assert one.key != two.key
    assert one.bank_id != two.bank_id
    assert one.body | {"id": two.key} == two.body


def test_a_picture_is_kept_with_its_question(author: Browser, bank_url: str, database: Database) -> None:
    from tests.access.world import _png

    answer = author.post(
        f"{bank_url}/questions/new", SINGLE | {"picture_alt": "Hai địa chỉ web"}, params={"kind": "single"},
        files={"picture": ("hinh.png", _png("red"))},
    )  # fmt: skip
    assert list(stored(database)[0].files) == re.findall(
        r"!\[Hai địa chỉ web\]\((.*)\)", stored(database)[0].body["text"]
    )
    assert '<img src="/media/' in answer.text


def test_a_unit_without_room_takes_no_picture_and_keeps_what_was_typed(
    author: Browser, bank_url: str, db: Session, database: Database
) -> None:
    from tests.access.world import _png

    factories.without_room(db, db.query(QuestionBank).one().unit_id)
    answer = author.post(
        f"{bank_url}/questions/new", SINGLE | {"picture_alt": "Hai địa chỉ web"}, params={"kind": "single"},
        files={"picture": ("hinh.png", _png("red"))},
    )  # fmt: skip
    assert (answer.status_code, "đơn vị chỉ còn 0 kB trong 1,0 MB" in answer.text) == (422, True)
    assert SINGLE["text"] in answer.text
    assert 'value="Hai địa chỉ web"' in answer.text
    assert stored(database) == []
    assert keep(author, bank_url), "without a picture it is saved"


def test_two_banks_of_one_title_have_two_keys(db: Session, studio_course: StudioCourse) -> None:
    unit = factories.unit_id(db, "24")
    assert [add_bank(db, "Ký số", unit, by=None).key for _nth in range(3)] == ["ky-so", "ky-so-2", "ky-so-3"]


# --- drawing ----------------------------------------------------------------------------------------------------------


def filled(db: Session, *topics: str) -> QuestionBank:
    bank = add_bank(db, "Chung", factories.unit_id(db, "24"), by=None)
    for topic in topics:
        add_question(db, bank, SAMPLES["single"] | {"topic": topic}, by=None)
    return bank


def drawing_course(db: Session, storage: Storage, **draw: Any) -> int:
    quiz = making.QUIZ | {"draw": [{"bank": "chung", **draw}]}
    course = making.course(making.lesson(quiz=quiz))
    version = save_version(db, storage, course, factories.unit_id(db, "24"), None)
    publish(db, version, None)
    return version.course_id


def test_a_quiz_is_published_only_if_its_banks_can_fill_a_paper(db: Session, storage: Storage) -> None:
    with pytest.raises(Invalid, match="Không có ngân hàng câu hỏi “chung”"):
        drawing_course(db, storage, count=1)
    filled(db, "x", "y")
    with pytest.raises(Invalid, match="đề cần 5 câu, còn thiếu 1"):
        drawing_course(db, storage, count=3)
    drawing_course(db, storage, count=2)


def test_a_course_may_not_draw_from_another_courses_bank(
    db: Session, storage: Storage, studio_course: StudioCourse
) -> None:
    bank = filled(db, "x")
    bank.course_id = studio_course.course_id
    db.flush()
    draw = making.QUIZ | {"draw": [{"bank": "chung", "count": 1}]}
    assert draw_faults(db, draw, studio_course.course_id) == []
    assert "của riêng một khóa học khác" in draw_faults(db, draw, studio_course.course_id + 1)[0]


def test_a_paper_keeps_what_it_drew_and_the_next_one_asks_other_questions(db: Session, storage: Storage) -> None:
    bank = filled(db, "x", "x", "x", "y")
    enrolment: Enrolment = enrol(db, factories.account(db).person_id, drawing_course(db, storage, count=1, topic="x"))
    asked = []
    for _nth in range(3):
        attempt = start_attempt(db, enrolment, "THU.1.1")
        drawn = [one for one in attempt.paper["questions"] if one["id"].startswith("nh-")]
        assert len(attempt.paper["questions"]) == 3
        asked += [one["id"] for one in drawn]
        attempt.submitted_at = attempt.started_at
        db.flush()
    assert len(set(asked)) == 3
    for row in db.scalars(select(BankQuestion).where(BankQuestion.bank_id == bank.id)).all():
        revise_question(db, row, SAMPLES["single"] | {"topic": "x", "text": "Đã sửa"}, by=None)
    for row in db.scalars(select(BankQuestion).where(BankQuestion.state == "active")).all():
        set_retired(db, row, True, by=None)
    assert drawn[0]["text"] == SAMPLES["single"]["text"]
    assert len(start_attempt(db, enrolment, "THU.1.1").paper["questions"]) == 2, "the quiz's own are still asked"


DRAWS = {
    "draw: [{bank: this, count: 2}]": "",
    "draw: [{bank: this, count: 3}]": "còn thiếu 1 câu",
    "draw: [{bank: this, topic: la, count: 1}]": "còn thiếu 1 câu",
    "draw: [{bank: chung, count: 5, difficulty: 4}]": "từ 1 đến 3",
    "draw: [{bank: chung}]": "Thiếu trường “count”",
    "draw: [{bank: chung, count: 90}, {bank: this, count: 2}, {bank: khac, count: 20}]": "nhiều nhất 100 câu",
    "draw: [{bank: chung, so: 1, count: 1}]": "Trường lạ “so”",
}


@pytest.mark.parametrize(("text", "message"), DRAWS.items())
def test_the_quiz_file_says_what_is_wrong_with_its_draws(text: str, message: str, tmp_path: Path) -> None:
    import yaml

    from app.authoring.folder.marked_yaml import read_yaml
    from app.authoring.folder.quiz_file import read_quiz

    findings = Findings()
    own = yaml.safe_dump({"pass_percent": 70, "questions": making.QUIZ["questions"]}, allow_unicode=True)
    read_quiz(read_yaml(f"{own}{text}\n"), "a.quiz.yaml", findings, {}, ())
    messages = " ".join(one.message for one in findings.problems)
    assert message in messages if message else not messages


def test_an_author_elsewhere_does_not_find_the_bank(
    author: Browser, bank_url: str, new_browser: Callable[[], Browser]
) -> None:
    other = new_browser()
    other.sign_in("tacgia-phuong")
    assert other.get(bank_url).status_code == 404
    assert bank_url not in other.get("/studio/banks").text
