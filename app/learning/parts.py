"""What a course asks before it is completed (CompletionRule), and the parts of it that are met outside of lessons.

Classes and exams report to service.meet_part: the course is completed if that was the last thing missing.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.queries import OutlineLesson, course_version, outline
from app.catalogue.source import CompletionRule
from app.core import clock
from app.identity.records import of_same_human
from app.identity.taking_turns import take_turns
from app.learning.models import Enrolment, LessonFinish, PartMet
from app.learning.queries import best_percents, finished_by_enrolment
from app.learning.rules import CourseDemand

PartKind = Literal["in_person", "exam"]


def course_demands(db: Session, enrolment: Enrolment) -> tuple[CourseDemand, ...]:
    """Everything the enrolment's version asks, in the order of the rule."""
    return demands_by_enrolment(db, [enrolment])[enrolment.id]


def demands_by_enrolment(db: Session, enrolments: Sequence[Enrolment]) -> dict[int, tuple[CourseDemand, ...]]:
    """`course_demands` of many: three queries, besides what is remembered of the courses."""
    ids = [enrolment.id for enrolment in enrolments]
    versions = {enrolment.course_version_id for enrolment in enrolments}
    courses = {version_id: (course_version(db, version_id), outline(db, version_id)) for version_id in versions}
    rules = [course.completion for course, _outline in courses.values()]
    finished = finished_by_enrolment(db, ids)
    best = best_percents(db, ids) if any(rule.quiz_percent for rule in rules) else {}
    met = _met(db, enrolments) if any(rule.in_person or rule.exam for rule in rules) else {}
    asked = {}
    for one in enrolments:
        course, lessons = courses[one.course_version_id]
        kinds = {kind for kind, _on in met.get(one.id, ())}
        asked[one.id] = _demands(course.completion, lessons.lessons, finished[one.id], best.get(one.id, {}), kinds)
    return asked


def _demands(
    rule: CompletionRule, lessons: Sequence[OutlineLesson], finished: Collection[str], best: dict[str, float],
    met: Collection[str],
) -> tuple[CourseDemand, ...]:  # fmt: skip
    required = [lesson for lesson in lessons if lesson.is_required]
    asked: list[CourseDemand] = []
    if rule.all_required_lessons:
        asked.append(CourseDemand("lessons", sum(one.key in finished for one in required), len(required)))
    if rule.quiz_percent:
        tested = [lesson.key for lesson in required if lesson.has_quiz]
        asked.append(CourseDemand("quiz", _mean(best, tested), rule.quiz_percent))
    if rule.hours:
        minutes = sum(lesson.minutes for lesson in lessons if lesson.key in finished)
        asked.append(CourseDemand("hours", minutes / 60, rule.hours))
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
    days = [on for _kind, on in _met(db, [enrolment])[enrolment.id]]
    finished_at = db.scalar(
        select(func.max(LessonFinish.finished_at)).where(LessonFinish.enrolment_id == enrolment.id)
    )  # fmt: skip
    if finished_at:
        days.append(clock.day_of(finished_at))
    return max(days, default=clock.today())


def _met(db: Session, enrolments: Sequence[Enrolment]) -> dict[int, list[tuple[str, date]]]:
    """By enrolment, which kinds of part are met, and when."""
    met: dict[int, list[tuple[str, date]]] = {one.id: [] for one in enrolments}
    in_round = and_(
        or_(Enrolment.counts_from.is_(None), PartMet.met_on >= Enrolment.counts_from),
        or_(Enrolment.counts_until.is_(None), PartMet.met_on <= Enrolment.counts_until),
    )
    for enrolment_id, kind, met_on in db.execute(
        select(Enrolment.id, PartMet.kind, PartMet.met_on)
        .join(
            PartMet,
            and_(of_same_human(PartMet.person_id, Enrolment.person_id), PartMet.course_id == Enrolment.course_id),
        )
        .where(Enrolment.id.in_(met), PartMet.withdrawn_at.is_(None), in_round)
    ):
        met[enrolment_id].append((kind, met_on))
    return met


def _mean(best: dict[str, float], keys: Collection[str]) -> float:
    """A quiz nobody tried counts as nothing."""
    return sum(best.get(key, 0.0) for key in keys) / len(keys) if keys else 0.0
