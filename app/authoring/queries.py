"""What the studio's pages show."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.authoring.bank_queries import preview_of
from app.authoring.changes import Change, changes_between
from app.authoring.folder.lesson_text import check_text
from app.authoring.placeholders import placeholders_in
from app.authoring.policy import authored_courses, publishable_courses, reviewed_courses
from app.authoring.review.comments import open_counts
from app.authoring.review.passages import Passage, passages
from app.authoring.review.queries import ReviewState, review_state
from app.catalogue.drawing import asked_count
from app.catalogue.lesson_docs import LessonDoc, lesson
from app.catalogue.models import Course, CourseVersion, LessonFile, LessonVersion
from app.catalogue.queries import (
    CourseView,
    Outline,
    course_version,
    newest_version,
    outline,
    retired_on,
)
from app.catalogue.source import LessonSource
from app.catalogue.stored import source_of
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.identity.units.unit_queries import full_name, full_names
from app.learning.quiz_queries import ReviewedQuestion
from app.media.models import Asset
from app.media.queries import AssetProgress, AssetView, asset_views, progress_of


@dataclass(frozen=True)
class StudioCourse:
    """One course an author may write. `published_number` is None before the first publication."""

    slug: str
    code: str
    title: str
    unit: str
    newest_number: int
    published_number: int | None
    saved_at: datetime

    @property
    def has_draft(self) -> bool:
        return self.newest_number != self.published_number


@dataclass(frozen=True)
class VersionRow:
    """A version in the list of versions, newest first."""

    number: int
    is_published: bool
    saved_at: datetime
    published_at: datetime | None


@dataclass(frozen=True)
class CoursePage:
    """The studio's page of a course: the newest version and how it differs from what learners see."""

    course: CourseView
    unit: str
    outline: Outline
    versions: tuple[VersionRow, ...]
    news: dict[str, str]
    videos: tuple[AssetProgress, ...]
    may_write: bool
    may_publish: bool
    review: ReviewState
    retired_on: date | None
    # What reviewers said and nobody settled yet, by lesson key.
    comment_counts: dict[str, int]
    # Keys of lessons that still hold what the start of the course left to be written.
    unwritten: frozenset[str] = frozenset()

    @property
    def is_draft(self) -> bool:
        return self.course.state == "draft"

    @property
    def is_published(self) -> bool:
        return any(version.is_published for version in self.versions)

    @property
    def next_to_write(self) -> str:
        """The key of the first lesson nobody wrote yet; empty when all are written."""
        return next((lesson.key for lesson in self.outline.lessons if lesson.key in self.unwritten), "")


@dataclass(frozen=True)
class PreviewPage:
    """A lesson as learners will see it, with what is worth mending: (line, message)."""

    course: CourseView
    doc: LessonDoc
    passages: tuple[Passage, ...]
    # The quiz's questions with their answers, by id.
    questions: dict[str, ReviewedQuestion]
    question_count: int
    videos: tuple[AssetProgress, ...]
    advice: tuple[tuple[int, str], ...]
    may_write: bool

    @property
    def sources_alone(self) -> LessonDoc:
        return replace(self.doc, blocks=())


def courses(db: Session, actor: Actor) -> list[StudioCourse]:
    """The courses of this author's or reviewer's units by code; four queries, however many there are."""
    newest, published = aliased(CourseVersion), aliased(CourseVersion)
    highest = (
        select(func.max(CourseVersion.number))
        .where(CourseVersion.course_id == Course.id)
        .correlate(Course)
        .scalar_subquery()
    )
    rows = db.execute(
        select(Course, newest, published.number)
        .select_from(Course)
        .join(newest, (newest.course_id == Course.id) & (newest.number == highest))
        .outerjoin(published, published.id == Course.published_version_id)
        .where(reviewed_courses(actor))
        .order_by(Course.code)
    ).all()
    names = full_names(db, [course.unit_id for course, _newest, _number in rows], clock.today())
    return [
        StudioCourse(
            slug=course.slug,
            code=course.code,
            title=version.title,
            unit=names.get(course.unit_id, ""),
            newest_number=version.number,
            published_number=number,
            saved_at=version.created_at,
        )
        for course, version, number in rows
    ]


def authored_course(db: Session, actor: Actor, slug: str) -> Course:
    """The course if this author may write it; raises NotFound."""
    course = db.scalar(select(Course).where(Course.slug == slug, authored_courses(actor)))
    if course is None:
        raise NotFound
    return course


def reviewed_course(db: Session, actor: Actor, slug: str) -> Course:
    """The course if this actor may read it before it is published; raises NotFound."""
    course = db.scalar(select(Course).where(Course.slug == slug, reviewed_courses(actor)))
    if course is None:
        raise NotFound
    return course


def may_write(db: Session, actor: Actor, course: Course) -> bool:
    return db.scalar(select(Course.id).where(Course.id == course.id, authored_courses(actor))) is not None


def may_publish(db: Session, actor: Actor, course: Course) -> bool:
    return db.scalar(select(Course.id).where(Course.id == course.id, publishable_courses(actor))) is not None


def course_page(db: Session, actor: Actor, course: Course) -> CoursePage:
    version = newest_version(db, course)
    return CoursePage(
        course=course_version(db, version.id),
        unit=full_name(db, course.unit_id, clock.today()),
        outline=outline(db, version.id),
        versions=tuple(
            VersionRow(row.number, row.id == course.published_version_id, row.created_at, row.published_at)
            for row in db.scalars(
                select(CourseVersion).where(CourseVersion.course_id == course.id).order_by(CourseVersion.number.desc())
            )
        ),
        news={change.key: change.kind for change in changes_to_publish(db, course, version)},
        videos=unfinished_videos(db, version),
        may_write=may_write(db, actor, course),
        may_publish=may_publish(db, actor, course),
        review=review_state(db, actor, course),
        retired_on=retired_on(db, course.id),
        comment_counts=open_counts(db, course),
        unwritten=_unwritten(db, version),
    )


def _unwritten(db: Session, version: CourseVersion) -> frozenset[str]:
    texts = select(LessonVersion.key, LessonVersion.markdown, LessonVersion.role).where(
        LessonVersion.course_version_id == version.id, LessonVersion.markdown.contains("[Hãy ")
    )
    return frozenset(key for key, markdown, role in db.execute(texts) if placeholders_in(f"{markdown}\n{role}"))


def preview_page(db: Session, actor: Actor, course: Course, key: str) -> PreviewPage:
    """The lesson of the newest version; raises NotFound."""
    version = newest_version(db, course)
    doc = lesson(db, version.id, key)
    return PreviewPage(
        course=course_version(db, version.id),
        doc=doc,
        passages=passages(doc),
        questions={
            one["id"]: preview_of(db, number, one, (doc.quiz or {}).get("files", {})).answered
            for number, one in enumerate((doc.quiz or {}).get("questions", ()), start=1)
        },
        question_count=asked_count(doc.quiz) if doc.quiz else 0,
        videos=unfinished_videos(db, version, key),
        advice=tuple(advice(source_of(db, version.id).lesson(key)[1])),
        may_write=may_write(db, actor, course),
    )


def advice(lesson: LessonSource) -> list[tuple[int, str]]:
    """What a careful editor would say of the text: the same as `courses check` says of a folder."""
    return check_text(lesson.markdown, {file.name for file in lesson.files})


def lesson_files(db: Session, lesson: LessonSource) -> list[tuple[str, AssetView]]:
    """The files a lesson has, by name."""
    views = asset_views(db, [file.asset_id for file in lesson.files if file.asset_id])
    return [(file.name, views[file.asset_id]) for file in lesson.files if file.asset_id]


def unfinished_videos(db: Session, version: CourseVersion, key: str | None = None) -> tuple[AssetProgress, ...]:
    """Videos, sounds and documents of a version, or of one of its lessons, that cannot be shown yet; by name."""
    wanted = (
        select(Asset.id)
        .join(LessonFile, LessonFile.asset_id == Asset.id)
        .join(LessonVersion, LessonVersion.id == LessonFile.lesson_version_id)
        .where(LessonVersion.course_version_id == version.id, Asset.state != "ready")
    )
    if key is not None:
        wanted = wanted.where(LessonVersion.key == key)
    return tuple(sorted(progress_of(db, db.scalars(wanted)).values(), key=lambda video: video.file_name))


def course_video(db: Session, course: Course, public_id: str) -> Asset:
    """A file of the course's newest version; raises NotFound."""
    asset = db.scalar(
        select(Asset)
        .join(LessonFile, LessonFile.asset_id == Asset.id)
        .join(LessonVersion, LessonVersion.id == LessonFile.lesson_version_id)
        .where(
            LessonVersion.course_version_id == newest_version(db, course).id,
            Asset.public_id == public_id,
        )
        .limit(1)
    )
    if asset is None:
        raise NotFound
    return asset


def changes_to_publish(db: Session, course: Course, version: CourseVersion) -> list[Change]:
    """What this version would change for learners; nothing where they see it already."""
    if course.published_version_id == version.id:
        return []
    before = source_of(db, course.published_version_id) if course.published_version_id else None
    return changes_between(before, source_of(db, version.id))
