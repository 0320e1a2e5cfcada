"""A stored version as the plain source it came from: what the studio edits and what an export writes."""

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from app.catalogue.lesson_rules import rule_of
from app.catalogue.models import Course, CourseFile, CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.source import (
    Access,
    CertificateRule,
    Citation,
    CompletionRule,
    CourseSource,
    ExtraFile,
    FileSource,
    LessonSource,
    ModuleSource,
    TranslationSource,
)
from app.core.errors import NotFound

# What is made of the text is the larger half of a lesson.
_UNREAD = (
    defer(LessonVersion.blocks), defer(LessonVersion.translated_blocks), defer(LessonVersion.folded_text),
)  # fmt: skip


def source_of(db: Session, version_id: int) -> CourseSource:
    """The source that `service.save_version` would keep as this very version; raises NotFound.

    Files are named by their assets, so saving it again stores nothing twice.
    """
    try:
        return sources_of(db, (version_id,))[version_id]
    except KeyError:
        raise NotFound from None


def own_source(db: Session, course: Course, version_id: int) -> CourseSource:
    """The same of a version of this course; raises NotFound for any other.

    Forms name the version they began from: without the look at whose it is, somebody could begin from a course that is
    none of theirs and take its files along.
    """
    version = db.get(CourseVersion, version_id)
    if version is None or version.course_id != course.id:
        raise NotFound
    return source_of(db, version_id)


def sources_of(db: Session, version_ids: Collection[int]) -> dict[int, CourseSource]:
    """The sources of several versions by their ids; five queries, however many there are."""
    lessons = selectinload(CourseVersion.modules).selectinload(ModuleVersion.lessons)
    versions = db.scalars(
        select(CourseVersion)
        .where(CourseVersion.id.in_(version_ids))
        .options(
            joinedload(CourseVersion.course), selectinload(CourseVersion.files),
            lessons.selectinload(LessonVersion.files), lessons.options(*_UNREAD),
        )
    )  # fmt: skip
    return {version.id: _course(version) for version in versions}


def lesson_sources(db: Session, course_id: int, key: str) -> dict[int, LessonSource]:
    """What a lesson said in every version of its course that has it, by the version's id; two queries."""
    rows = db.scalars(
        select(LessonVersion)
        .join(CourseVersion, CourseVersion.id == LessonVersion.course_version_id)
        .where(CourseVersion.course_id == course_id, LessonVersion.key == key)
        .options(selectinload(LessonVersion.files), *_UNREAD)
    )
    return {row.course_version_id: _lesson(row) for row in rows}


def _course(version: CourseVersion) -> CourseSource:
    course: Course = version.course
    return CourseSource(
        slug=course.slug,
        code=course.code,
        title=version.title,
        summary=version.summary,
        access=cast(Access, version.access),
        hours=version.hours,
        owner=version.owner,
        contact=version.contact,
        programme=version.programme_code,
        audiences=tuple(version.audiences),
        tags=tuple(version.tags),
        skills=tuple(version.skills),
        language=version.language,
        licence=version.licence,
        level=version.level,
        certificate_rule=cast(CertificateRule, version.certificate_rule),
        certificate_title=version.certificate_title,
        completion=CompletionRule.of(version.completion_rule),
        cover=FileSource(version.cover_name, asset_id=version.cover_asset_id) if version.cover_asset_id else None,
        modules=tuple(_module(module) for module in version.modules),
        extra_files=tuple(_extra(file) for file in version.files),
        manifest=version.manifest,
    )


def _module(module: ModuleVersion) -> ModuleSource:
    return ModuleSource(
        module.folder, module.title, module.objective, tuple(_lesson(lesson) for lesson in module.lessons)
    )


def _lesson(lesson: LessonVersion) -> LessonSource:
    spoken = {f"{lesson.stem}.{name}" for name in lesson.recordings}
    return LessonSource(
        key=lesson.key,
        stem=lesson.stem,
        title=lesson.title,
        minutes=lesson.minutes,
        markdown=lesson.markdown,
        is_required=lesson.is_required,
        objectives=tuple(lesson.objectives),
        role=lesson.role,
        sources=tuple(Citation(one["title"], one["ref"], one.get("url", "")) for one in lesson.sources),
        quiz=None if lesson.quiz is None else {name: one for name, one in lesson.quiz.items() if name != "files"},
        completion=rule_of(lesson.completion_rule) if lesson.completion_rule is not None else None,
        files=tuple(
            FileSource(file.name, asset_id=file.asset_id)
            for file in sorted(lesson.files, key=lambda one: one.name)
            if file.name not in spoken
        ),
        front_matter=lesson.front_matter,
        quiz_source=lesson.quiz_source,
        translations=tuple(_translation(one) for one in lesson.translations),
        recordings=tuple(FileSource(name, asset_id=asset_id) for name, asset_id in sorted(lesson.recordings.items())),
    )


def _translation(one: dict[str, Any]) -> TranslationSource:
    return TranslationSource(
        **one | {"objectives": tuple(one["objectives"]), "made_from": tuple(map(tuple, one["made_from"]))}
    )


def _extra(file: CourseFile) -> ExtraFile:
    name = file.path.rsplit("/", 1)[-1]
    return ExtraFile(
        file.path, text=file.text, file=FileSource(name, asset_id=file.asset_id) if file.asset_id else None
    )
