"""Programmes, courses and their immutable published versions, banks of questions."""

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


class EmbedSite(Base):
    """A site whose videos lessons may embed, as embeds.Site; `addresses` is a list of patterns."""

    __tablename__ = "embed_site"

    id: Mapped[int] = pk()
    name: Mapped[str] = mapped_column(String(40))
    addresses: Mapped[list[str]] = mapped_column(JSON)
    frame: Mapped[str] = mapped_column(String(200))


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
    # From then on nobody new takes it; who studies it goes on (service.retire).
    retired_at: Mapped[datetime | None]

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
    # Code, title and summary as we search them.
    folded_text: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programme.code"))
    access: Mapped[str] = mapped_column(String(10))  # assigned, open
    hours: Mapped[float]
    language: Mapped[str] = mapped_column(String(8))
    licence: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(40), default="")
    # "all_required_lessons"; "none" for a course that gives no certificate, whose title is then empty.
    certificate_rule: Mapped[str] = mapped_column(String(40), default="all_required_lessons")
    certificate_title: Mapped[str] = mapped_column(String(200))
    # What completes the course and how long that counts, as source.CompletionRule; {} is what every course asks.
    completion_rule: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    # Lists of codes: audiences the course is for, tags indicators count by, skill areas it teaches (skills.py).
    audiences: Mapped[list[str]] = mapped_column(JSON)
    tags: Mapped[list[str]] = mapped_column(JSON)
    skills: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    cover_asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    cover_name: Mapped[str] = mapped_column(String(120), default="")
    # course.yaml as its author wrote it; empty when the version was not loaded from a folder.
    manifest: Mapped[str] = mapped_column(Text, default="")
    # Hash over everything a version says and shows; loading the same folder again makes no new version.
    checksum: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    # An account; nobody where the system saved it, and for versions published before this was kept.
    created_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]

    course: Mapped[Course] = relationship(back_populates="versions", foreign_keys=[course_id])
    modules: Mapped[list["ModuleVersion"]] = relationship(order_by="ModuleVersion.position", back_populates="version")
    files: Mapped[list["CourseFile"]] = relationship(order_by="CourseFile.path")


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

    `blocks` is the rendered lesson, in order: {"kind": "html", "html": …} and {"kind": "video", "id": …, "asset_id": …,
    "title": …, "caption": …, "tracks": {"vi": {"asset_id": …, "lines": [spoken or shown, in order],
    "starts": [seconds]}}}, with "is_sound": true where there is nothing to see, and {"kind": "document", "id": …,
    "asset_id": …, "title": …, "caption": …, "pages": [words of each page; none of what can only be downloaded]}.
    Addresses of files are put in when it is shown (render.py). Versions kept before lines could be jumped to have no
    "starts".
    `quiz` is null or {"pass_percent": 70, "shuffle": true, "questions": [ …as in the quiz file… ]}.
    `completion_rule` is what the lesson asks where its author says so (lesson_rules.py), null where nothing is said.
    `translations` is [{…as source.TranslationSource…}], `translated_blocks` {language: blocks}: whole lessons, with the
    original in place of what is not translated (translating.py). `recordings` is {"nut.mp3": asset id}.
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
    # File name without its ending, number included: 01-ten-bai.
    stem: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    folded_text: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    is_required: Mapped[bool] = mapped_column(default=True)
    objectives: Mapped[list[str]] = mapped_column(JSON)
    role: Mapped[str] = mapped_column(String(200), default="")
    sources: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    # The file is `front_matter` + `markdown`, byte for byte; an empty head is written from the fields on export.
    front_matter: Mapped[str] = mapped_column(Text, default="")
    markdown: Mapped[str] = mapped_column(Text)
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    quiz: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    quiz_source: Mapped[str] = mapped_column(Text, default="")
    completion_rule: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # What an outline says of a lesson without reading it whole.
    has_video: Mapped[bool] = mapped_column(default=False)
    question_count: Mapped[int] = mapped_column(default=0)
    # The title in each language there is a translation in, empty where that has none: {"en": "Phones and apps"}.
    titles: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    translations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    translated_blocks: Mapped[dict[str, list[dict[str, Any]]]] = mapped_column(JSON, default=dict, server_default="{}")
    recordings: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, server_default="{}")

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


class CourseFile(Base):
    """A file of the course's folder that no lesson shows: the source of a slide video and its pictures.

    Kept so that export gives the folder back: `text` for what is written, an asset for a picture.
    """

    __tablename__ = "course_file"
    __table_args__ = (UniqueConstraint("course_version_id", "path"), Index(None, "asset_id"))

    id: Mapped[int] = pk()
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    path: Mapped[str] = mapped_column(String(200))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    text: Mapped[str | None] = mapped_column(Text)


class QuestionBank(Base):
    """Questions to draw from (ngân hàng câu hỏi): of one course, or shared by all courses where `course_id` is null.

    `key` is what quiz files name; `unit_id` owns it, as with courses.
    """

    __tablename__ = "question_bank"

    id: Mapped[int] = pk()
    key: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]


class BankQuestion(Base):
    """One revision of a question in a bank. `key` stays the same; the newest revision is the one that is not replaced.

    `body` is the question as a quiz file has it, its `id` is the key. `files`: name in its texts -> asset id.
    `state`: active; retired (drawn no more); replaced (by the next revision). What a revision says never changes.
    """

    __tablename__ = "bank_question"
    __table_args__ = (UniqueConstraint("key", "revision"), Index(None, "bank_id", "state"))

    id: Mapped[int] = pk()
    bank_id: Mapped[int] = mapped_column(ForeignKey("question_bank.id"))
    key: Mapped[str] = mapped_column(String(40))
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40), default="")
    difficulty: Mapped[int | None]
    folded_text: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    files: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="active")
    saved_at: Mapped[datetime]
    saved_by: Mapped[int | None]


class QuestionUpload(Base):
    """A file of questions that was read and waits for confirmation; forgotten after a week.

    `reading`: {"found": [{"place", "question", "notes", "files"}], "refused": [{"place", "text", "reason"}]}.
    """

    __tablename__ = "question_upload"

    id: Mapped[int] = pk()
    bank_id: Mapped[int] = mapped_column(ForeignKey("question_bank.id"))
    account_id: Mapped[int | None]
    file_name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(12))
    reading: Mapped[dict[str, Any]] = mapped_column(JSON)
    uploaded_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
