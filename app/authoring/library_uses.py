"""Where assets are used: in lessons, as covers, in folders of courses, in questions of banks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.authoring.policy import authored_banks, authored_courses
from app.catalogue.models import (
    BankQuestion,
    Course,
    CourseFile,
    CourseVersion,
    LessonFile,
    LessonVersion,
    QuestionBank,
)
from app.core.access import Actor


@dataclass(frozen=True)
class Use:
    """A place that shows an asset. `kind`: lesson, cover, file (of the course's folder), bank.

    `published`, `draft`: the number of the version learners see and of the newest draft, where those show it; without
    either only versions of the past do. `url`, `place` and `title` are empty where the reader may not write.
    """

    kind: str
    place: str = ""
    title: str = ""
    url: str = ""
    published: int | None = None
    draft: int | None = None
    # Slug of the course whose newest version shows it, where the reader may write: there it can be replaced.
    course: str = ""


def uses_of(db: Session, actor: Actor, asset_ids: Iterable[int]) -> dict[int, tuple[Use, ...]]:
    """Every use of these assets, by asset id, in the order of courses; four queries for any number."""
    wanted = set(asset_ids)
    found: dict[int, list[Use]] = {asset_id: [] for asset_id in wanted}
    for row in (row for rows in _in_courses(actor, wanted) for row in db.execute(rows)):
        found[row.asset_id].append(_use(row))
    for asset_id, use in _in_banks(db, actor, wanted):
        found[asset_id].append(use)
    return {asset_id: tuple(dict.fromkeys(uses)) for asset_id, uses in found.items()}


def _in_courses(actor: Actor, wanted: set[int]) -> Iterator[Select[Any]]:
    whole_course, no_key = func.max(CourseVersion.title), literal("")
    lessons = _places(actor, "lesson", LessonFile.asset_id, LessonVersion.key, func.max(LessonVersion.title))
    yield (
        lessons.join(LessonVersion, LessonVersion.course_version_id == CourseVersion.id)
        .join(LessonFile, LessonFile.lesson_version_id == LessonVersion.id)
        .where(LessonFile.asset_id.in_(wanted))
        .group_by(LessonFile.asset_id, LessonVersion.key)
        .order_by(Course.code, LessonVersion.key)
    )
    covers = _places(actor, "cover", CourseVersion.cover_asset_id, no_key, whole_course)
    yield (
        covers.where(CourseVersion.cover_asset_id.in_(wanted))
        .group_by(CourseVersion.cover_asset_id)
        .order_by(Course.code)
    )
    files = _places(actor, "file", CourseFile.asset_id, no_key, whole_course)
    yield (
        files.join(CourseFile, CourseFile.course_version_id == CourseVersion.id)
        .where(CourseFile.asset_id.in_(wanted))
        .group_by(CourseFile.asset_id)
        .order_by(Course.code)
    )


def _places(actor: Actor, kind: str, asset_id: Any, key: Any, title: Any) -> Select[Any]:
    """One row for each course and `key` whose versions show the asset."""
    other = aliased(CourseVersion)
    newest = select(func.max(other.number)).where(other.course_id == Course.id).correlate(Course).scalar_subquery()
    is_newest = CourseVersion.number == newest
    is_draft = and_(is_newest, CourseVersion.state == "draft")
    return (
        select(
            asset_id.label("asset_id"), literal(kind).label("kind"), Course.slug, key.label("key"),
            title.label("title"), func.max(CourseVersion.title).label("course_title"),
            func.max(case((CourseVersion.id == Course.published_version_id, CourseVersion.number))).label("published"),
            func.max(case((is_draft, CourseVersion.number))).label("draft"),
            func.max(case((is_newest, 1), else_=0)).label("in_newest"), authored_courses(actor).label("is_theirs"),
        )
        .select_from(Course)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .group_by(Course.id)
    )  # fmt: skip


def _use(row: Any) -> Use:
    if not row.is_theirs:
        return Use(row.kind, published=row.published, draft=row.draft)
    base = f"/studio/{row.slug}"
    # The studio opens the newest version, which may have dropped the lesson.
    url = f"{base}/lessons/{row.key}/preview" if row.key and row.in_newest else base
    course = row.slug if row.in_newest else ""
    return Use(row.kind, row.course_title, row.title, url, row.published, row.draft, course)


def _in_banks(db: Session, actor: Actor, wanted: set[int]) -> Iterator[tuple[int, Use]]:
    # The database narrows by the digits; what it finds is judged here.
    written = cast(BankQuestion.files, Text)
    rows = db.execute(
        select(QuestionBank.key, QuestionBank.title, BankQuestion.files, authored_banks(actor))
        .join(QuestionBank, QuestionBank.id == BankQuestion.bank_id)
        .where(or_(false(), *(written.contains(str(asset_id)) for asset_id in sorted(wanted))))
        .order_by(QuestionBank.title, BankQuestion.id)
    )
    for key, title, files, is_theirs in rows:
        for asset_id in wanted.intersection(files.values()):
            yield asset_id, Use("bank", title, title, f"/studio/banks/{key}") if is_theirs else Use("bank")
