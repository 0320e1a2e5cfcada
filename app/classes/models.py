"""Classes that were held, and who took part."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class HeldClass(Base):
    """A class of a training task, or of a version of a course of ours; its last day is the day of completion."""

    __tablename__ = "held_class"
    __table_args__ = (
        Index(None, "unit_id", "last_on"),
        CheckConstraint("(programme_code IS NULL) <> (course_version_id IS NULL)", name="one_subject"),
        CheckConstraint("first_on <= last_on", name="in_order"),
    )

    id: Mapped[int] = pk()
    title: Mapped[str] = mapped_column(String(200))
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programme.code"))
    course_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    place: Mapped[str] = mapped_column(String(200))
    hours: Mapped[float]
    # The unit that held it.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    teachers: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]


class Attendance(Base):
    """A person took part in a class. What turns out wrong is withdrawn with a reason; the row stays.

    `completion_id` is null where the class is only a part of what the course asks (learning.models.PartMet).
    """

    __tablename__ = "attendance"
    __table_args__ = (Index(None, "class_id", "person_id"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    class_id: Mapped[int] = mapped_column(ForeignKey("held_class.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    completion_id: Mapped[int | None] = mapped_column(ForeignKey("completion.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
