"""Programmes, courses and their immutable published versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk


class Programme(Base):
    """A training task of the plan (nhiệm vụ đào tạo), e.g. P04-NENTANG."""

    __tablename__ = "programme"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    task_no: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(Text)
    audience_text: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text)
    delivery: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Text, default="")


class Course(Base):
    """A course through all its versions; learners see `published`, authors also the newest draft."""

    __tablename__ = "course"

    id: Mapped[int] = pk()
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    published_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("course_version.id", use_alter=True, name="fk_course_published_version_id")
    )
    created_at: Mapped[datetime]

    versions: Mapped[list["CourseVersion"]] = relationship(
        back_populates="course", foreign_keys="CourseVersion.course_id", order_by="CourseVersion.number"
    )
    published: Mapped["CourseVersion | None"] = relationship(foreign_keys=[published_version_id], post_update=True)


class CourseVersion(Base):
    """One edition. `state`: draft, published. A published one is never changed again (a trigger refuses it)."""

    __tablename__ = "course_version"
    __table_args__ = (UniqueConstraint("course_id", "number"),)

    id: Mapped[int] = pk()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    folded_title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programme.code"))
    access: Mapped[str] = mapped_column(String(10))  # assigned, open
    hours: Mapped[float]
    language: Mapped[str] = mapped_column(String(8))
    licence: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(40), default="")
    certificate_title: Mapped[str] = mapped_column(String(200))
    certificate_rule: Mapped[str] = mapped_column(String(40), default="all_required_lessons")
    # Lists of codes: audiences the course is for, tags indicators count by.
    audiences: Mapped[list[str]] = mapped_column(JSON)
    tags: Mapped[list[str]] = mapped_column(JSON)
    cover_asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    # Hash over everything below; loading the same folder again makes no new version.
    checksum: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]

    course: Mapped[Course] = relationship(back_populates="versions", foreign_keys=[course_id])
    modules: Mapped[list["ModuleVersion"]] = relationship(order_by="ModuleVersion.position", back_populates="version")


class ModuleVersion(Base):
    """A module (học phần) of one course version."""

    __tablename__ = "module_version"
    __table_args__ = (UniqueConstraint("course_version_id", "position"),)

    id: Mapped[int] = pk()
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    position: Mapped[int]
    folder: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    objective: Mapped[str] = mapped_column(Text)

    version: Mapped[CourseVersion] = relationship(back_populates="modules")
    lessons: Mapped[list["LessonVersion"]] = relationship(order_by="LessonVersion.position", back_populates="module")


class LessonVersion(Base):
    """A lesson of one course version. `key` stays the same through versions, so progress carries over.

    `blocks` is the rendered lesson, in order: {"kind": "html", "html": …} and
    {"kind": "video", "id": "v1", "asset_id": …, "title": …, "caption_asset_ids": {"vi": …}}.
    `quiz` is null or {"pass_percent": 70, "shuffle": true, "questions": [ …as in the quiz file… ]}.
    """

    __tablename__ = "lesson_version"
    __table_args__ = (
        UniqueConstraint("module_version_id", "position"),
        Index(None, "course_version_id", "key", unique=True),
    )

    id: Mapped[int] = pk()
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    module_version_id: Mapped[int] = mapped_column(ForeignKey("module_version.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(40))
    # File name without number and ending; with the position it names the file on export.
    stem: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    folded_text: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    is_required: Mapped[bool] = mapped_column(default=True)
    objectives: Mapped[list[str]] = mapped_column(JSON)
    role: Mapped[str] = mapped_column(String(200), default="")
    sources: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    markdown: Mapped[str] = mapped_column(Text)
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    quiz: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    module: Mapped[ModuleVersion] = relationship(back_populates="lessons")
    files: Mapped[list["LessonFile"]] = relationship(cascade="all, delete-orphan")


class LessonFile(Base):
    """A file a lesson refers to by name: picture, video, captions."""

    __tablename__ = "lesson_file"
    __table_args__ = (UniqueConstraint("lesson_version_id", "name"), Index(None, "asset_id"))

    id: Mapped[int] = pk()
    lesson_version_id: Mapped[int] = mapped_column(ForeignKey("lesson_version.id"))
    name: Mapped[str] = mapped_column(String(120))
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
