"""Drafts nobody will ask for again: which ones, and how a version goes with all that is part of it."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, Table, delete, or_, select
from sqlalchemy.orm import Session

from app.catalogue.models import CourseFile, CourseVersion, LessonVersion, ModuleVersion
from app.core import clock
from app.core.db import Base

# After that long a week is looked back on, not a day.
_DAYS_APART = timedelta(days=90)
# Part of a version, as whatever names a row of these is.
_PARTS = frozenset({ModuleVersion.__tablename__, LessonVersion.__tablename__, CourseFile.__tablename__})


@dataclass(frozen=True)
class Version:
    """One save of a course. `by`: an account, None for the system."""

    id: int
    number: int
    is_published: bool
    saved_at: datetime
    by: int | None


def superfluous(versions: Sequence[Version], now: datetime, kept: timedelta) -> list[Version]:
    """Of all versions of a course, oldest first, the drafts that tell no more than a later one.

    A draft stays while it is the newest, and for `kept` after the next one was saved: somebody may have it open. Then
    the last of each author and day stays; 90 days on (or `kept`, if that is longer), the last of each week.
    """
    last: dict[Hashable, int] = {}
    for one in versions:
        last[_day(one)] = last[_week(one)] = one.id
    found = []
    for one, newer in pairwise(versions):
        age = now - newer.saved_at
        if one.is_published or age < kept:
            continue
        span = _week(one) if age >= max(kept, _DAYS_APART) else _day(one)
        if last[span] != one.id:
            found.append(one)
    return found


def versions_of(db: Session, course_id: int) -> list[Version]:
    """Oldest first; nothing of their texts is read."""
    rows = db.execute(
        select(
            CourseVersion.id, CourseVersion.number, CourseVersion.state == "published", CourseVersion.created_at,
            CourseVersion.created_by,
        ).where(CourseVersion.course_id == course_id).order_by(CourseVersion.number)
    )  # fmt: skip
    return [Version(*row) for row in rows]


def named(db: Session, version_ids: Collection[int]) -> set[int]:
    """Those of the versions that a row of any table names: every foreign key counts, of tables to come as well."""
    columns = [
        key.parent
        for table in Base.metadata.tables.values()
        if table.name not in _PARTS
        for key in table.foreign_keys
        if key.column.table.name == CourseVersion.__tablename__
    ]
    return {one for column in columns for one in db.scalars(select(column).where(column.in_(version_ids)).distinct())}


def delete_versions(db: Session, version_ids: Collection[int]) -> None:
    """With all that is part of them; the database refuses published ones and those named."""
    chosen: dict[Table, ColumnElement[bool]] = {}
    # Owners come before what they own.
    for table in Base.metadata.sorted_tables:
        if table.name in _PARTS:
            chosen[table] = table.c.course_version_id.in_(version_ids)
        elif owned := [key for key in table.foreign_keys if key.column.table in chosen]:
            chosen[table] = or_(*(key.parent.in_(select(key.column).where(chosen[key.column.table])) for key in owned))
    for table, rows in reversed(chosen.items()):
        db.execute(delete(table).where(rows))
    db.execute(delete(CourseVersion).where(CourseVersion.id.in_(version_ids)))
    db.expire_all()


def _day(one: Version) -> Hashable:
    return one.by, clock.day_of(one.saved_at)


def _week(one: Version) -> Hashable:
    return clock.day_of(one.saved_at).isocalendar()[:2]
