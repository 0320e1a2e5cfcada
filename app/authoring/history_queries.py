"""Who saved what of a course, and of one lesson."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.authoring.changes import Change, changes_between, told_of
from app.authoring.comparing import Part, compare
from app.authoring.queries import may_write
from app.authoring.review.queries import people_of
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.source import LessonSource
from app.catalogue.stored import lesson_sources, sources_of
from app.core.access import Actor
from app.core.errors import NotFound

PER_PAGE = 20


@dataclass(frozen=True)
class Save:
    """One version. `by` is empty where it is not known; `news` is what it changed, the first one's nothing."""

    number: int
    saved_at: datetime
    by: str
    published_at: datetime | None
    news: tuple[Change, ...] = ()
    # Of a lesson: the version before in which it was another; 0 for none.
    before: int = 0
    is_removal: bool = False
    # How many saves right before it were tidied up since (tidying.py); `news` is what all of them changed.
    tidied_count: int = 0


@dataclass(frozen=True)
class CourseHistory:
    """A page of the versions of a course, newest first."""

    course: CourseView
    saves: tuple[Save, ...]
    page: int
    pages: int

    @property
    def is_tidied(self) -> bool:
        return any(one.tidied_count for one in self.saves)


@dataclass(frozen=True)
class Comparison:
    """Two versions of a lesson, by their numbers."""

    old: int
    new: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class LessonHistory:
    """The versions in which a lesson became another, newest first, and the two that are compared, if any.

    `is_gone`: the newest version has it no more. `offered`: the number that can be brought back. `is_tidied`: not
    every save of the course is here any more.
    """

    course: CourseView
    key: str
    title: str
    saves: tuple[Save, ...]
    comparison: Comparison | None
    is_gone: bool
    may_write: bool
    offered: int | None
    is_tidied: bool

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """Versions to choose from, as values and words of a choice."""
        return [(str(one.number), str(one.number)) for one in self.saves if not one.is_removal]


def course_history(db: Session, course: Course, page: int) -> CourseHistory:
    """Raises NotFound for a page there is not."""
    count = db.scalar(select(func.count()).where(CourseVersion.course_id == course.id)) or 0
    pages = max(1, -(-count // PER_PAGE))
    if not 1 <= page <= pages:
        raise NotFound
    # One more, to tell what the oldest of the page changed.
    rows = _versions(db, course, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    sources = sources_of(db, [row.id for row in rows])
    names = _names(db, rows)
    before = {row.id: earlier for row, earlier in pairwise(rows)}
    return CourseHistory(
        course=course_version(db, newest_version(db, course).id),
        saves=tuple(
            replace(
                _save(row, names, tuple(changes_between(sources[before[row.id].id], sources[row.id]))),
                tidied_count=row.number - before[row.id].number - 1,
            )
            if row.id in before
            else replace(_save(row, names), tidied_count=row.number - 1)
            for row in rows[:PER_PAGE]
        ),
        page=page,
        pages=pages,
    )


def lesson_history(
    db: Session, actor: Actor, course: Course, key: str, old: int | None = None, new: int | None = None
) -> LessonHistory:
    """`old` and `new`: numbers of the versions to compare; without `old` none, without `new` the newest that has it.

    Raises NotFound for a lesson no version has and for a number whose version has it not.
    """
    told = lesson_sources(db, course.id, key)
    versions = _versions(db, course)
    numbered = {row.number: told[row.id] for row in versions if row.id in told}
    if not numbered:
        raise NotFound
    latest = max(numbered)
    comparison = None
    if old is not None:
        new = latest if new is None else new
        if old not in numbered or new not in numbered:
            raise NotFound
        comparison = Comparison(old, new, compare(numbered[old], numbered[new]))
    is_gone = versions[0].id not in told
    writes = may_write(db, actor, course)
    is_other = old is not None and told_of(numbered[old]) != told_of(numbered[latest])
    return LessonHistory(
        course=course_version(db, versions[0].id),
        key=key,
        title=numbered[latest].title,
        saves=tuple(_turns(versions, told, _names(db, versions))),
        comparison=comparison,
        is_gone=is_gone,
        may_write=writes,
        offered=(old if is_other else latest if is_gone else None) if writes else None,
        is_tidied=len(versions) < versions[0].number,
    )


def lesson_at(db: Session, course: Course, key: str, number: int) -> tuple[str, LessonSource]:
    """The lesson as the version of this number has it, and the folder of its module; raises NotFound."""
    version_id = db.scalar(
        select(CourseVersion.id).where(CourseVersion.course_id == course.id, CourseVersion.number == number)
    )
    try:
        module, lesson = sources_of(db, (version_id or 0,))[version_id or 0].lesson(key)
    except KeyError:
        raise NotFound from None
    return module.folder, lesson


def _turns(
    versions: Sequence[CourseVersion], told: Mapping[int, LessonSource], names: Mapping[int, str]
) -> list[Save]:  # fmt: skip
    """Versions, newest first, that have the lesson otherwise than the one before, or have it no more."""
    found: list[Save] = []
    last: tuple[int, LessonSource] | None = None
    for row in reversed(versions):
        now = told.get(row.id)
        if now is None:
            if last:
                found.append(_save(row, names, is_removal=True))
            last = None
        elif last is None or told_of(now) != told_of(last[1]):
            found.append(_save(row, names, before=last[0] if last else 0))
            last = (row.number, now)
    return found[::-1]


def _save(
    row: CourseVersion, names: Mapping[int, str], news: tuple[Change, ...] = (), *, before: int = 0,
    is_removal: bool = False,
) -> Save:  # fmt: skip
    return Save(
        row.number, row.created_at, names.get(row.created_by or 0, ""), row.published_at, news, before, is_removal
    )


def _versions(
    db: Session, course: Course, limit: int | None = None, offset: int | None = None
) -> Sequence[CourseVersion]:  # fmt: skip
    return db.scalars(
        select(CourseVersion)
        .where(CourseVersion.course_id == course.id)
        .order_by(CourseVersion.number.desc())
        .limit(limit)
        .offset(offset)
    ).all()


def _names(db: Session, rows: Sequence[CourseVersion]) -> dict[int, str]:
    found = people_of(db, list({row.created_by for row in rows if row.created_by}))
    return {account_id: name for account_id, (_person_id, name) in found.items()}
