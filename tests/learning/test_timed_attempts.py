"""A quiz with limits: its deadline by the server's clock in every corner, attempts, waiting, and what is shown."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.catalogue.quiz_rules import QuizRule
from app.core import clock
from app.core.db import Database
from app.learning import jobs
from app.learning.attempt_rules import AFRESH, ONE_MORE, Allowance, Grant, Past, allowance
from app.learning.models import Attempt, AttemptGrant, LessonFinish
from tests.browser import Browser
from tests.learning import making
from tests.learning.conftest import Learner
from tests.learning.making import RIGHT_ANSWERS

pytestmark = pytest.mark.on_both

QUIZ_URL = f"/learn/{making.SLUG}/L3/quiz"
START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DEADLINE = START + timedelta(minutes=10)


def after(**passed: float) -> Any:
    """The clock stands still this long after the deadline (or before it)."""
    return clock.frozen(DEADLINE + timedelta(**passed))


def attempt_in(database: Database) -> Attempt:
    with database.reading() as db:
        found = db.scalars(select(Attempt).order_by(Attempt.id.desc())).first()
        assert found
        db.expunge_all()
    return found


@pytest.fixture
def quiz(db: Session, new_learner: Callable[..., Learner]) -> Callable[..., Learner]:
    """`quiz(time_limit=10)`: somebody enrolled in a course with such a quiz."""

    def make(**fields: Any) -> Learner:
        making.course(db, making.Lesson("L3", has_text=False, questions=tuple(making.QUESTIONS), quiz=fields))
        return new_learner()

    return make


@pytest.fixture
def timed(quiz: Callable[..., Learner], database: Database) -> tuple[Browser, str]:
    """A browser, and the address of an attempt begun at START with ten minutes."""
    learner = quiz(time_limit=10)
    with clock.frozen(START):
        learner.browser.post(QUIZ_URL)
    return learner.browser, f"/attempts/{attempt_in(database).id}"


def say(browser: Browser, url: str, value: str, seq: int, waited_s: float = 0) -> int:
    fields = {"question": "q1", "value": value, "seq": str(seq), "waited": str(int(waited_s * 1000))}
    return browser.htmx_post(f"{url}/answers", fields).status_code


# --- the deadline -------------------------------------------------------------------------------------------------


def test_the_deadline_is_stored_at_the_start_and_frozen(timed: tuple[Browser, str], database: Database) -> None:
    attempt = attempt_in(database)
    assert attempt.deadline_at == DEADLINE
    assert attempt.paper["time_limit"] == 10


def test_the_page_writes_the_time_for_who_has_no_scripts(timed: tuple[Browser, str]) -> None:
    browser, url = timed
    with clock.frozen(START + timedelta(minutes=2)):
        page = browser.get(url).text
    assert "Nộp bài trước 21/11/2026 10:10" in page
    assert 'data-left="480.0"' in page


@pytest.mark.parametrize(
    ("after_s", "waited_s", "status"),
    [
        (-1, 0, 200),
        (0, 0, 200),
        (60, 0, 200),  # the grace, inclusive
        (60.001, 0, 409),
        (61, 61, 200),  # given just in time, sent late
        (61, 60.9, 409),
        (300, 301, 200),
        (300.001, 10_000, 409),  # nobody waits for ever
    ],
)
def test_when_an_answer_is_taken(
    timed: tuple[Browser, str], database: Database, after_s: float, waited_s: float, status: int
) -> None:
    browser, url = timed
    with after(seconds=after_s):
        assert say(browser, url, "o2", 1, waited_s) == status
    assert attempt_in(database).answers == ({"q1": "o2"} if status == 200 else {})


def test_an_answer_too_late_is_told_when_the_time_ended(timed: tuple[Browser, str]) -> None:
    browser, url = timed
    with after(minutes=2):
        answer = browser.htmx_post(f"{url}/answers", {"question": "q1", "value": "o2"})
    assert "Đã hết giờ làm bài lúc 21/11/2026 10:10" in answer.text


@pytest.mark.parametrize(("after_s", "percent", "timed_out"), [(60, 100, False), (61, 33.3, True)])
def test_what_the_submitted_page_holds_counts_until_the_grace_ends(
    timed: tuple[Browser, str], database: Database, after_s: float, percent: float, timed_out: bool
) -> None:
    browser, url = timed
    with clock.frozen(START):
        say(browser, url, "o2", 1)
    with after(seconds=after_s):
        page = browser.post(f"{url}/submit", RIGHT_ANSWERS)
    attempt = attempt_in(database)
    assert attempt.result is not None
    assert attempt.result["percent"] == percent
    assert attempt.is_timed_out is timed_out
    assert ("Bài tự nộp khi hết giờ" in page.text) is timed_out
    assert attempt.submitted_at == (DEADLINE if timed_out else DEADLINE + timedelta(seconds=after_s))


def test_a_page_opened_after_the_time_says_so_and_writes_nothing(
    timed: tuple[Browser, str], database: Database
) -> None:
    browser, url = timed
    with after(minutes=3):
        assert "Chỉ câu trả lời đưa ra trước lúc ấy được tính" in browser.get(url).text
    assert attempt_in(database).submitted_at is None


def test_starting_again_closes_what_nobody_can_add_to(timed: tuple[Browser, str], database: Database) -> None:
    browser, url = timed
    with after(minutes=3):
        assert browser.post(QUIZ_URL, follow=False).headers["location"] == url
        assert attempt_in(database).submitted_at is None, "another device may still send what waited"
    with after(minutes=6):
        assert browser.post(QUIZ_URL, follow=False).headers["location"] == url
    assert attempt_in(database).is_timed_out


def test_the_job_closes_overdue_attempts_once(timed: tuple[Browser, str], database: Database) -> None:
    browser, url = timed
    with clock.frozen(START):
        for seq, (question, values) in enumerate(RIGHT_ANSWERS.items()):
            browser.htmx_post(f"{url}/answers", {"question": question, "value": values, "seq": str(seq)})

    def run() -> dict[str, int]:
        with database.reading() as db:
            overdue = jobs.overdue_attempts(db)
        with database.writing() as db:
            return {"closed": sum(jobs.close_overdue(db, one) for one in [*overdue, *overdue])}

    with after(minutes=5):
        assert run() == {"closed": 0}
    with after(minutes=5, seconds=1):
        assert run() == {"closed": 1}
        assert run() == {"closed": 0}
    attempt = attempt_in(database)
    assert (attempt.passed, attempt.submitted_at, attempt.is_timed_out) == (True, DEADLINE, True)
    with database.reading() as db:
        assert db.scalars(select(LessonFinish.lesson_key)).all() == ["L3"], "the lesson was judged with it"


def test_a_quiz_without_a_limit_has_no_deadline(quiz: Callable[..., Learner], database: Database) -> None:
    learner = quiz()
    learner.browser.post(QUIZ_URL)
    attempt = attempt_in(database)
    assert (attempt.deadline_at, set(attempt.paper)) == (None, {"pass_percent", "questions"})
    assert 'role="timer"' not in learner.browser.get(f"/attempts/{attempt.id}").text


# --- attempts and waiting -----------------------------------------------------------------------------------------

NOW = START
TWO = QuizRule(70, attempts=2, wait=60)
LATELY = (Past(1, NOW - timedelta(minutes=90)), Past(2, NOW - timedelta(minutes=30)))


@pytest.mark.parametrize(
    ("rule", "past", "grants", "expected"),
    [
        (QuizRule(70), LATELY, (), Allowance()),
        (TWO, (), (), Allowance(2)),
        (TWO, LATELY[:1], (), Allowance(1)),
        (TWO, LATELY, (), Allowance(0, NOW + timedelta(minutes=30))),
        (TWO, LATELY, (Grant(ONE_MORE, 2),), Allowance(1)),
        (TWO, LATELY, (Grant(ONE_MORE, 1),), Allowance(1, NOW + timedelta(minutes=30))),
        (TWO, LATELY, (Grant(AFRESH, 2),), Allowance(2)),
        (TWO, LATELY, (Grant(ONE_MORE, 1), Grant(AFRESH, 2)), Allowance(2)),
        (TWO, LATELY, (Grant(AFRESH, 2), Grant(ONE_MORE, 2)), Allowance(3)),
        (QuizRule(70, wait=30), LATELY, (), Allowance(None)),
    ],
)
def test_what_is_left(rule: QuizRule, past: Any, grants: Any, expected: Allowance) -> None:
    assert allowance(rule, past, grants, NOW) == expected


def hand_in(browser: Browser, database: Database, at: datetime) -> str:
    with clock.frozen(at):
        browser.post(QUIZ_URL)
        return browser.post(f"/attempts/{attempt_in(database).id}/submit", {}).text


def test_the_last_attempt_is_the_last_until_somebody_grants_more(
    quiz: Callable[..., Learner], database: Database
) -> None:
    learner = quiz(attempts=1)
    assert "Được làm 1 lần, còn 1 lần." in learner.browser.get(QUIZ_URL).text
    result = hand_in(learner.browser, database, START)
    assert "Đã làm hết số lần" in result
    assert "Làm lại" not in result
    refused = learner.browser.post(QUIZ_URL)
    assert refused.status_code == 409
    assert "được làm 1 lần và đã làm hết" in refused.text
    with database.writing() as db:
        db.add(
            AttemptGrant(
                enrolment_id=learner.enrolment_id, lesson_key="L3", kind=ONE_MORE, after_number=1, granted_at=START,
                account_id=1, reason="Mất điện",
            )
        )  # fmt: skip
    assert learner.browser.post(QUIZ_URL, follow=False).status_code == 303
    assert attempt_in(database).number == 2


def test_the_next_attempt_waits(quiz: Callable[..., Learner], database: Database) -> None:
    learner = quiz(wait=45)
    assert "Lần làm tiếp theo từ 21/11/2026 10:45." in hand_in(learner.browser, database, START)
    with clock.frozen(START + timedelta(minutes=44)):
        assert "Lần làm tiếp theo từ 21/11/2026 10:45." in learner.browser.post(QUIZ_URL).text
    with clock.frozen(START + timedelta(minutes=45)):
        assert learner.browser.post(QUIZ_URL, follow=False).status_code == 303


def test_the_database_refuses_to_change_a_grant(quiz: Callable[..., Learner], database: Database) -> None:
    learner = quiz(attempts=1)
    with database.writing() as db:
        db.add(
            AttemptGrant(
                enrolment_id=learner.enrolment_id, lesson_key="L3", kind=AFRESH, after_number=1, granted_at=START,
                account_id=1, reason="Mất điện",
            )
        )  # fmt: skip
    with pytest.raises(DatabaseError, match="append-only"), database.writing() as db:
        db.execute(text("UPDATE attempt_grant SET reason = 'khác'"))


# --- what is shown ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("review", "right", "score", "explained"),
    [
        ("after_submit", False, True, True),
        ("after_pass", False, True, False),
        ("after_pass", True, True, True),
        ("score_only", True, True, False),
        ("never", True, False, False),
    ],
)
def test_a_result_shows_what_the_quiz_allows(
    quiz: Callable[..., Learner], database: Database, review: str, right: bool, score: bool, explained: bool
) -> None:
    learner = quiz(review=review)
    learner.browser.post(QUIZ_URL)
    page = learner.browser.post(f"/attempts/{attempt_in(database).id}/submit", RIGHT_ANSWERS if right else {}).text
    assert ("Ký số dùng chứng thư số." in page) is explained
    assert (("100%" if right else "0 trên 3 điểm") in page) is score
    assert ("100%" in learner.browser.get(QUIZ_URL).text) is (score and right)
