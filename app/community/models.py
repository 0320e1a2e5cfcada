"""Notes, posts, calls for help, ratings. They hang on a course and a lesson's key, so a new version keeps them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class Note(Base):
    """What somebody wrote for themselves about a lesson (ghi chú), and whether they marked it to come back to."""

    __tablename__ = "lesson_note"
    __table_args__ = (UniqueConstraint("person_id", "course_id", "lesson_key"),)

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    is_bookmarked: Mapped[bool]
    changed_at: Mapped[datetime]


class Post(Base):
    """A question under a lesson (hỏi đáp), or an answer to one. `parent_id` is the question an answer belongs to.

    `is_staff`: written by somebody who looks after the course. Hidden ones stay, with who hid them and why.
    """

    __tablename__ = "discussion_post"
    __table_args__ = (Index(None, "course_id", "lesson_key", "id"), Index(None, "parent_id"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("discussion_post.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    is_staff: Mapped[bool]
    posted_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[int | None]
    hidden_reason: Mapped[str | None] = mapped_column(String(300))


class PostReport(Base):
    """Somebody found a post unfit (báo tin không phù hợp); once each."""

    __tablename__ = "discussion_report"

    post_id: Mapped[int] = mapped_column(ForeignKey("discussion_post.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    reported_at: Mapped[datetime]


class HelpRequest(Base):
    """A call for help with a lesson (cần trợ giúp), routed to whoever looks after the learner's unit."""

    __tablename__ = "help_request"
    __table_args__ = (Index(None, "unit_id", "answered_at"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    # The nearest unit above the learner with somebody to answer.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None]


class Rating(Base):
    """How somebody found a course (đánh giá), 1 to 5, with a word to its authors; they may change their mind."""

    __tablename__ = "course_rating"
    __table_args__ = (
        UniqueConstraint("person_id", "course_id"),
        Index(None, "course_id"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="one_to_five"),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    rated_at: Mapped[datetime]
