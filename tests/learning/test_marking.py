"""Essays wait for a person: who may mark, what a mark does, what a correction does, and another attempt granted."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.learning.models import Attempt, AttemptGrant, LessonFinish, Marking
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.conftest import Learner

ESSAY: dict[str, Any] = {
    "id": "q4",
    "kind": "essay",
    "text": "Người dân nhận tin nhắn lạ, anh/chị hướng dẫn thế nào?",
    "explanation": "Dấu hiệu trước, việc làm sau.",
    "rubric": [
        {"criterion": "Nêu dấu hiệu", "points": 2, "levels": [{"points": 2, "text": "Hai dấu hiệu"}]},
        {"criterion": "Nơi báo", "points": 3},
    ],
}
WORDS = "Không bấm vào đường liên kết, báo công an xã."
QUIZ_URL = f"/learn/{making.SLUG}/L3/quiz"


@pytest.fixture
def handed_in(db: Session, new_learner: Callable[..., Learner]) -> Learner:
    """Somebody of Phường Bắc Giang who answered the one question of a quiz, an essay."""
    making.course(db, making.Lesson("L3", has_text=False, questions=(ESSAY,), quiz={"attempts": 1}))
    learner = new_learner()
    learner.browser.post(QUIZ_URL)
    learner.browser.post("/attempts/1/submit", {"q4": WORDS})
    return learner


@pytest.fixture
def marker(db: Session, new_browser: Callable[[], Browser]) -> Callable[..., Browser]:
    """`marker(at="07210")`: an instructor of that unit, signed in."""

    def make(at: str = factories.BAC_GIANG, role: str = "instructor") -> Browser:
        holder = factories.person(db, "Lê Thị Chấm")
        account = factories.account(db, holder, role=role, at=at)
        db.commit()
        return new_browser().sign_in(account.username)

    return make


def attempt_in(database: Database) -> Attempt:
    with database.reading() as db:
        found = db.scalars(select(Attempt)).one()
        db.expunge_all()
    return found


def mark(browser: Browser, *points: str, comment: str = "") -> Any:
    return browser.post("/marking/1/q4", {"points": list(points), "comment": comment})


def test_an_answer_waits_in_the_queue_without_a_name(handed_in: Learner, marker: Callable[..., Browser]) -> None:
    browser = marker()
    queue = browser.get("/marking")
    assert "Người dân nhận tin nhắn lạ" in queue.text
    assert "Trần Văn Mẫu" not in queue.text
    assert "Trần Văn Mẫu" in browser.get("/marking?names=1").text
    page = browser.get("/marking/1/q4").text
    assert WORDS in page
    assert "Nêu dấu hiệu" in page
    assert "Trần Văn Mẫu" not in page


def test_a_mark_settles_the_attempt_and_the_lesson_and_tells_the_learner(
    handed_in: Learner, marker: Callable[..., Browser], database: Database
) -> None:
    browser = marker()
    assert "Đã lưu điểm" in mark(browser, "2", "2,5", comment="Rõ ràng.").text
    assert "Không có bài nào" in browser.get("/marking").text
    assert WORDS[:10] not in browser.get("/marking?done=1").text
    assert "Người dân nhận tin nhắn lạ" in browser.get("/marking?done=1").text
    attempt = attempt_in(database)
    assert attempt.result is not None
    assert (attempt.result["percent"], attempt.passed) == (90, True)
    with database.reading() as db:
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L3"]
        told = db.scalars(select(Notice)).one()
        assert (told.category, told.person_id, told.values["percent"]) == ("result", handed_in.person_id, "90%")
    result = handed_in.browser.get("/attempts/1").text
    assert "Rõ ràng." in result
    assert "2,5 trên 3 điểm" in result
    assert "Dấu hiệu trước, việc làm sau." in result


@pytest.mark.parametrize(
    ("points", "field"),
    [(("3", "1"), "points-0"), (("", "1"), "points-0"), (("1", "-1"), "points-1"), ((), "points-1")],
)
def test_points_beyond_the_rubric_come_back_with_what_was_typed(
    handed_in: Learner, marker: Callable[..., Browser], database: Database, points: tuple[str, ...], field: str
) -> None:
    answer = mark(marker(), *points, comment="Giữ lại lời này")
    assert answer.status_code == 422
    assert f'id="f-{field}-err"' in answer.text
    assert "Giữ lại lời này" in answer.text
    assert attempt_in(database).passed is None


def test_a_correction_is_a_new_row_and_takes_no_finished_lesson_back(
    handed_in: Learner, marker: Callable[..., Browser], database: Database
) -> None:
    browser = marker()
    mark(browser, "2", "3")
    mark(browser, "1", "0", comment="Xem lại rồi.")
    assert attempt_in(database).passed is False
    with database.reading() as db:
        assert [one.points for one in db.scalars(select(Marking).order_by(Marking.id))] == [[2, 3], [1, 0]]
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L3"]
    page = browser.get("/marking/1/q4").text
    assert "Các lần chấm" in page
    assert "Lê Thị Chấm" in page
    with pytest.raises(DatabaseError, match="append-only"), database.writing() as db:
        db.execute(text("UPDATE marking SET credit = 1"))


def test_markers_of_the_learners_unit_and_of_the_courses_unit_may_mark(
    handed_in: Learner, marker: Callable[..., Browser]
) -> None:
    assert marker(at="24").get("/marking/1/q4").status_code == 200
    elsewhere = marker(at="07228")
    assert "Không có bài nào" in elsewhere.get("/marking").text
    assert elsewhere.get("/marking/1/q4").status_code == 404
    assert elsewhere.get("/marking/attempts/1").status_code == 404
    assert marker(role="unit_manager").get("/marking").status_code == 403


def test_nobody_marks_their_own(handed_in: Learner, db: Session, database: Database) -> None:
    from app.identity.models import Account
    from app.identity.roles import grants

    account = db.scalars(select(Account).where(Account.username == handed_in.username)).one()
    grants.grant_role(db, account, "instructor", factories.unit_id(db))
    db.commit()
    assert "Không có bài nào" in handed_in.browser.get("/marking").text
    assert "bài của chính anh/chị" in handed_in.browser.get("/marking/1/q4").text
    assert mark(handed_in.browser, "2", "3").status_code == 403
    assert attempt_in(database).passed is None


@pytest.mark.parametrize("address", ["/marking/1/q1", "/marking/2/q4"])
def test_what_is_nothing_to_mark_is_not_found(handed_in: Learner, marker: Callable[..., Browser], address: str) -> None:
    assert marker().get(address).status_code == 404


def test_markers_hear_of_what_waits_once_a_day(
    handed_in: Learner, marker: Callable[..., Browser], database: Database, worker: Worker
) -> None:
    marker()
    marker(at="07228")
    for _twice in range(2):
        with database.writing() as db:
            enqueue(db, "learning.tell_of_work")
        worker.run_all()
    with database.reading() as db:
        told = db.scalars(select(Notice)).one()
        assert (told.category, told.url, told.values) == ("work", "/marking", {"count": 1})


def test_another_attempt_is_granted_with_a_reason(
    handed_in: Learner, marker: Callable[..., Browser], database: Database
) -> None:
    browser = marker()
    mark(browser, "0", "0")
    assert handed_in.browser.post(QUIZ_URL).status_code == 409
    assert "Trần Văn Mẫu" in browser.get("/marking/attempts?q=van mau").text
    assert "Không có lượt làm nào" in browser.get("/marking/attempts?q=khong ai").text
    page = browser.get("/marking/attempts/1")
    assert "được làm 1 lần; người học còn 0 lần" in page.text
    assert browser.post("/marking/attempts/1/grants", {"kind": "one_more", "reason": " "}).status_code == 422
    granted = browser.post("/marking/attempts/1/grants", {"kind": "one_more", "reason": "Mất điện giữa giờ"})
    assert "Mất điện giữa giờ" in granted.text
    assert handed_in.browser.post(QUIZ_URL, follow=False).status_code == 303
    with database.reading() as db:
        grant = db.scalars(select(AttemptGrant)).one()
        assert (grant.kind, grant.after_number) == ("one_more", 1)
        assert len(db.scalars(select(Notice)).all()) == 2
