"""Quizzes: the paper is frozen, answers are kept as given, submitting counts once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.identity.models import SignInSession
from app.learning.models import Attempt, LessonFinish
from app.learning.quizzes import grade_paper, make_paper
from app.learning.service import move_to_published
from tests.learning import making
from tests.learning.conftest import Learner
from tests.learning.making import QUESTIONS, RIGHT_ANSWERS

QUIZ_URL = f"/learn/{making.SLUG}/L3/quiz"
QUIZ = {"pass_percent": 70, "shuffle": True, "questions": QUESTIONS}


def attempts(database: Database) -> list[Attempt]:
    with database.reading() as db:
        found = list(db.scalars(select(Attempt).order_by(Attempt.id)))
        db.expunge_all()
    return found


@pytest.fixture
def attempt_url(learner: Learner, database: Database) -> str:
    """The address of an attempt just begun."""
    learner.browser.post(QUIZ_URL)
    return f"/attempts/{attempts(database)[0].id}"


# --- the paper and its grade --------------------------------------------------------------------------------------


def test_a_paper_has_every_question_once_in_an_order_of_its_own() -> None:
    papers = [make_paper(QUIZ, Random(seed)) for seed in range(20)]
    orders = {tuple(question["id"] for question in paper["questions"]) for paper in papers}
    assert {frozenset(order) for order in orders} == {frozenset({"q1", "q2", "q3"})}
    assert len(orders) > 3
    assert all(paper["pass_percent"] == 70 for paper in papers)


def test_without_shuffling_the_paper_keeps_the_authors_order() -> None:
    paper = make_paper(QUIZ | {"shuffle": False}, Random(1))
    assert [question["id"] for question in paper["questions"]] == ["q1", "q2", "q3"]
    assert [option["id"] for option in paper["questions"][0]["options"]] == ["o1", "o2", "o3"]


@pytest.mark.parametrize(
    ("answers", "percent", "passed"),
    [
        ({"q1": "o2", "q2": False, "q3": ["o1", "o2"]}, 100, True),
        ({"q1": "o2", "q2": False}, 66.6, False),
        ({"q1": "o2", "q2": False, "q3": ["o1"]}, 83.3, True),
        ({"q1": "o2", "q2": True, "q3": ["o1", "o2", "o3", "o4"]}, 33.3, False),
        ({}, 0, False),
    ],
)
def test_a_paper_is_graded_with_one_point_per_question(answers: Any, percent: float, passed: bool) -> None:
    result = grade_paper(make_paper(QUIZ, Random(3)), answers)
    assert (result["percent"], result["passed"], result["max"]) == (percent, passed, 3)


# --- taking it ----------------------------------------------------------------------------------------------------


def test_the_page_before_an_attempt_says_the_rules_and_writes_nothing(learner: Learner, database: Database) -> None:
    page = learner.browser.get(QUIZ_URL)
    assert "3 câu. Đạt từ 70%" in page.text
    assert attempts(database) == []


def test_an_open_attempt_is_resumed_instead_of_a_second(learner: Learner, attempt_url: str, database: Database) -> None:
    again = learner.browser.post(QUIZ_URL, follow=False)
    assert again.headers["location"] == attempt_url
    assert len(attempts(database)) == 1
    assert "Làm tiếp bài đang dở" in learner.browser.get(QUIZ_URL).text


def test_the_open_page_does_not_give_the_answers_away(learner: Learner, attempt_url: str) -> None:
    page = learner.browser.get(attempt_url).text
    assert "Việc nào là ký số?" in page
    assert "Ký số dùng chứng thư số." not in page
    assert "Đáp án đúng" not in page
    assert "checked" not in page


def test_an_answer_is_kept_as_given_and_the_page_says_so(
    learner: Learner, attempt_url: str, database: Database
) -> None:
    with clock.frozen(datetime(2026, 11, 21, 3, 42, tzinfo=UTC)):
        response = learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q1", "value": "o3", "seq": "1"})
    assert response.status_code == 200
    assert "đã lưu 10:42" in response.text
    assert "Đã trả lời 1 trên 3 câu" in response.text
    learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q3", "q3": ["o1", "o2"]})
    assert attempts(database)[0].answers == {"q1": "o3", "q3": ["o1", "o2"]}
    assert len(re.findall(r"\bchecked\b", learner.browser.get(attempt_url).text)) == 3


def test_a_late_packet_does_not_overwrite_a_newer_choice(
    learner: Learner, attempt_url: str, database: Database
) -> None:
    for seq, value in (("5", "o2"), ("4", "o1"), ("5", "o3")):
        learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q1", "value": value, "seq": seq})
    assert attempts(database)[0].answers == {"q1": "o2"}


def test_ticks_taken_away_are_kept_too(learner: Learner, attempt_url: str, database: Database) -> None:
    learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q3", "value": ["o1", "o3"], "seq": "1"})
    learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q3", "seq": "2"})
    assert attempts(database)[0].answers == {"q3": None}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"question": "q9", "value": "o1"}, 404),
        ({"value": "o1"}, 404),
        ({"question": "q1", "value": "o9"}, 422),
        ({"question": "q1", "value": ["o1", "o2"]}, 422),
        ({"question": "q2", "value": "có lẽ"}, 422),
        ({"question": "q1", "value": "o1", "seq": "-1"}, 422),
    ],
)
def test_what_no_page_of_ours_sends_is_refused(
    learner: Learner, attempt_url: str, database: Database, fields: dict[str, Any], status: int
) -> None:
    assert learner.browser.htmx_post(f"{attempt_url}/answers", fields).status_code == status
    assert attempts(database)[0].answers == {}


def test_without_scripts_the_submit_button_sends_all_answers(
    learner: Learner, attempt_url: str, database: Database
) -> None:
    page = learner.browser.post(f"{attempt_url}/submit", RIGHT_ANSWERS)
    assert page.status_code == 200
    assert "100%" in page.text
    assert "Vì sao?" in page.text
    assert "Ký số dùng chứng thư số." in page.text
    with database.reading() as db:
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L3"]


def test_a_failed_attempt_shows_what_was_right_and_may_be_taken_again(
    learner: Learner, attempt_url: str, database: Database
) -> None:
    page = learner.browser.post(f"{attempt_url}/submit", {"q1": "o1", "q2": "true"}).text
    assert "Chưa đạt" in page
    assert "Đã chọn. Chưa đúng." in page
    assert "Đáp án đúng." in page
    assert "chưa trả lời" in page
    second = learner.browser.post(QUIZ_URL).text
    assert "Lần làm thứ 2" in second
    with database.reading() as db:
        assert db.scalars(select(LessonFinish.lesson_key)).all() == []


def test_a_later_failure_does_not_take_the_pass_away(learner: Learner, attempt_url: str, database: Database) -> None:
    learner.browser.post(f"{attempt_url}/submit", RIGHT_ANSWERS)
    learner.browser.post(QUIZ_URL)
    learner.browser.post(f"/attempts/{attempts(database)[1].id}/submit", {})
    assert [attempt.passed for attempt in attempts(database)] == [True, False]
    page = learner.browser.get(QUIZ_URL).text
    assert "Đã đạt bài kiểm tra này" in page
    assert "Bài này đã xong" in learner.browser.get(f"/learn/{making.SLUG}/L3").text


# --- two tabs, sessions that end, courses that change -------------------------------------------------------------


def test_the_second_tab_to_submit_sees_the_first_result(learner: Learner, attempt_url: str, database: Database) -> None:
    with clock.frozen(datetime(2026, 11, 21, 3, 42, tzinfo=UTC)):
        first = learner.browser.post(f"{attempt_url}/submit", RIGHT_ANSWERS)
    second = learner.browser.post(f"{attempt_url}/submit", {"q1": "o1", "q2": "true"})
    assert second.status_code == 200
    assert "nộp lúc 21/11/2026 10:42" in second.text
    assert ("100%" in first.text, "100%" in second.text) == (True, True)
    (attempt,) = attempts(database)
    assert attempt.answers == {"q1": "o2", "q2": False, "q3": ["o1", "o2"]}
    with database.reading() as db:
        assert len(db.scalars(select(LessonFinish)).all()) == 1


def test_an_answer_after_submission_is_told_when_it_was_handed_in(
    learner: Learner, attempt_url: str, database: Database
) -> None:
    with clock.frozen(datetime(2026, 11, 21, 3, 42, tzinfo=UTC)):
        learner.browser.post(f"{attempt_url}/submit", {"q1": "o1"})
    response = learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q1", "value": "o2", "seq": "9"})
    assert response.status_code == 409
    assert "Bài đã nộp lúc 21/11/2026 10:42" in response.text
    assert attempts(database)[0].answers == {"q1": "o1"}


def test_a_session_that_ends_in_the_middle_loses_no_answer(
    learner: Learner, attempt_url: str, db: Session, database: Database
) -> None:
    learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q1", "value": "o2", "seq": "1"})
    db.execute(update(SignInSession).values(ended_at=clock.now()))
    db.commit()
    lost = learner.browser.htmx_post(f"{attempt_url}/answers", {"question": "q2", "value": "false", "seq": "2"})
    assert lost.status_code == 401
    submitted = learner.browser.post(
        f"{attempt_url}/submit", RIGHT_ANSWERS, follow=False, headers={"referer": f"https://hocso.test{attempt_url}"}
    )
    assert (submitted.status_code, submitted.headers["location"]) == (303, f"/sign-in?next={attempt_url}")
    asked = learner.browser.get(attempt_url, follow_redirects=False)
    assert asked.headers["location"] == f"/sign-in?next={attempt_url}"
    learner.browser.token = ""
    back = learner.browser.post(
        "/sign-in", {"name": learner.username, "password": "mat-khau-thu-nghiem-1", "next": attempt_url}
    )
    assert str(back.url).endswith(attempt_url)
    assert "Đã trả lời 1 trên 3 câu" in back.text
    assert attempts(database)[0].answers == {"q1": "o2"}


def test_a_new_edition_of_the_course_does_not_change_the_open_attempt(
    learner: Learner, attempt_url: str, db: Session, database: Database
) -> None:
    before = attempts(database)[0].paper
    harder = {**QUESTIONS[0], "id": "q7", "text": "Câu mới"}
    making.course(db, making.READ, making.Lesson("L3", has_text=False, questions=(harder,)))
    move_to_published(db, db.get_one(Attempt, attempts(database)[0].id).enrolment)
    db.commit()
    assert attempts(database)[0].paper == before
    page = learner.browser.get(attempt_url).text
    assert ("Việc nào là ký số?" in page, "Câu mới" in page) == (True, False)
    assert "100%" in learner.browser.post(f"{attempt_url}/submit", RIGHT_ANSWERS).text


def test_somebody_elses_attempt_is_not_found(
    learner: Learner, attempt_url: str, new_learner: Callable[..., Learner], database: Database
) -> None:
    other = new_learner().browser
    assert other.get(attempt_url).status_code == 404
    assert other.htmx_post(f"{attempt_url}/answers", {"question": "q1", "value": "o1"}).status_code == 404
    assert other.post(f"{attempt_url}/submit", RIGHT_ANSWERS).status_code == 404
    (attempt,) = attempts(database)
    assert (attempt.answers, attempt.submitted_at) == ({}, None)


def test_a_lesson_without_a_quiz_has_no_quiz_page(learner: Learner) -> None:
    assert learner.browser.get(f"/learn/{making.SLUG}/L1/quiz").status_code == 404
    assert learner.browser.post(f"/learn/{making.SLUG}/L1/quiz").status_code == 404


def test_time_between_answers_does_not_matter(learner: Learner, attempt_url: str) -> None:
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert learner.browser.post(f"{attempt_url}/submit", RIGHT_ANSWERS).status_code == 200
