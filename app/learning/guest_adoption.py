"""A guest's work becomes a person's, in one transaction: nothing earned is lost on either side, nothing is doubled.

Where the person has no enrolment in the course, the guest's is simply theirs. Where both have one, the two are merged
lesson by lesson; but a whole course that would begin a new round (rounds.py) is that round. What that completes is
dated by the day it was really done.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app.catalogue.queries import outline
from app.core import audit, clock
from app.identity.records import belongs_to
from app.learning.guests import forget
from app.learning.models import (
    Attempt,
    BlockProgress,
    Enrolment,
    Guest,
    LessonFinish,
    LessonReading,
    ProgressClient,
)
from app.learning.parts import course_demands
from app.learning.queries import block_measures, finished_lesson_keys, required_lesson_keys
from app.learning.rounds import NewRound, follow, next_round
from app.learning.rules import READING
from app.learning.service import complete_if_all_done, enrolment_of, judge_lesson
from app.learning.spans import Watched, credit, credit_pages, merge, total

OncePerLesson = TypeVar("OncePerLesson", LessonReading, LessonFinish)


def adopt(db: Session, guest: Guest, person_id: int, account_id: int) -> int:
    """Make all the guest's work the person's; how many courses it touched. The guest is gone afterwards.

    A guest somebody else adopted or cleared in the meantime brings nothing. The caller has seen to it that the work is
    the person's own.
    """
    if db.scalar(select(Guest.id).where(Guest.id == guest.id).with_for_update()) is None:
        return 0
    brought = _locked(db, Enrolment.guest_id == guest.id)
    of_person = belongs_to(Enrolment.person_id, person_id) & Enrolment.counts_until.is_(None)
    courses = {one.course_id for one in _locked(db, of_person)}
    mine = {course_id: enrolment_of(db, person_id, course_id) for course_id in courses}
    for theirs in brought:
        own = mine.get(theirs.course_id)
        offered = _round_of(db, theirs, own) if own else None
        if own and not offered:
            _merge(db, theirs, own)
            continue
        theirs.guest_id, theirs.person_id = None, person_id
        if own and offered:
            follow(db, own, theirs, offered)
        db.flush()
        complete_if_all_done(db, [theirs], on=_finished_on(db, theirs))
    forget(db, [guest.id])
    audit.record(db, "guest.adopt", "person", person_id, account_id=account_id, courses=len(brought))
    db.flush()
    return len(brought)


def _locked(db: Session, whose: ColumnElement[bool]) -> list[Enrolment]:
    # In order of id, so that two transactions never wait for each other in a circle.
    return list(db.scalars(select(Enrolment).where(whose).order_by(Enrolment.id).with_for_update()))


def _round_of(db: Session, theirs: Enrolment, own: Enrolment) -> NewRound | None:
    """The round of the person's that the guest's work is: all of it, and done since such a round counts."""
    offered = next_round(db, own)
    if not offered or not all(demand.is_done for demand in course_demands(db, theirs)):
        return None
    return offered if _finished_on(db, theirs) >= offered.counts_from else None


def _merge(db: Session, theirs: Enrolment, own: Enrolment) -> None:
    before = finished_lesson_keys(db, own.id)
    touched = _merge_blocks(db, theirs, own) | _move_attempts(db, theirs, own)
    touched |= _move_missing(db, LessonReading, theirs, own) | _move_missing(db, LessonFinish, theirs, own)
    if theirs.last_active_at > own.last_active_at:
        own.last_lesson_key, own.last_active_at = theirs.last_lesson_key, theirs.last_active_at
    db.delete(theirs)
    db.flush()
    # What each had half of may be whole now; and lessons that came finished may have been the last.
    if (finished_lesson_keys(db, own.id) - before) & required_lesson_keys(db, own.course_version_id):
        complete_if_all_done(db, [own], on=_finished_on(db, own))
    for lesson in outline(db, own.course_version_id).lessons:
        if lesson.key in touched:
            judge_lesson(db, own, lesson.key)


def _merge_blocks(db: Session, theirs: Enrolment, own: Enrolment) -> set[str]:
    mine = {(block.lesson_key, block.block_id): block for block in _blocks(db, own)}
    brought = _blocks(db, theirs)
    measures = block_measures(db, {(own.course_version_id, block.lesson_key) for block in brought}) if brought else {}
    touched = set()
    for block in brought:
        touched.add(block.lesson_key)
        same = mine.get((block.lesson_key, block.block_id))
        if same is None:
            block.enrolment_id = own.id
        else:
            measure = measures.get((own.course_version_id, block.lesson_key, block.block_id))
            _merge_block(db, block, same, is_document=measure is not None and measure.kind == "pages")
    db.flush()
    return touched


def _merge_block(db: Session, theirs: BlockProgress, own: BlockProgress, *, is_document: bool) -> None:
    """Both were watched or read; together they may be no more than the clock allows one, else the longer one counts."""
    first, second = sorted((own, theirs), key=lambda block: block.earned, reverse=True)
    started_at = min(own.started_at, theirs.started_at)
    if own.block_id == READING:
        # Seconds of one clock: what both read at once is one time already.
        own.spans = [list(span) for span in merge((*_pairs(first.spans), *_pairs(second.spans)))]
        own.earned = own.spent_s = total(_pairs(own.spans))
    elif is_document:
        pages = credit_pages(_pairs(first.spans), _pairs(second.spans), started_at, float("inf"), clock.now())
        own.spans, own.earned, own.spent_s = [list(span) for span in pages.spans], pages.earned, pages.spent_s
    else:
        # Its own length bounds a video when it is saved; here both parts were.
        has = Watched(_pairs(first.spans), first.spent_s, started_at, duration_s=float("inf"))
        both = credit(has, _pairs(second.spans), clock.now())
        spent_s = first.spent_s + (second.spent_s if both.reason is None else 0.0)
        own.spans, own.earned, own.spent_s = [list(span) for span in both.spans], total(both.spans), spent_s
    later = max(own, theirs, key=lambda block: block.updated_at)
    own.position, own.updated_at, own.started_at = later.position, later.updated_at, started_at
    known = select(ProgressClient.client_id).where(ProgressClient.block_progress_id == own.id)
    of_theirs = ProgressClient.block_progress_id == theirs.id
    db.execute(delete(ProgressClient).where(of_theirs, ProgressClient.client_id.in_(known)))
    db.execute(update(ProgressClient).where(of_theirs).values(block_progress_id=own.id))
    db.delete(theirs)


def _move_missing(db: Session, table: type[OncePerLesson], theirs: Enrolment, own: Enrolment) -> set[str]:
    """Rows kept once per lesson: the person's own stays, a missing one is the guest's."""
    known = set(db.scalars(select(table.lesson_key).where(table.enrolment_id == own.id)))
    moved = set()
    for row in db.scalars(select(table).where(table.enrolment_id == theirs.id)).all():
        if row.lesson_key in known:
            db.delete(row)
        else:
            row.enrolment_id = own.id
            moved.add(row.lesson_key)
    db.flush()
    return moved


def _move_attempts(db: Session, theirs: Enrolment, own: Enrolment) -> set[str]:
    """The guest's attempts are counted on after the person's; of two open ones the fuller stays open."""
    last = dict(
        db.execute(
            select(Attempt.lesson_key, func.max(Attempt.number))
            .where(Attempt.enrolment_id == own.id)
            .group_by(Attempt.lesson_key)
        ).all()
    )
    open_ones = select(Attempt).where(Attempt.enrolment_id == own.id, Attempt.submitted_at.is_(None))
    opened = {attempt.lesson_key: attempt for attempt in db.scalars(open_ones)}
    brought = db.scalars(select(Attempt).where(Attempt.enrolment_id == theirs.id).order_by(Attempt.number)).all()
    for attempt in brought:
        rival = opened.get(attempt.lesson_key) if attempt.submitted_at is None else None
        if rival is not None and len(rival.answers) >= len(attempt.answers):
            db.delete(attempt)
            continue
        if rival is not None:
            db.delete(rival)
        last[attempt.lesson_key] = attempt.number = last.get(attempt.lesson_key, 0) + 1
        attempt.enrolment_id = own.id
    db.flush()
    return {attempt.lesson_key for attempt in brought}


def _finished_on(db: Session, enrolment: Enrolment) -> date:
    """The day the last required lesson was finished; today if none is."""
    required = required_lesson_keys(db, enrolment.course_version_id)
    last = db.scalar(
        select(func.max(LessonFinish.finished_at)).where(
            LessonFinish.enrolment_id == enrolment.id, LessonFinish.lesson_key.in_(required)
        )
    )
    return clock.day_of(last) if last else clock.today()


def _blocks(db: Session, enrolment: Enrolment) -> Sequence[BlockProgress]:
    return db.scalars(select(BlockProgress).where(BlockProgress.enrolment_id == enrolment.id)).all()


def _pairs(spans: list[list[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((start, end) for start, end in spans)
