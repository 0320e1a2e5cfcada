"""Sittings of an exam: the room, its candidates with their papers, and what was noted on the way."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class ExamSitting(Base):
    """One room at one time (buổi sát hạch) over the quiz of a lesson, at the version it had when this was planned.

    `closed_at` freezes papers and results, `signed_at` the minute: its two files are named by key and SHA-256.
    """

    __tablename__ = "exam_sitting"
    __table_args__ = (
        Index(None, "unit_id", "opens_at"),
        Index(None, "closed_at", "closes_at"),
        CheckConstraint("opens_at < closes_at", name="in_order"),
    )

    id: Mapped[int] = pk()
    title: Mapped[str] = mapped_column(String(200))
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    minutes: Mapped[int]
    pass_percent: Mapped[int]
    place: Mapped[str] = mapped_column(String(200))
    # The unit that holds it.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    room_code: Mapped[str] = mapped_column(String(6))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    planned_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    minute_number: Mapped[str] = mapped_column(String(60), default="")
    pdf_key: Mapped[str] = mapped_column(String(200), default="")
    pdf_sha256: Mapped[str] = mapped_column(String(64), default="")
    docx_key: Mapped[str] = mapped_column(String(200), default="")
    docx_sha256: Mapped[str] = mapped_column(String(64), default="")


class ExamInvigilator(Base):
    """Somebody named to watch over one sitting, whatever their role."""

    __tablename__ = "exam_invigilator"

    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)


class ExamCandidate(Base):
    """Somebody on the list (thí sinh), with the paper once they began: shapes as in learning.models.Attempt.

    Of the identity check only who, when and a note are kept, never a number or a picture of a card.
    """

    __tablename__ = "exam_candidate"
    __table_args__ = (UniqueConstraint("sitting_id", "person_id"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    listed_at: Mapped[datetime]
    # The right room code was given.
    entered_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    check_note: Mapped[str] = mapped_column(String(300), default="")
    started_at: Mapped[datetime | None]
    # At first as the sitting says; only an invigilator's extension moves it.
    deadline_at: Mapped[datetime | None]
    paper: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    answer_seq: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    saved_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    is_timed_out: Mapped[bool] = mapped_column(default=False, server_default=false())
    stopped_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # Null while something of it waits to be marked, too.
    passed: Mapped[bool | None]


class ExamMarking(Base):
    """What a person gave an answer of a paper: an immutable row, shaped as learning.models.Marking; the last counts."""

    __tablename__ = "exam_marking"
    __table_args__ = (Index(None, "candidate_id", "question_id"),)

    id: Mapped[int] = pk()
    candidate_id: Mapped[int] = mapped_column(ForeignKey("exam_candidate.id"))
    question_id: Mapped[str] = mapped_column(String(40))
    points: Mapped[list[float]] = mapped_column(JSON)
    credit: Mapped[float]
    comment: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    marked_at: Mapped[datetime]


class ExamEvent(Base):
    """What the candidate's page noticed (events.py): an immutable row, kept and shown, and nothing follows from it."""

    __tablename__ = "exam_event"
    __table_args__ = (UniqueConstraint("candidate_id", "client", "seq"),)

    id: Mapped[int] = pk()
    candidate_id: Mapped[int] = mapped_column(ForeignKey("exam_candidate.id"))
    kind: Mapped[str] = mapped_column(String(20))
    # The page's random name and the number it gave this event: a repeat is known.
    client: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]


class ExamNote(Base):
    """What an invigilator did or saw: `kind` incident, extension (by `minutes`) or stop; an immutable row."""

    __tablename__ = "exam_note"
    __table_args__ = (Index(None, "sitting_id"),)

    id: Mapped[int] = pk()
    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"))
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("exam_candidate.id"))
    kind: Mapped[str] = mapped_column(String(10))
    minutes: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    noted_at: Mapped[datetime]
