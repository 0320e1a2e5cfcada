"""What pages and other domains ask of the catalogue. Everything returned is a frozen dataclass."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.render import Block, asset_ids, resolve
from app.catalogue.source import Citation
from app.core.errors import NotFound
from app.media.queries import asset_views


@dataclass(frozen=True)
class CourseView:
    """What one version says of its course."""

    course_id: int
    version_id: int
    number: int
    state: str
    slug: str
    code: str
    unit_id: int
    title: str
    summary: str
    programme_code: str | None
    access: str
    hours: float
    language: str
    licence: str
    owner: str
    contact: str
    level: str
    audiences: tuple[str, ...]
    tags: tuple[str, ...]
    certificate_title: str  # empty: no certificate
    cover_asset_id: int | None


@dataclass(frozen=True)
class OutlineLesson:
    """One line of an outline."""

    key: str
    title: str
    minutes: int
    is_required: bool
    has_quiz: bool
    has_video: bool
    question_count: int


@dataclass(frozen=True)
class OutlineModule:
    position: int
    folder: str
    title: str
    objective: str
    lessons: tuple[OutlineLesson, ...]

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)


@dataclass(frozen=True)
class Outline:
    """A course version's modules and lessons in order, without their text."""

    version_id: int
    modules: tuple[OutlineModule, ...]

    @property
    def lessons(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)


@dataclass(frozen=True)
class LessonDoc:
    """One lesson, ready to show: addresses of files are in. `quiz` is as in LessonVersion, with the right answers.

    `module_count`, `lesson_number` (in its module) and `lesson_count` serve “Học phần 2 trên 7, bài 3 trên 5”.
    """

    version_id: int
    key: str
    title: str
    minutes: int
    is_required: bool
    objectives: tuple[str, ...]
    role: str
    sources: tuple[Citation, ...]
    blocks: tuple[Block, ...]
    quiz: dict[str, Any] | None
    module_title: str
    module_position: int
    module_count: int
    lesson_number: int
    lesson_count: int
    previous_key: str | None
    next_key: str | None


def course_by_slug(db: Session, slug: str) -> CourseView:
    """The published course of this address; raises NotFound."""
    view = _course(db, Course.slug == slug, CourseVersion.id == Course.published_version_id)
    if view is None:
        raise NotFound
    return view


def course_version(db: Session, version_id: int) -> CourseView:
    """What any version, drafts included, says of its course; raises NotFound."""
    view = _course(db, CourseVersion.id == version_id)
    if view is None:
        raise NotFound
    return view


def newest_version_id(db: Session, slug: str) -> int | None:
    """The version with the highest number, published or not; None if there is no such course."""
    return db.scalar(
        select(CourseVersion.id).join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug == slug).order_by(CourseVersion.number.desc()).limit(1)
    )  # fmt: skip


def outline(db: Session, version_id: int) -> Outline:
    """Modules and lessons of a version in order; empty for a version that has none. Two queries."""
    lessons: dict[int, list[OutlineLesson]] = {}
    rows = db.execute(
        select(
            LessonVersion.module_version_id,
            LessonVersion.key,
            LessonVersion.title,
            LessonVersion.minutes,
            LessonVersion.is_required,
            LessonVersion.has_video,
            LessonVersion.question_count,
        )
        .where(LessonVersion.course_version_id == version_id)
        .order_by(LessonVersion.position)
    )
    for row in rows:
        lessons.setdefault(row.module_version_id, []).append(
            OutlineLesson(
                row.key,
                row.title,
                row.minutes,
                row.is_required,
                row.question_count > 0,
                row.has_video,
                row.question_count,
            )
        )
    modules = db.scalars(
        select(ModuleVersion).where(ModuleVersion.course_version_id == version_id).order_by(ModuleVersion.position)
    )
    return Outline(
        version_id,
        tuple(
            OutlineModule(
                module.position, module.folder, module.title, module.objective, tuple(lessons.get(module.id, ()))
            )
            for module in modules
        ),
    )


def lesson(db: Session, version_id: int, key: str) -> LessonDoc:
    """One lesson of a version with its neighbours; raises NotFound. Five queries, whatever it holds."""
    row = db.scalar(
        select(LessonVersion).where(LessonVersion.course_version_id == version_id, LessonVersion.key == key)
    )
    if row is None:
        raise NotFound
    course = outline(db, version_id)
    keys = [one.key for one in course.lessons]
    place = keys.index(key)
    module = next(one for one in course.modules if any(lesson.key == key for lesson in one.lessons))
    in_module = [one.key for one in module.lessons]
    views = asset_views(db, asset_ids(row.blocks))
    return LessonDoc(
        version_id=version_id, key=row.key, title=row.title, minutes=row.minutes, is_required=row.is_required,
        objectives=tuple(row.objectives), role=row.role,
        sources=tuple(Citation(one["title"], one["ref"], one.get("url", "")) for one in row.sources),
        blocks=resolve(row.blocks, views), quiz=row.quiz,
        module_title=module.title, module_position=module.position, module_count=len(course.modules),
        lesson_number=in_module.index(key) + 1, lesson_count=len(in_module),
        previous_key=keys[place - 1] if place else None, next_key=keys[place + 1] if place + 1 < len(keys) else None,
    )  # fmt: skip


def quiz_of(db: Session, version_id: int, key: str) -> dict[str, Any] | None:
    """The quiz of a lesson without the rest of it; None if it has none or there is no such lesson."""
    return db.scalar(
        select(LessonVersion.quiz).where(LessonVersion.course_version_id == version_id, LessonVersion.key == key)
    )


def _course(db: Session, *wanted: Any) -> CourseView | None:
    found = db.execute(
        select(Course, CourseVersion).join(CourseVersion, CourseVersion.course_id == Course.id).where(*wanted)
    ).first()
    if found is None:
        return None
    course, version = found
    return CourseView(
        course_id=course.id,
        version_id=version.id,
        number=version.number,
        state=version.state,
        slug=course.slug,
        code=course.code,
        unit_id=course.unit_id,
        title=version.title,
        summary=version.summary,
        programme_code=version.programme_code,
        access=version.access,
        hours=version.hours,
        language=version.language,
        licence=version.licence,
        owner=version.owner,
        contact=version.contact,
        level=version.level,
        audiences=tuple(version.audiences),
        tags=tuple(version.tags),
        certificate_title=version.certificate_title,
        cover_asset_id=version.cover_asset_id,
    )
