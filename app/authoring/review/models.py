"""What is kept of a review: one row each time a course is sent, and what was said of its lessons."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk

_WAITS = text("state = 'waiting'")


class CourseReview(Base):
    """A course was sent to be reviewed (gửi thẩm định). `state`: waiting, changes (asked), approved.

    While it waits the newest draft is what is reviewed; `decided_version_id` is the one version decided on.
    """

    __tablename__ = "course_review"
    __table_args__ = (
        Index(None, "course_id"),
        # One at a time.
        Index("ix_course_review_waiting", "course_id", unique=True, sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: Mapped[int] = pk()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    state: Mapped[str] = mapped_column(String(10))
    sent_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    sent_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    sent_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    decided_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)


class LessonComment(Base):
    """What a reviewer says of a block of a lesson (góp ý), or an answer to it (`parent_id`).

    It hangs on the lesson's key and on the block's own words (`quote`), so that it finds its place in later versions.
    `place` is "text", "question:" with the question's id, or empty for the lesson as a whole.
    """

    __tablename__ = "lesson_comment"
    __table_args__ = (Index(None, "course_id", "lesson_key"), Index(None, "parent_id"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("lesson_comment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(String(60))
    quote: Mapped[str] = mapped_column(Text)
    version_number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
