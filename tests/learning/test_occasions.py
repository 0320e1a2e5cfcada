"""What sets completions of one person apart, how long they count, and what was learned outside of our courses."""

from datetime import date

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalogue.source import CompletionRule
from app.certificates.models import Certificate
from app.core import clock, events
from app.coverage.counting.figures import Question, figure
from app.identity.models import Person
from app.learning.completions import Learned, LearnedOutside, record_completion
from app.learning.models import Completion
from app.main import HANDLERS
from tests import factories
from tests.learning import making

TASK = "P04-NENTANG"


@pytest.fixture(autouse=True)
def everybody_listens() -> None:
    events.wire(HANDLERS)


@pytest.fixture
def holder(db: Session) -> Person:
    person = factories.person(db)
    factories.post(db, person)
    return person


@pytest.mark.parametrize(
    ("rule", "on", "until"),
    [
        (CompletionRule(), "2026-03-10", None),
        (CompletionRule(valid_months=12), "2026-03-10", "2027-03-10"),
        (CompletionRule(valid_months=12), "2024-02-29", "2025-02-28"),
        (CompletionRule(valid_months=1), "2026-12-31", "2027-01-31"),
        (CompletionRule(is_valid_until_year_end=True), "2026-03-10", "2026-12-31"),
    ],
)
def test_a_course_says_how_long_its_completion_counts(rule: CompletionRule, on: str, until: str | None) -> None:
    assert rule.valid_until(date.fromisoformat(on)) == (date.fromisoformat(until) if until else None)


def test_a_rule_is_kept_as_what_differs_from_the_ordinary() -> None:
    rule = CompletionRule(hours=6.5, in_person=True, valid_months=12)
    assert CompletionRule.of(rule.as_json()) == rule
    assert CompletionRule().as_json() == {}


def test_the_end_of_validity_is_written_with_the_completion(db: Session, holder: Person) -> None:
    version = making.course(db, making.READ, completion=CompletionRule(valid_months=12))
    done = factories.completion(db, holder, version, date(2026, 5, 4))
    assert done.valid_until == date(2027, 5, 4)


def test_another_occasion_is_another_completion_and_a_repeat_is_not(db: Session, holder: Person) -> None:
    version = factories.course(db)

    def record(occasion: str) -> Completion:
        return record_completion(db, Learned(holder.id, version.id, "class", date(2026, 5, 4), occasion))

    first = record("attendance:1")
    assert record("attendance:1") is first
    assert record("attendance:2") is not first


def test_what_was_learned_elsewhere_counts_by_its_task_and_brings_no_certificate(db: Session, holder: Person) -> None:
    done = record_completion(
        db, LearnedOutside(holder.id, TASK, "Khóa ở nơi khác", "evidence", "evidence:1", date(2026, 5, 4), 6)
    )
    assert (done.course_id, done.programme_code, [post.unit_id for post in done.posts]) == (
        None, TASK, [factories.unit_id(db)],
    )  # fmt: skip
    assert db.query(Certificate).filter_by(completion_id=done.id).count() == 0


def test_class_evidence_and_online_of_one_person_are_one_in_the_figure(db: Session, holder: Person) -> None:
    version = factories.course(db, programme=TASK)
    factories.completion(db, holder, version, date(2026, 6, 1))
    record_completion(db, Learned(holder.id, version.id, "class", date(2026, 5, 1), "attendance:1"))
    record_completion(db, LearnedOutside(holder.id, TASK, "Nơi khác", "evidence", "evidence:1", date(2026, 4, 1), 6))
    found = figure(db, Question("BG-CBCC", "24", date(2026, 11, 1)))
    assert (found.numerator, found.denominator.value, found.output) == (1, 1, 1)


@pytest.mark.parametrize(
    "shape", [{}, {"programme_code": TASK}, {"title": "Chỉ có tên"}], ids=["nothing", "no title", "no task"]
)
def test_the_database_refuses_a_completion_of_nothing(db: Session, holder: Person, shape: dict[str, str]) -> None:
    row = {
        "person_id": holder.id, "how": "evidence", "completed_on": date(2026, 1, 1), "recorded_at": clock.now(),
        "hours": 1.0,
    }  # fmt: skip
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(insert(Completion), [row | shape])
