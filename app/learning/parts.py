"""What a course asks before it is completed (CompletionRule), and the parts of it that are met outside of lessons.

Classes and exams report to service.meet_part: the course is completed if that was the last thing missing.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.catalogue.queries import course_version, outline
from app.core import clock
from app.identity.taking_turns import take_turns
from app.learning.models import Enrolment, LessonFinish, PartMet
from app.learning.queries import best_percents, finished_lesson_keys
from app.learning.rules import CourseDemand

PartKind = Literal["in_person", "exam"]


def course_demands(db: Session, enrolment: Enrolment) -> tuple[CourseDemand, ...]:
    """Everything the enrolment's version asks, in the order of the rule."""
    rule = course_version(db, enrolment.course_version_id).completion
    lessons = outline(db, enrolment.course_version_id).lessons
    required = [lesson for lesson in lessons if lesson.is_required]
    finished = finished_lesson_keys(db, enrolment.id)
    asked: list[CourseDemand] = []
    if rule.all_required_lessons:
        asked.append(CourseDemand("lessons", sum(one.key in finished for one in required), len(required)))
    if rule.quiz_percent:
        tested = [lesson.key for lesson in required if lesson.has_quiz]
        asked.append(CourseDemand("quiz", _mean(best_percents(db, enrolment.id), tested), rule.quiz_percent))
    if rule.hours:
        minutes = sum(lesson.minutes for lesson in lessons if lesson.key in finished)
        asked.append(CourseDemand("hours", minutes / 60, rule.hours))
    if rule.in_person or rule.exam:
        met = {kind for kind, _on in _met(db, enrolment)}
        if rule.in_person:
            asked.append(CourseDemand("in_person", "in_person" in met, 1))
        if rule.exam:
            asked.append(CourseDemand("exam", "exam" in met, 1))
    return tuple(asked)


def record_part(
    db: Session, *, person_id: int, course_id: int, kind: PartKind, occasion: str, met_on: date
) -> PartMet:  # fmt: skip
    """A class or an exam of the course was met on that day; saying it again changes nothing.

    service.meet_part also judges the course.
    """
    take_turns(db, [person_id])
    known = db.scalars(
        select(PartMet).where(
            PartMet.person_id == person_id, PartMet.course_id == course_id, PartMet.kind == kind,
            PartMet.occasion == occasion,
        )
    ).one_or_none()  # fmt: skip
    if known is not None:
        return known
    part = PartMet(
        person_id=person_id, course_id=course_id, kind=kind, occasion=occasion, met_on=met_on, recorded_at=clock.now()
    )
    db.add(part)
    db.flush()
    return part


def withdraw_part(db: Session, occasion: str) -> None:
    """It was not so. service.take_back_part also takes back what it brought."""
    for part in db.scalars(select(PartMet).where(PartMet.occasion == occasion, PartMet.withdrawn_at.is_(None))):
        part.withdrawn_at = clock.now()
    db.flush()


def all_met_on(db: Session, enrolment: Enrolment) -> date:
    """The day the last of the lessons and parts was met; what is recorded late keeps its own day."""
    days = [on for _kind, on in _met(db, enrolment)]
    finished_at = db.scalar(
        select(func.max(LessonFinish.finished_at)).where(LessonFinish.enrolment_id == enrolment.id)
    )  # fmt: skip
    if finished_at:
        days.append(clock.day_of(finished_at))
    return max(days, default=clock.today())


def _met(db: Session, enrolment: Enrolment) -> Sequence[Row[str, date]]:
    return db.execute(
        select(PartMet.kind, PartMet.met_on).where(
            PartMet.person_id == enrolment.person_id, PartMet.course_id == enrolment.course_id,
            PartMet.withdrawn_at.is_(None),
            PartMet.met_on.between(enrolment.counts_from or date.min, enrolment.counts_until or date.max),
        )
    ).all()  # fmt: skip


def _mean(best: dict[str, float], keys: Collection[str]) -> float:
    """A quiz nobody tried counts as nothing."""
    return sum(best.get(key, 0.0) for key in keys) / len(keys) if keys else 0.0
