"""Assignments, their rounds, and the people in them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk


class Assignment(Base):
    """A unit assigns a course (giao học) to whoever a rule names, once or every year.

    `rule` is what rules.Rule.as_json wrote; an empty one names nobody, and only `AssignmentPick`s count.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        Index(None, "unit_id"),
        Index(None, "course_id"),
        CheckConstraint("due_month BETWEEN 1 AND 12 AND due_day BETWEEN 1 AND 31", name="day_of_year"),
    )

    id: Mapped[int] = pk()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    # In whose name it is given: the rule reaches no further than what lies below it.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Căn cứ: the plan or letter that asks for it, as the assigner wrote it.
    grounds: Mapped[str] = mapped_column(String(300))
    is_yearly: Mapped[bool]
    due_month: Mapped[int]
    due_day: Mapped[int]
    # A class or outside evidence of the same training task fulfils it as well.
    counts_programme: Mapped[bool]
    asks_commitment: Mapped[bool]
    # Whoever comes later has at least so many days.
    grace_days: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]

    rounds: Mapped[list["AssignmentRound"]] = relationship(back_populates="assignment", order_by="AssignmentRound.id")


class AssignmentRound(Base):
    """One time the assignment is due. What was completed from `counts_from` to `counts_until` fulfils it.

    `drawn_at`: the list of people was drawn up for the first time; who comes later is given the days of grace.
    """

    __tablename__ = "assignment_round"
    __table_args__ = (UniqueConstraint("assignment_id", "period"),)

    id: Mapped[int] = pk()
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    period: Mapped[str] = mapped_column(String(4))  # the year of a yearly one, else ""
    due_on: Mapped[date]
    counts_from: Mapped[date | None]
    counts_until: Mapped[date | None]
    opened_at: Mapped[datetime]
    drawn_at: Mapped[datetime | None]

    assignment: Mapped[Assignment] = relationship(back_populates="rounds")


class AssignmentMember(Base):
    """A person in a round. Fulfilled while `completion_id` is set; out of it while `left_on` is.

    `unit_id` is the unit the rule found them in, kept as it was once they have fulfilled it; somebody nominated by name
    who holds no post stands at the unit that assigns.
    """

    __tablename__ = "assignment_member"
    __table_args__ = (
        UniqueConstraint("round_id", "person_id"),
        Index(None, "person_id"),
        Index(None, "round_id", "unit_id"),
        Index(None, "completion_id"),
    )

    id: Mapped[int] = pk()
    round_id: Mapped[int] = mapped_column(ForeignKey("assignment_round.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    due_on: Mapped[date]
    completion_id: Mapped[int | None] = mapped_column(ForeignKey("completion.id"))
    done_on: Mapped[date | None]
    # Excused (miễn), with the reason; the account that said so.
    exempt_reason: Mapped[str | None] = mapped_column(String(300))
    exempted_at: Mapped[datetime | None]
    exempted_by: Mapped[int | None]
    # Why `due_on` was moved (gia hạn).
    extension_reason: Mapped[str | None] = mapped_column(String(300))

    round: Mapped[AssignmentRound] = relationship()


class AssignmentPick(Base):
    """Somebody nominated by name (đề cử), whatever the rule says; by whom and when."""

    __tablename__ = "assignment_pick"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    account_id: Mapped[int]
    picked_at: Mapped[datetime]


class AssignmentCommitment(Base):
    """The person promised to fulfil it (cam kết), in these words; never changed."""

    __tablename__ = "assignment_commitment"

    member_id: Mapped[int] = mapped_column(ForeignKey("assignment_member.id"), primary_key=True)
    wording: Mapped[str] = mapped_column(Text)
    committed_at: Mapped[datetime]
