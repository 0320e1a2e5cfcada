"""The verbs of learning: enrol, read, finish a lesson, and with the last one the course."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import emit
from app.core.i18n import lazy as _
from app.core.prepared import Prepared
from app.core.templating import format_minutes
from app.identity.records import belongs_to
from app.identity.taking_turns import take_turns
from app.learning.activity import is_news
from app.learning.completions import Learned, annul_completion, record_completions
from app.learning.events import LessonFinished
from app.learning.going_on import going_on
from app.learning.models import BlockProgress, Completion, CompletionAnnulment, Enrolment, LessonFinish, LessonReading
from app.learning.parts import (
    PartKind,
    all_met_on,
    course_demands,
    demands_by_enrolment,
    record_part,
    withdraw_part,
)
from app.learning.queries import best_percents, lesson_state, lesson_states, required_lesson_keys
from app.learning.rules import DocumentState, LessonState
from app.learning.spans import LEAST_PAGE_S
from app.learning.stamps import Stamp, StampRefused


class CourseRetired(Conflict):
    title = _("Khóa học đã ngừng nhận người học mới")
    text = _("Khóa học này đã ngừng nhận người học mới. Ai đang học vẫn học tiếp được đến hết.")


class ReadTooSoon(Invalid):
    text = _("Trang bài học mới mở được %(open)s. Hãy đọc tiếp nhé, sau %(left)s nữa sẽ xác nhận được.")


class PagesUnseen(ReadTooSoon):
    text = _("Tài liệu “%(title)s” còn %(left)s trang chưa xem. Hãy xem hết rồi bấm lại.")


class ReadTooLittle(ReadTooSoon):
    text = _(
        "Mới ghi nhận %(open)s đọc bài, vì lúc trang bị che hoặc hơn ba phút không thao tác thì không tính. "
        "Hãy đọc tiếp nhé, sau %(left)s nữa sẽ xác nhận được."
    )


_COMPLETION = cast(Table, Completion.__table__)
# Built once: every judgement asks it. Completions are found by person; there is no index of their enrolments.
_COMPLETED = Prepared(
    select(_COMPLETION.c.enrolment_id).where(
        _COMPLETION.c.person_id.in_(bindparam("people", expanding=True)),
        _COMPLETION.c.enrolment_id.in_(bindparam("enrolments", expanding=True)),
    )
)


def enrol(db: Session, person_id: int, course_id: int) -> Enrolment:
    """Take the course at its published version; enrolling again returns the enrolment as it is.

    Raises NotFound, CourseRetired for a course that takes nobody new. Taking it a second time is rounds.begin_round.
    """
    if known := enrolment_of(db, person_id, course_id):
        return known
    take_turns(db, [person_id])
    if known := enrolment_of(db, person_id, course_id):
        return known
    course = db.get(Course, course_id)
    if course is None or course.published_version_id is None:
        raise NotFound
    if course.retired_at is not None:
        raise CourseRetired
    now = clock.now()
    enrolment = Enrolment(
        person_id=person_id, course_id=course_id, course_version_id=course.published_version_id, enrolled_at=now,
        last_active_at=now,
    )  # fmt: skip
    db.add(enrolment)
    db.flush()
    return enrolment


def move_to_published(db: Session, enrolment: Enrolment) -> None:
    """Go on with the version published now. What was earned stays, by lesson key and video block.

    If nothing is left to do there, and the course was not completed before, it is completed now.
    """
    course = db.get_one(Course, enrolment.course_id)
    if course.published_version_id is None or course.published_version_id == enrolment.course_version_id:
        return
    enrolment.course_version_id = course.published_version_id
    db.flush()
    if not _completed(db, [enrolment]):
        complete_if_all_done(db, [enrolment])


def finish_reading(
    db: Session, enrolment: Enrolment, lesson_key: str, stamp: Stamp, *, is_measured: bool = False
) -> LessonState:  # fmt: skip
    """Take the learner's word that the lesson is read (or opened, where that is enough), if there was time for it.

    `is_measured`: the page reports how long it was read and which pages of documents were in front, and that counts;
    else the time since it was opened, which the word then gives those pages. Both are by the server's clock. Raises
    ReadTooSoon, and StampRefused for the stamp of another lesson. Saying it again changes
    nothing.
    """
    if (stamp.enrolment_id, stamp.lesson_key) != (enrolment.id, lesson_key):
        raise StampRefused
    if enrolment.round > 1 and stamp.at < enrolment.enrolled_at:
        # A page of an open course, still open from an earlier round.
        raise StampRefused
    state = lesson_state(db, enrolment, lesson_key)
    if state.asks_to_read:
        _must_have_read(state, stamp, is_measured=is_measured)
        for document in state.unseen:
            _take_word_for_pages(db, enrolment.id, lesson_key, document, stamp)
    if state.opened_at is None:
        db.add(LessonReading(enrolment_id=enrolment.id, lesson_key=lesson_key, opened_at=stamp.at, read_at=clock.now()))
        mark_active(enrolment, lesson_key)
        db.flush()
    return judge_lesson(db, enrolment, lesson_key)


def _must_have_read(state: LessonState, stamp: Stamp, *, is_measured: bool) -> None:
    reading = state.reading if state.opened_at is None else None
    needed_s = reading.measure.needed if reading else 0.0
    if is_measured:
        read_s = reading.read_s if reading else 0.0
    else:
        read_s = max(0.0, stamp.age().total_seconds())
        needed_s += sum(document.seconds_left for document in state.unseen)
    if read_s < needed_s - 1e-6:
        refused = ReadTooLittle if is_measured else ReadTooSoon
        left_s = max(1.0, needed_s - read_s)
        raise refused(open=format_minutes(math.floor(read_s)), left=format_minutes(math.ceil(left_s)))
    if is_measured and state.unseen:
        document = state.unseen[0]
        raise PagesUnseen(title=document.title, left=math.ceil(document.measure.needed - document.seen))


def _take_word_for_pages(
    db: Session, enrolment_id: int, lesson_key: str, document: DocumentState, stamp: Stamp
) -> None:  # fmt: skip
    """All pages of a document were seen, on a page that cannot report them one by one."""
    whole, now = document.measure.whole, clock.now()
    known = db.scalars(
        select(BlockProgress).where(
            BlockProgress.enrolment_id == enrolment_id, BlockProgress.lesson_key == lesson_key,
            BlockProgress.block_id == document.block_id,
        )
    ).one_or_none()  # fmt: skip
    block = known or BlockProgress(
        enrolment_id=enrolment_id, lesson_key=lesson_key, block_id=document.block_id, started_at=stamp.at
    )
    block.started_at = min(block.started_at, stamp.at)
    block.spans, block.earned, block.spent_s = [[0.0, float(whole)]], whole, whole * LEAST_PAGE_S
    block.position, block.updated_at = whole, now
    db.add(block)


def judge_lesson(db: Session, enrolment: Enrolment, lesson_key: str) -> LessonState:
    """`judge_lessons` for one."""
    return judge_lessons(db, [(enrolment, lesson_key)])[0]


def judge_lessons(db: Session, lessons: Sequence[tuple[Enrolment, str]]) -> list[LessonState]:
    """Write a lesson's finish once all it asks is met, and the course's completion with the last required lesson.

    One answer for each, in order. The statements do not grow with their number.
    """
    places = {(enrolment.id, enrolment.course_version_id, key): enrolment for enrolment, key in lessons}
    states = lesson_states(db, places)
    completed = _completed(db, places.values())
    required = _required(db, places.values())
    now, judged, waiting = clock.now(), dict(states), list[Enrolment]()
    for place, state in states.items():
        enrolment_id, version_id, key = place
        if state.finished_at is not None:
            # A better mark may be what the course was still waiting for.
            if state.quiz and enrolment_id not in completed:
                waiting.append(places[place])
        elif state.is_met:
            finish = LessonFinish(
                enrolment_id=enrolment_id, lesson_key=key, course_version_id=version_id, finished_at=now
            )
            db.add(finish)
            judged[place] = replace(state, finished_at=now)
            # A lesson beside the point completes nothing: after a move to a version of the same lessons, it must not
            # bring a second certificate.
            if key in required[version_id] or enrolment_id not in completed:
                waiting.append(places[place])
    db.flush()
    for enrolment_id, version_id, key in places:
        if judged[enrolment_id, version_id, key] is not states[enrolment_id, version_id, key]:
            emit(db, LessonFinished(enrolment_id, key))
    complete_if_all_done(db, waiting)
    return [judged[enrolment.id, enrolment.course_version_id, key] for enrolment, key in lessons]


def mark_active(enrolment: Enrolment, lesson_key: str) -> None:
    """This is the lesson to continue with."""
    now = clock.now()
    if is_news(enrolment.last_lesson_key, enrolment.last_active_at, lesson_key, now):
        enrolment.last_lesson_key, enrolment.last_active_at = lesson_key, now


def complete_if_all_done(
    db: Session, enrolments: Iterable[Enrolment], on: date | None = None, occasion: str = ""
) -> None:
    """Record the completion, dated `on` (default: today), where all the course asks is met (parts.course_demands).

    `occasion` is of what came last, if that was no lesson. A guest completes nothing: a completion is somebody's. It is
    recorded when the guest becomes a person.
    """
    waiting = [one for one in dict.fromkeys(enrolments) if one.person_id is not None]
    demands = demands_by_enrolment(db, waiting)
    done = [one for one in waiting if all(demand.is_done for demand in demands[one.id])]
    best, required = best_percents(db, [one.id for one in done]), _required(db, done)
    learned = []
    for one in done:
        assert one.person_id is not None
        percents = [percent for key, percent in best[one.id].items() if key in required[one.course_version_id]]
        learned.append(
            Learned(
                one.person_id, one.course_version_id, "online", on or clock.today(), occasion or one.occasion,
                round(sum(percents) / len(percents), 1) if percents else None, one.id,
            )
        )  # fmt: skip
    record_completions(db, learned)


def meet_part(
    db: Session, *, person_id: int, course_id: int, kind: PartKind, occasion: str, met_on: date
) -> None:  # fmt: skip
    """A class or an exam of the course was met on that day: complete the course if nothing else was missing."""
    record_part(db, person_id=person_id, course_id=course_id, kind=kind, occasion=occasion, met_on=met_on)
    enrolment = enrolment_of(db, person_id, course_id)
    if enrolment is not None and _valid_completion(db, enrolment) is None:
        complete_if_all_done(db, [enrolment], all_met_on(db, enrolment), occasion)


def take_back_part(
    db: Session, *, person_id: int, course_id: int, occasion: str, by: int | None, reason: str
) -> None:  # fmt: skip
    """It was not so: a completion that could not be without it is annulled. `by` is an account id."""
    withdraw_part(db, occasion)
    rounds = select(Enrolment).where(belongs_to(Enrolment.person_id, person_id), Enrolment.course_id == course_id)
    for enrolment in db.scalars(rounds.order_by(Enrolment.round)).all():
        completion = _valid_completion(db, enrolment)
        if completion and not all(demand.is_done for demand in course_demands(db, enrolment)):
            annul_completion(db, completion, by, reason, fraud=False)


def enrolment_of(db: Session, person_id: int, course_id: int) -> Enrolment | None:
    """The round that goes on, of whichever record of this human being."""
    return db.scalars(
        select(Enrolment)
        .where(
            belongs_to(Enrolment.person_id, person_id), Enrolment.course_id == course_id,
            Enrolment.counts_until.is_(None),
        )
        .order_by(*going_on())
        .limit(1)
    ).one_or_none()  # fmt: skip


def _valid_completion(db: Session, enrolment: Enrolment) -> Completion | None:
    """What completed the enrolment's version, unless that was annulled."""
    return db.scalars(
        select(Completion)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(
            Completion.person_id == enrolment.person_id, Completion.enrolment_id == enrolment.id,
            Completion.course_version_id == enrolment.course_version_id,
            CompletionAnnulment.completion_id.is_(None),
        )
        .limit(1)
    ).first()  # fmt: skip


def _completed(db: Session, enrolments: Collection[Enrolment]) -> set[int | None]:
    """The ids of those that brought a completion already, of whatever version."""
    people = {one.person_id for one in enrolments if one.person_id is not None}
    ids = [one.id for one in enrolments]
    return set(_COMPLETED.scalars(db, people=list(people), enrolments=ids)) if people else set()


def _required(db: Session, enrolments: Iterable[Enrolment]) -> dict[int, set[str]]:
    """The required lessons of each version they are at."""
    versions = {one.course_version_id for one in enrolments}
    return {version_id: required_lesson_keys(db, version_id) for version_id in versions}
