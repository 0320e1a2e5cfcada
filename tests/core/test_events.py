"""News goes up: handlers run in the order of the list, in the transaction of the fact, all or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, events
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.events import Event, emit, wire, wired


@dataclass(frozen=True)
class LessonFinished(Event):
    lesson: int


@dataclass(frozen=True)
class NobodyListens(Event):
    pass


@pytest.fixture(autouse=True)
def own_wiring() -> Iterator[None]:
    before = wired()
    yield
    events.wire((event, handler) for event, handlers in before.items() for handler in handlers)


def first(db: Session, event: LessonFinished) -> None:
    audit.record(db, "test.first", "lesson", event.lesson)


def second(db: Session, event: LessonFinished) -> None:
    audit.record(db, "test.second", "lesson", event.lesson)


def breaks(db: Session, event: LessonFinished) -> None:
    raise RuntimeError


def actions(database: Database) -> list[str]:
    with database.reading() as db:
        return list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def announce(db: Session, event: Event) -> None:
    audit.record(db, "test.fact", "lesson", 0)
    emit(db, event)


def test_every_handler_hears_it_in_the_order_of_the_list(database: Database) -> None:
    wire([(LessonFinished, first), (NobodyListens, breaks), (LessonFinished, second)])
    with database.writing() as db:
        announce(db, LessonFinished(7))
    assert actions(database) == ["test.fact", "test.first", "test.second"]


def test_a_handler_that_fails_undoes_the_fact(database: Database) -> None:
    wire([(LessonFinished, first), (LessonFinished, breaks)])
    with pytest.raises(RuntimeError), database.writing() as db:
        announce(db, LessonFinished(7))
    assert actions(database) == []


def test_news_nobody_wants_is_no_error(database: Database) -> None:
    wire([])
    with database.writing() as db:
        announce(db, NobodyListens())
    assert actions(database) == ["test.fact"]


def test_wiring_again_replaces_and_never_doubles(database: Database) -> None:
    for _ in range(2):
        wire([(LessonFinished, first)])
    with database.writing() as db:
        emit(db, LessonFinished(7))
        assert db.scalar(select(func.count(AuditEntry.id))) == 1
    copy = wired()
    copy[LessonFinished].clear()
    assert wired() == {LessonFinished: [first]}
