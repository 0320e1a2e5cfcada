"""Papers and lessons that share a transaction: each is judged or refused as if it had come alone."""

from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.certificates.models import Certificate
from app.core.db import Database
from app.core.errors import AppError, Invalid, NotFound, SignInRequired
from app.learning.finishing import Answer, HandIn, Moment, SeenEnough, finish
from app.learning.models import Attempt, Completion, LessonReading
from app.learning.quizzes import start_attempt
from app.learning.service import enrol
from tests import factories
from tests.learning import making

WRONG = making.RIGHT_ANSWERS | {"q1": ["o1"]}


class Learner:
    """Somebody with an open paper, the last thing the course asks."""

    def __init__(self, db: Session, course_id: int) -> None:
        account = factories.civil_servant(db)
        self.enrolment = enrol(db, account.person_id, course_id)
        self.attempt = start_attempt(db, self.enrolment, "L3")

    def hands_in(self, fields: Mapping[str, Sequence[str]], attempt: int | None = None) -> HandIn:
        return HandIn([self.enrolment.person_id or 0], "", attempt or self.attempt.id, fields, "vi")


def some_learners(db: Session, count: int) -> list[Learner]:
    version = making.course(db, making.ANSWER)
    learners = [Learner(db, version.course_id) for _ in range(count)]
    db.commit()
    return learners


def together(database: Database, moments: Sequence[Moment]) -> list[Answer | AppError]:
    with database.writing() as db:
        return finish(db, moments)


def test_what_is_refused_spoils_nothing_beside_it(database: Database, db: Session) -> None:
    one, two, three, four = some_learners(db, 4)
    told = together(
        database,
        [
            two.hands_in(making.RIGHT_ANSWERS, attempt=one.attempt.id),
            HandIn((), "ai-đó", one.attempt.id, making.RIGHT_ANSWERS, "vi"),
            two.hands_in(making.RIGHT_ANSWERS | {"q3": ["o9"]}),
            three.hands_in(making.RIGHT_ANSWERS),
            four.hands_in(WRONG),
            one.hands_in(making.RIGHT_ANSWERS),
            # Another tab, a moment later.
            one.hands_in(WRONG),
            SeenEnough(10**15, "L3"),
        ],
    )
    assert [one if isinstance(one, bool) else type(one) for one in told] == [
        NotFound, SignInRequired, Invalid, True, False, True, True, NotFound,
    ]  # fmt: skip
    with database.reading() as reading:
        papers = {paper.id: paper for paper in reading.scalars(select(Attempt))}
        assert [papers[one.attempt.id].passed for one in (one, two, three, four)] == [True, None, True, False]
        assert papers[two.attempt.id].answers == {}
        # In the order they came.
        certified = reading.scalars(select(Certificate.person_id).order_by(Certificate.number)).all()
        assert certified == [three.enrolment.person_id, one.enrolment.person_id]


def test_the_last_two_lessons_of_somebody_in_one_batch_complete_the_course_once(
    database: Database, db: Session
) -> None:
    version = making.course(db, making.READ, making.Lesson("L2"))
    enrolment = enrol(db, factories.civil_servant(db).person_id, version.course_id)
    now = enrolment.enrolled_at
    db.add_all(
        LessonReading(enrolment_id=enrolment.id, lesson_key=key, opened_at=now, read_at=now) for key in ("L1", "L2")
    )
    db.commit()
    moments = [SeenEnough(enrolment.id, key) for key in ("L1", "L2", "L1")]
    assert together(database, moments) == [True, True, True]
    assert together(database, moments) == [True, True, True]
    with database.reading() as reading:
        assert reading.scalar(select(func.count()).select_from(Completion)) == 1


@pytest.fixture
def statements(database: Database) -> list[str]:
    """What is sent to the database from here on, but for new rows, of which SQLite takes one at a time."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("INSERT"):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    return sent


def test_twelve_cost_no_more_statements_than_two(database: Database, db: Session, statements: list[str]) -> None:
    learners = some_learners(db, 14)
    counts = []
    for some in (learners[:2], learners[2:]):
        statements.clear()
        assert together(database, [one.hands_in(making.RIGHT_ANSWERS) for one in some]) == [True] * len(some)
        counts.append(len(statements))
    assert counts[1] == counts[0]
