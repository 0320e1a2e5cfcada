"""Answers that share a transaction: each is kept, refused or passed over as if it had come alone."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.errors import AppError, Invalid, NotFound, SignInRequired
from app.identity.sign_in.accounts import find_candidate, sign_in
from app.learning import guests
from app.learning.answering import AnswerSave, SavedAnswers, save_answers
from app.learning.models import Attempt, Enrolment
from app.learning.quizzes import AttemptClosed, start_attempt, submit_attempt
from app.learning.service import enrol
from tests import factories
from tests.learning import making


class Sitter:
    """Somebody in front of an open paper."""

    def __init__(self, db: Session, course_id: int) -> None:
        account = factories.civil_servant(db)
        self.attempt = start_attempt(db, enrol(db, account.person_id, course_id), "L3")
        candidate = find_candidate(db, account.username)
        assert candidate
        self.token = sign_in(db, candidate)

    def says(self, question: str, *values: str, seq: int | None = None, attempt: int | None = None) -> AnswerSave:
        return AnswerSave(self.token, "", attempt or self.attempt.id, question, {"": values}, seq, "vi")


@pytest.fixture
def sitters(db: Session) -> list[Sitter]:
    version = making.course(db, making.READ, making.ANSWER)
    sitters = [Sitter(db, version.course_id) for _ in range(3)]
    db.commit()
    return sitters


def save(database: Database, *saves: AnswerSave) -> Sequence[SavedAnswers | AppError]:
    with database.writing() as db:
        return save_answers(db, saves)


def kept(database: Database, sitter: Sitter) -> dict[str, object]:
    with database.reading() as db:
        return dict(db.get_one(Attempt, sitter.attempt.id).answers)


def test_a_batch_keeps_everybodys_answers_apart(database: Database, sitters: list[Sitter]) -> None:
    one, two, three = sitters
    told = save(database, one.says("q1", "o2"), two.says("q1", "o1"), one.says("q3", "o1", "o2"), three.says("q2"))
    assert [(saved.answered_count, saved.question_count) for saved in told if isinstance(saved, SavedAnswers)] == [
        (1, 3), (1, 3), (2, 3), (0, 3),
    ]  # fmt: skip
    assert [kept(database, sitter) for sitter in sitters] == [
        {"q1": "o2", "q3": ["o1", "o2"]}, {"q1": "o1"}, {"q2": None},
    ]  # fmt: skip


def test_within_a_batch_the_newest_choice_stays_however_they_arrive(database: Database, sitters: list[Sitter]) -> None:
    one = sitters[0]
    save(database, one.says("q1", "o1", seq=2), one.says("q1", "o3", seq=1), one.says("q1", "o2", seq=3))
    save(database, one.says("q1", "o1", seq=3), one.says("q2", "true", seq=1))
    assert kept(database, one) == {"q1": "o2", "q2": True}


def test_what_is_refused_spoils_nothing_beside_it(database: Database, db: Session, sitters: list[Sitter]) -> None:
    one, two, three = sitters
    with database.writing() as writing:
        submit_attempt(writing, writing.get_one(Attempt, three.attempt.id), making.RIGHT_ANSWERS)
    told = save(
        database,
        two.says("q1", "o1", attempt=one.attempt.id),
        AnswerSave("ai-đó", "", one.attempt.id, "q1", {"": ["o1"]}, None, "vi"),
        one.says("q1", "o9"), one.says("q9", "o1"), one.says("q1", "o1", attempt=10**15), three.says("q1", "o1"),
        one.says("q2", "false"),
    )  # fmt: skip
    assert [type(one) for one in told] == [
        NotFound, SignInRequired, Invalid, NotFound, NotFound, AttemptClosed, SavedAnswers,
    ]  # fmt: skip
    assert [kept(database, sitter) for sitter in (one, two)] == [{"q2": False}, {}]
    assert kept(database, three)["q1"] == "o2"


def test_a_guest_is_known_by_the_browser(database: Database, db: Session, sitters: list[Sitter]) -> None:
    course_id = db.get_one(Enrolment, sitters[0].attempt.enrolment_id).course_id
    attempt = start_attempt(db, guests.begin(db, "may-chung", course_id), "L3")
    db.commit()
    told = save(
        database,
        AnswerSave("", "may-chung", attempt.id, "q1", {"": ["o2"]}, 1, "vi"),
        AnswerSave("", "may-khac", attempt.id, "q1", {"": ["o1"]}, 2, "vi"),
        AnswerSave("", "", attempt.id, "q1", {"": ["o1"]}, 3, "vi"),
    )
    assert [type(one) for one in told] == [SavedAnswers, SignInRequired, SignInRequired]
    with database.reading() as reading:
        assert reading.scalars(select(Attempt.answers).where(Attempt.id == attempt.id)).one() == {"q1": "o2"}


def test_a_refusal_is_said_in_the_askers_language(database: Database, sitters: list[Sitter]) -> None:
    one = sitters[0]
    in_english = AnswerSave(one.token, "", one.attempt.id, "q1", {"": ["o9"]}, None, "en")
    vietnamese, english = save(database, one.says("q1", "o9"), in_english)
    assert isinstance(vietnamese, AppError)
    assert isinstance(english, AppError)
    assert "không có lựa chọn" in vietnamese.message
    assert "o9" in english.message
    assert "không" not in english.message


def test_an_answer_makes_its_lesson_the_one_to_go_on_with(database: Database, sitters: list[Sitter]) -> None:
    one = sitters[0]
    with database.writing() as db:
        enrolment = db.get_one(Enrolment, one.attempt.enrolment_id)
        enrolment.last_lesson_key, enrolment.last_active_at = "L1", clock.now() - timedelta(days=1)
    save(database, one.says("q1", "o1"))
    with database.reading() as db:
        enrolment = db.get_one(Enrolment, one.attempt.enrolment_id)
        assert enrolment.last_lesson_key == "L3"
        assert clock.now() - enrolment.last_active_at < timedelta(minutes=1)
