"""The ledger in bulk: a fixed number of queries, and the same rows as person by person."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from app.core import clock, events
from app.core.db import Database, Session
from app.coverage.counting.facts import completions_of, posts_of_people, rule_book
from app.coverage.counting.judging import judge
from app.coverage.counting.ledger import append, entries_between, reconcile
from app.coverage.models import CoverageEntry, CoverageRollup
from app.identity.events import AffiliationsChanged
from app.learning.events import CoursesCompleted
from app.main import HANDLERS
from tests import factories

Row = tuple[object, ...]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def some_people(db: Session) -> Iterator[Callable[[int], list[int]]]:
    """`some_people(n)`: n people of all audiences with a completion each, entered without any news of it."""
    events.wire([])
    version = factories.course(db, tags=("CDS", "DULIEU"))

    def make(count: int) -> list[int]:
        made = []
        for number in range(count):
            holder = factories.person(db)
            audiences = (("CBCC",), ("TCNSCD", "NGUOIDAN"), ("LDDN", "DNNN"))[number % 3]
            factories.post(db, holder, ("07210", "09187", "SKHCN")[number % 3], audiences=audiences)
            factories.completion(db, holder, version, date(2026, 3, 1 + number % 20))
            made.append(holder.id)
        db.flush()
        return made

    yield make
    events.wire(HANDLERS)


def test_a_batch_costs_the_same_queries_whatever_its_size(
    db: Session, database: Database, some_people: Callable[[int], list[int]]
) -> None:
    few, many = some_people(2), some_people(40)
    with counted(database.engine) as for_few:
        assert reconcile(db, few, "thử").entries
    with counted(database.engine) as for_many:
        assert reconcile(db, many, "thử").entries
    assert len(for_many) == len(for_few) <= 18


def test_judging_in_bulk_writes_the_rows_the_services_write(
    db: Session, some_people: Callable[[int], list[int]]
) -> None:
    ids = some_people(12)
    posts, completions = posts_of_people(db, ids), completions_of(db, ids)
    rules = rule_book(db, sorted({post.unit_id for own in posts.values() for post in own}))
    rows = []
    for person_id in ids:
        appointed = judge(rules, posts[person_id], [])
        rows += entries_between(person_id, {}, appointed, clock.now(), "affiliation")
        completed = judge(rules, posts[person_id], completions[person_id])
        rows += entries_between(person_id, appointed, completed, clock.now(), "completion")
    point = db.begin_nested()
    append(db, rows)
    in_bulk = _held(db)
    point.rollback()

    events.wire(HANDLERS)
    for person_id in ids:
        kept = completions.pop(person_id)
        events.emit(db, AffiliationsChanged((person_id,)))
        events.emit(db, CoursesCompleted((kept[0].completion_id,), (person_id,)))
    by_services = _held(db)
    # The services heard of both after the fact: causes differ, entries and sums do not.
    assert in_bulk == by_services
    assert {row[1] for row in in_bulk[0]} == {"roster", "coverage", "output"}


def _held(db: Session) -> tuple[Counter[Row], Counter[Row]]:
    entries = db.execute(
        select(
            CoverageEntry.indicator_version_id, CoverageEntry.measure, CoverageEntry.period, CoverageEntry.person_id,
            CoverageEntry.unit_id, CoverageEntry.completion_id, CoverageEntry.sign, CoverageEntry.effective_on,
        )
    )  # fmt: skip
    sums = db.execute(
        select(
            CoverageRollup.indicator_version_id, CoverageRollup.measure, CoverageRollup.period,
            CoverageRollup.unit_id, CoverageRollup.half_month, CoverageRollup.total,
        )
    )  # fmt: skip
    return Counter(map(tuple, entries)), Counter(map(tuple, sums))
