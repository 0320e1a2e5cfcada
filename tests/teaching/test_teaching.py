"""An instructor sees who is where and who is stuck, on which question; writes to them; takes a table away."""

import io
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.catalogue.service import publish, save_version
from app.core import clock
from app.core.storage import Storage
from app.core.templating import format_date
from app.identity.models import Person
from app.identity.people.merging import merge, pair_of
from app.identity.sign_in.accounts import actor_of
from app.learning.models import Attempt, Enrolment
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser
from tests.catalogue import making

COURSE = "/teaching/khoa-thu"


@pytest.fixture
def enrolments(db: Session, storage: Storage) -> dict[str, Enrolment]:
    """Hạnh fails the quiz three times, Bình has been silent for a month, Cúc learns, Dung of another ward as well."""
    factories.account(db, username="giangvien", role="instructor", at=factories.BAC_GIANG)
    course = making.course(making.lesson("THU.1.1"), making.lesson("THU.1.2"), slug="khoa-thu", code="THU")
    version = publish(db, save_version(db, storage, course, factories.unit_id(db, "24"), None), None)
    made = {}
    for name, code in (("Hạnh", "07210"), ("Bình", "07210"), ("Cúc", "07210"), ("Dung", "07681")):
        account = factories.civil_servant(db, code=code, name=f"Nguyễn {name}")
        made[name] = enrol(db, account.person_id, version.course_id)
    for _time in range(3):
        submit_attempt(db, start_attempt(db, made["Hạnh"], "THU.1.1"), {})
    for name in ("Bình", "Cúc", "Dung"):
        made[name].last_lesson_key = "THU.1.2"
    made["Bình"].last_active_at = clock.now() - timedelta(days=30)
    db.commit()
    return made


@pytest.fixture
def instructor(enrolments: dict[str, Enrolment], new_browser: Callable[[], Browser]) -> Browser:
    return new_browser().sign_in("giangvien")


def test_the_course_with_most_people_stuck_comes_first(instructor: Browser) -> None:
    page = instructor.get("/teaching").text
    assert "Khóa học thử" in page
    assert "0 trên 3" in page


def test_who_is_where_and_who_is_stuck_on_which_question(instructor: Browser) -> None:
    page = instructor.get(COURSE).text
    assert "Nguyễn Dung" not in page
    assert "cần giúp (2)" in page
    assert "đang học (1)" in page
    assert "3 lần chưa đạt" in page
    assert "Việc nào là ký số?" in page
    stuck = instructor.get(f"{COURSE}?state=stuck").text
    assert "Nguyễn Hạnh" in stuck
    assert "Nguyễn Cúc" not in stuck
    there = instructor.get(f"{COURSE}?lesson=THU.1.2").text
    assert "Nguyễn Bình" in there
    assert "Nguyễn Hạnh" not in there


def test_a_question_is_called_hard_only_after_enough_answers(
    db: Session, enrolments: dict[str, Enrolment], instructor: Browser
) -> None:
    assert "Câu hỏi nhiều người vướng" not in instructor.get(COURSE).text
    for _time in range(2):
        submit_attempt(db, start_attempt(db, enrolments["Cúc"], "THU.1.1"), {})
    db.commit()
    assert "Câu hỏi nhiều người vướng" in instructor.get(COURSE).text


def test_who_passes_is_no_longer_stuck(db: Session, enrolments: dict[str, Enrolment], instructor: Browser) -> None:
    db.execute(
        update(Attempt).where(Attempt.enrolment_id == enrolments["Hạnh"].id, Attempt.number == 3).values(passed=True)
    )
    db.commit()
    assert "cần giúp (1)" in instructor.get(COURSE).text


def test_a_word_goes_to_those_the_list_shows(
    db: Session, enrolments: dict[str, Enrolment], instructor: Browser
) -> None:
    page = instructor.post(f"{COURSE}/message", {"text": " ", "state": "stuck"})
    assert page.status_code == 422
    assert "Hãy viết lời nhắn" in page.text
    assert (
        "Đã nhắn 2 người." in instructor.post(f"{COURSE}/message", {"text": "Có cần tôi giúp?", "state": "stuck"}).text
    )
    told = set(db.scalars(select(Notice.person_id)))
    assert told == {enrolments[name].person_id for name in ("Hạnh", "Bình")}
    assert db.scalars(select(Notice.values)).first()["text"] == "Có cần tôi giúp?"  # type: ignore[index]


def test_one_human_being_is_one_row_with_the_better_state(
    db: Session, enrolments: dict[str, Enrolment], instructor: Browser
) -> None:
    admin = actor_of(db, factories.account(db, username="quantri", role="province_admin").id)
    assert admin is not None
    one, other = (db.get_one(Person, enrolments[name].person_id) for name in ("Bình", "Cúc"))
    merge(db, admin, pair_of(one, other), [], "một người, hai hồ sơ")
    db.commit()
    page = instructor.get(COURSE).text
    assert "cần giúp (1)" in page
    assert "đang học (1)" in page
    assert "0 trên 2" in instructor.get("/teaching").text
    assert "Đã nhắn 2 người." in instructor.post(f"{COURSE}/message", {"text": "Chào anh/chị"}).text


def test_what_was_completed_under_another_record_is_done(
    db: Session, enrolments: dict[str, Enrolment], instructor: Browser
) -> None:
    admin = actor_of(db, factories.account(db, username="quantri", role="province_admin").id)
    version = db.get_one(CourseVersion, enrolments["Bình"].course_version_id)
    # Of a class, say: this record is enrolled nowhere.
    other = factories.civil_servant(db, name="Nguyễn Bình").person
    factories.completion(db, other, version, clock.today())
    db.commit()
    assert "cần giúp (2)" in instructor.get(COURSE).text
    assert admin is not None
    merge(db, admin, pair_of(db.get_one(Person, enrolments["Bình"].person_id), other), [], "một người, hai hồ sơ")
    db.commit()
    page = instructor.get(COURSE).text
    assert "cần giúp (1)" in page
    assert f"hoàn thành ngày {format_date(clock.today())}" in page
    assert "1 trên 3" in instructor.get("/teaching").text


def test_the_table_says_what_the_page_says(instructor: Browser) -> None:
    answer = instructor.get(f"{COURSE}/learners.xlsx?state=stuck")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    names = {row[0] for row in cells}
    assert {"Nguyễn Hạnh", "Nguyễn Bình"} <= names
    assert "Nguyễn Cúc" not in names
