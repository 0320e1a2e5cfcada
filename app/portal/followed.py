"""Enrolments of the people somebody follows: one for each human being, and how far each is."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core import clock
from app.core.access import Actor
from app.identity.models import MergedRecord
from app.identity.policy import visible_records
from app.identity.records import holder_of
from app.learning.models import Attempt, Completion, CompletionAnnulment, Enrolment

FOLLOW = "learning.follow"
# Nothing done for so long, and not finished: somebody should ask.
STUCK_AFTER = timedelta(days=14)
# Failed so often at one quiz: the same.
STUCK_TRIES = 3
_OWN, _KIN = aliased(MergedRecord), aliased(MergedRecord)


def followed_by(actor: Actor) -> ColumnElement[bool]:
    """Enrolments of people the actor follows; a guest is nobody's."""
    return Enrolment.person_id.in_(visible_records(actor, FOLLOW))


def goes_on() -> ColumnElement[bool]:
    """Of who learns a course again, the present round."""
    return Enrolment.counts_until.is_(None)


def told_twice(db: Session, actor: Actor) -> list[int]:
    """Present enrolments of people who take the same course under another record of theirs as well, and are further
    there: done before learning before stuck, then who was active last."""
    better = {"done": 0, "learning": 1, "stuck": 2}
    rows = db.execute(
        select(
            Enrolment.id, Enrolment.course_id, holder_of(Enrolment.person_id), learning_state(),
            Enrolment.last_active_at,
        ).where(followed_by(actor), goes_on(), Enrolment.person_id.in_(select(MergedRecord.person_id)))
    ).all()  # fmt: skip
    rows = sorted(rows, key=lambda row: row[4], reverse=True)
    shown: set[tuple[int, int]] = set()
    twice = []
    for enrolment_id, course_id, person_id, _name, _at in sorted(rows, key=lambda row: better[row[3]]):
        if (course_id, person_id) in shown:
            twice.append(enrolment_id)
        shown.add((course_id, person_id))
    return twice


def present_enrolments(db: Session, actor: Actor, course_id: int) -> Select[Enrolment]:
    """Of the course, in their present rounds, each human being once."""
    twice = Enrolment.id.in_(told_twice(db, actor))
    return select(Enrolment).where(Enrolment.course_id == course_id, followed_by(actor), goes_on(), ~twice)


def _completes(person_id: Any) -> ColumnElement[bool]:
    """Completions of the enrolment's course under this record, in the enrolment's round."""
    return and_(
        Completion.course_id == Enrolment.course_id, Completion.person_id == person_id,
        or_(Enrolment.counts_from.is_(None), Completion.completed_on >= Enrolment.counts_from),
        ~exists().where(CompletionAnnulment.completion_id == Completion.id),
    )  # fmt: skip


def _kin_completes() -> ColumnElement[bool]:
    """The same under any record merged with the enrolment's. Apart from `_completes`, so that both use an index."""
    return and_(
        _OWN.person_id == Enrolment.person_id, _KIN.holder_id == _OWN.holder_id, _completes(_KIN.person_id)
    )  # fmt: skip


def _completed() -> ColumnElement[bool]:
    return or_(exists().where(_completes(Enrolment.person_id)), exists().where(_kin_completes()))


def completion_day() -> Any:
    """When the course was completed last in its round: under the enrolment's record, else under one merged with it."""
    latest = select(func.max(Completion.completed_on)).correlate(Enrolment)
    return func.coalesce(
        latest.where(_completes(Enrolment.person_id)).scalar_subquery(),
        latest.where(_kin_completes()).scalar_subquery(),
    )


def learning_state() -> ColumnElement[str]:
    """done; stuck: silent for STUCK_AFTER, or STUCK_TRIES failed attempts at the present lesson's quiz; learning."""
    failed = (
        select(func.count())
        .where(
            Attempt.enrolment_id == Enrolment.id, Attempt.lesson_key == Enrolment.last_lesson_key,
            Attempt.passed.is_(False),
        )
        .correlate(Enrolment)
        .scalar_subquery()
    )  # fmt: skip
    passed = exists().where(
        Attempt.enrolment_id == Enrolment.id, Attempt.lesson_key == Enrolment.last_lesson_key, Attempt.passed.is_(True)
    )
    return case(
        (_completed(), "done"),
        (Enrolment.last_active_at < clock.now() - STUCK_AFTER, "stuck"),
        (and_(failed >= STUCK_TRIES, ~passed), "stuck"),
        else_="learning",
    )
