"""Guests: whoever learns in an open course without an account.

What a guest does is kept under the random cookie every browser has anyway, by the same rules as for anybody else; no
name, address or device is noted. The first act makes the guest, looking makes nothing. A sign-in in that browser takes
the guest along into the session, out of reach of the next person at the device (`follow`), until the account says
whether the work is its own (guest_adoption.py).
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import CourseView
from app.core import clock
from app.core.db import Base
from app.core.errors import NotFound
from app.core.prepared import Prepared
from app.learning.models import (
    Attempt,
    BlockProgress,
    Enrolment,
    Guest,
    LessonFinish,
    LessonReading,
    ProgressClient,
)

# Long enough to come back to after the harvest, short enough for a shared phone.
KEPT_FOR = timedelta(days=30)
_AT_ONCE = 500


@dataclass(frozen=True)
class KeptCourse:
    """A course a guest has begun: lessons finished, and quizzes handed in."""

    slug: str
    title: str
    finished_count: int
    attempt_count: int


_GUEST = cast(Table, Guest.__table__)
# Built once: every batch of what guests send asks it.
_THESE = Prepared(
    select(_GUEST.c.holder_digest, _GUEST.c.id).where(_GUEST.c.holder_digest.in_(bindparam("digests", expanding=True)))
)


def guest_of(db: Session, cookie: str | None) -> Guest | None:
    """The guest this cookie leads to: the browser's, or after a sign-in the session's."""
    if not cookie:
        return None
    return db.scalars(select(Guest).where(Guest.holder_digest == _digest(cookie))).one_or_none()


def guest_ids(db: Session, cookies: Collection[str]) -> dict[str, int]:
    """The guests these cookies lead to; cookies of nobody are left out. One query for many requests."""
    by_digest = {_digest(cookie): cookie for cookie in cookies if cookie}
    if not by_digest:
        return {}
    rows = _THESE.all(db, digests=list(by_digest))
    return {by_digest[digest]: guest_id for digest, guest_id in rows}


def begin(db: Session, browser: str, course_id: int) -> Enrolment:
    """The enrolment of this browser's guest in the published course, both made if missing; raises NotFound.

    Two pages of one browser may do it at once: one makes the rows, both get them.
    """
    version_id = db.scalar(
        select(Course.published_version_id).where(Course.id == course_id, Course.retired_at.is_(None))
    )
    if version_id is None:
        raise NotFound
    now = clock.now()
    _insert_once(db, Guest, holder_digest=_digest(browser), created_at=now)
    guest_id = db.scalar(select(Guest.id).where(Guest.holder_digest == _digest(browser)))
    _insert_once(
        db, Enrolment, guest_id=guest_id, course_id=course_id, course_version_id=version_id, enrolled_at=now,
        last_active_at=now,
    )  # fmt: skip
    mine = select(Enrolment).where(Enrolment.guest_id == guest_id, Enrolment.course_id == course_id)
    return db.scalars(mine.with_for_update()).one()


def not_begun(course: CourseView) -> Enrolment:
    """An enrolment that is not there: the pages of an open course for somebody who has done nothing in it yet."""
    return Enrolment(id=0, course_id=course.course_id, course_version_id=course.version_id, round=1)


def follow(db: Session, browser: str, token: str) -> bool:
    """A sign-in takes the browser's guest into its session; whether there was one. Mostly there is none to move."""
    if not guest_ids(db, [browser]):
        return False
    moved = update(Guest).where(Guest.holder_digest == _digest(browser)).values(holder_digest=_digest(token))
    return db.execute(moved.returning(Guest.id)).first() is not None


def kept_courses(db: Session, guest: Guest) -> tuple[KeptCourse, ...]:
    """What a guest has to keep, the latest first; courses in which nothing came of it are left out."""
    finished = _count(LessonFinish)
    attempts = _count(Attempt, Attempt.submitted_at.is_not(None))
    begun = [exists().where(table.enrolment_id == Enrolment.id) for table in (BlockProgress, LessonReading, Attempt)]
    rows = db.execute(
        select(Course.slug, CourseVersion.title, finished, attempts)
        .select_from(Enrolment)
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.course_version_id)
        .where(Enrolment.guest_id == guest.id, begun[0] | begun[1] | begun[2])
        .order_by(Enrolment.last_active_at.desc())
    )
    return tuple(KeptCourse(*row) for row in rows)


def forget(db: Session, guest_ids: list[int]) -> None:
    """Delete guests with all they did; nothing of it can be brought back."""
    enrolments = select(Enrolment.id).where(Enrolment.guest_id.in_(guest_ids))
    videos = select(BlockProgress.id).where(BlockProgress.enrolment_id.in_(enrolments))
    db.execute(delete(ProgressClient).where(ProgressClient.block_progress_id.in_(videos)))
    for table in (BlockProgress, LessonReading, Attempt, LessonFinish):
        db.execute(delete(table).where(table.enrolment_id.in_(enrolments)))
    db.execute(delete(Enrolment).where(Enrolment.guest_id.in_(guest_ids)))
    db.execute(delete(Guest).where(Guest.id.in_(guest_ids)))


def forget_idle(db: Session) -> int:
    """Forget some of the guests who have done nothing for KEPT_FOR; how many, 0 when none is left."""
    since = clock.now() - KEPT_FOR
    active = exists().where(Enrolment.guest_id == Guest.id, Enrolment.last_active_at >= since)
    idle = list(db.scalars(select(Guest.id).where(Guest.created_at < since, ~active).limit(_AT_ONCE)))
    if idle:
        forget(db, idle)
    return len(idle)


def _count(table: Any, *where: Any) -> Any:
    return select(func.count()).where(table.enrolment_id == Enrolment.id, *where).correlate(Enrolment).scalar_subquery()


def _insert_once(db: Session, table: type[Base], **values: object) -> None:
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    db.execute(insert(table).values(**values).on_conflict_do_nothing())


def _digest(cookie: str) -> bytes:
    # The cookies are random: a plain hash keeps a stolen database from leading to anybody. With a word of our own
    # before it, so that it never equals the session's hash and links a guest to an account.
    return hashlib.sha256(f"guest|{cookie}".encode()).digest()
