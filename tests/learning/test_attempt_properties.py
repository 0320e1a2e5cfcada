"""Whatever happens on the way between two devices and the server: nothing is lost, nothing doubled, one result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import null, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.learning.answering import AnswerSave, save_answers
from app.learning.models import Attempt
from app.learning.quizzes import grade_paper, start_attempt, submit_attempt
from app.learning.service import enrol
from tests import factories
from tests.learning import making
from tests.learning.test_answering import Sitter

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LIMIT_S = 600
OPTIONS = {"q1": ("o1", "o2", "o3"), "q2": ("true", "false")}
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Given:
    """An answer given on either device, `at` ms after the start, and when its packets arrived: repeats and strays."""

    at: int
    question: str
    value: str
    arrivals: tuple[int, ...]

    def save(self, sitter: Sitter, arrival: int) -> AnswerSave:
        waited = timedelta(milliseconds=arrival - self.at)
        return AnswerSave(
            sitter.token, "", sitter.attempt.id, self.question, {"": (self.value,)}, self.at, "vi", waited
        )

    def counts(self) -> bool:
        """As docs/questions.md 3 says it, in other words than the code."""
        deadline = LIMIT_S * 1000
        return any(
            arrival <= deadline + 60_000 or (arrival <= deadline + 300_000 and self.at <= deadline)
            for arrival in self.arrivals
        )


@st.composite
def answers(draw: st.DrawFn) -> list[Given]:
    """No two are given in the same millisecond; most around the deadline, where it matters."""
    times = draw(st.lists(st.integers(0, (LIMIT_S + 120) * 1000), unique=True, max_size=8))
    found = []
    for at in times:
        question = draw(st.sampled_from(sorted(OPTIONS)))
        delays = draw(st.lists(st.integers(0, 400_000), max_size=3))
        value = draw(st.sampled_from(OPTIONS[question]))
        found.append(Given(at, question, value, tuple(at + delay for delay in delays)))
    return found


def sit_down(db: Session) -> Sitter:
    version = making.course(
        db, making.Lesson("L3", has_text=False, questions=tuple(making.QUESTIONS), quiz={"time_limit": LIMIT_S // 60})
    )
    sitter = Sitter(db, version.course_id)
    db.commit()
    return sitter


def begin_anew(database: Database, sitter: Sitter) -> None:
    with database.writing() as db:
        db.execute(
            update(Attempt).values(
                answers={}, answer_seq={}, started_at=START, saved_at=START, submitted_at=None, result=null(),
                passed=None, deadline_at=START + timedelta(seconds=LIMIT_S), is_timed_out=False,
            )
        )  # fmt: skip


def newest(of: Sequence[Given]) -> dict[str, Any]:
    """What should be kept: of each question the answer given last."""
    values = {"true": True, "false": False}
    return {one.question: values.get(one.value, one.value) for one in sorted(of, key=lambda one: one.at)}


def kept(database: Database) -> Attempt:
    with database.reading() as db:
        attempt = db.scalars(select(Attempt)).one()
        db.expunge_all()
    return attempt


def test_the_newest_answer_stays_in_whatever_order_and_company_packets_come(db: Session, database: Database) -> None:
    sitter = sit_down(db)

    @OFTEN
    @given(st.data(), answers())
    def check(data: st.DataObject, given_: list[Given]) -> None:
        begin_anew(database, sitter)
        packets = data.draw(st.permutations([one for one in given_ for _ in range(len(one.arrivals))]))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(packets)), max_size=3)))
        with clock.frozen(START + timedelta(seconds=LIMIT_S)):
            for first, last in zip([0, *cuts], [*cuts, len(packets)], strict=True):
                with database.writing() as writing:
                    save_answers(writing, [one.save(sitter, LIMIT_S * 1000) for one in packets[first:last]])
        assert kept(database).answers == newest([one for one in given_ if one.arrivals])

    check()


def test_around_the_deadline_exactly_what_was_given_in_time_counts(db: Session, database: Database) -> None:
    sitter = sit_down(db)

    @OFTEN
    @given(answers(), st.lists(st.integers((LIMIT_S + 520) * 1000, (LIMIT_S + 900) * 1000), min_size=1, max_size=3))
    def check(given_: list[Given], closings: list[int]) -> None:
        begin_anew(database, sitter)
        packets = sorted((arrival, one.at, one) for one in given_ for arrival in one.arrivals)
        for arrival, _at, one in packets:
            with clock.frozen(START + timedelta(milliseconds=arrival)), database.writing() as writing:
                save_answers(writing, [one.save(sitter, arrival)])
        results = []
        for closing in closings:
            with clock.frozen(START + timedelta(milliseconds=closing)), database.writing() as writing:
                # A page that comes too late brings nothing with it.
                results.append(submit_attempt(writing, writing.scalars(select(Attempt)).one(), making.RIGHT_ANSWERS))
        attempt = kept(database)
        assert attempt.answers == newest([one for one in given_ if one.counts()])
        assert attempt.result == grade_paper(attempt.paper, attempt.answers)
        assert all(result == attempt.result for result in results)
        assert attempt.submitted_at == START + timedelta(seconds=LIMIT_S)

    check()


def test_two_devices_begin_one_attempt(db: Session, database: Database) -> None:
    version = making.course(db, making.ANSWER)
    enrolment = enrol(db, factories.civil_servant(db).person_id, version.course_id)
    assert len({start_attempt(db, enrolment, "L3").id for _device in range(3)}) == 1
