"""The year's plan of training: what units need, what they are given by decision, whom they send, what is spent."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class WithPaper:
    """The paper of a row, sealed in the storage; "" without one. `sha256` is of the file as it was handed in."""

    file_name: Mapped[str] = mapped_column(String(200), default="")
    content_type: Mapped[str] = mapped_column(String(100), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    storage_key: Mapped[str] = mapped_column(String(200), default="")


class PlanYear(Base):
    """The plan of a calendar year. `state`: draft, needs (units say what they need), quotas, approved, closed."""

    __tablename__ = "plan_year"

    id: Mapped[int] = pk()
    year: Mapped[int] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    needs_due_on: Mapped[date | None]
    created_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class PlanTask(Base):
    """A training task of the programme in a year: the course people are nominated to, and until when."""

    __tablename__ = "plan_task"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan_year.id"), primary_key=True)
    programme_code: Mapped[str] = mapped_column(ForeignKey("programme.code"), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))


class PlanLine(Base):
    """The working paper of a task at a unit: `need` as the unit says, `quota` and `budget_dong` as they are prepared.

    What holds is not here but in PlanQuota, which a decision writes. A line is of the unit's own people: what units
    below say of theirs is added to it, never part of it. A task's money that is no unit's stands at the province.
    """

    __tablename__ = "plan_line"
    __table_args__ = (
        UniqueConstraint("plan_id", "programme_code", "unit_id"),
        CheckConstraint("need >= 0 AND quota >= 0 AND budget_dong >= 0", name="not_negative"),
    )

    id: Mapped[int] = pk()
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan_year.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programme.code"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    need: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(300), default="")
    need_said_at: Mapped[datetime | None]
    need_said_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    quota: Mapped[int | None]
    budget_dong: Mapped[int | None]


class PlanDecision(WithPaper, Base):
    """The decision that approves a plan, or a later one that changes it; appended, never changed."""

    __tablename__ = "plan_decision"

    id: Mapped[int] = pk()
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan_year.id"), index=True)
    number: Mapped[str] = mapped_column(String(60))
    signed_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class PlanQuota(Base):
    """What a decision gives a unit for a task; the newest row of a task and unit is in force. Never changed."""

    __tablename__ = "plan_quota"
    __table_args__ = (Index(None, "plan_id", "programme_code", "unit_id"),)

    id: Mapped[int] = pk()
    decision_id: Mapped[int] = mapped_column(ForeignKey("plan_decision.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan_year.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programme.code"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    people: Mapped[int]
    budget_dong: Mapped[int]


class PlanNomination(Base):
    """Somebody a unit sends to a task (đề cử), within its quota; withdrawn with a reason, never deleted."""

    __tablename__ = "plan_nomination"
    __table_args__ = (Index(None, "plan_id", "programme_code", "unit_id"), Index(None, "person_id"))

    id: Mapped[int] = pk()
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan_year.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programme.code"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    nominated_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")


# Nobody is nominated twice to the same task of a year.
Index(
    "ix_plan_nomination_once", PlanNomination.plan_id, PlanNomination.programme_code, PlanNomination.person_id,
    unique=True, sqlite_where=PlanNomination.withdrawn_at.is_(None),
    postgresql_where=PlanNomination.withdrawn_at.is_(None),
)  # fmt: skip


class PlanSpending(WithPaper, Base):
    """Money spent on a task, with its paper; appended, never changed: a correction names the row it replaces."""

    __tablename__ = "plan_spending"
    __table_args__ = (
        Index(None, "plan_id", "programme_code", "unit_id"),
        CheckConstraint("amount_dong >= 0", name="not_negative"),
    )

    id: Mapped[int] = pk()
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan_year.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programme.code"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    amount_dong: Mapped[int]
    spent_on: Mapped[date]
    # Chứng từ: number, day and what it is for.
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("plan_spending.id"), unique=True)


class CampaignActivity(WithPaper, Base):
    """A broadcast, campaign, contest, event … (nhiệm vụ 12–14), or residents guided by a team (nhiệm vụ 10).

    `times` and `reached` are declared by the unit, not counted by anybody; withdrawn with a reason, never deleted.
    """

    __tablename__ = "campaign_activity"
    __table_args__ = (
        Index(None, "unit_id", "last_on"),
        CheckConstraint("first_on <= last_on", name="in_order"),
        CheckConstraint("times >= 1 AND reached >= 0", name="counted"),
    )

    id: Mapped[int] = pk()
    programme_code: Mapped[str] = mapped_column(ForeignKey("programme.code"))
    kind: Mapped[str] = mapped_column(String(12))  # a key of campaigns.KINDS
    title: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    times: Mapped[int]
    reached: Mapped[int | None]
    link: Mapped[str] = mapped_column(String(500), default="")
    recorded_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")


class Expert(Base):
    """A digital-transformation expert (chuyên gia, chỉ tiêu CHUYENGIA) as the agency in charge confirms: somebody of
    ours, or a plain name. `sealed_contact` is how to reach a plain name; of a person their record knows it.
    """

    __tablename__ = "expert"
    __table_args__ = (
        Index(None, "person_id"),
        CheckConstraint("ended_on IS NULL OR started_on <= ended_on", name="in_order"),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(120), default="")
    field: Mapped[str] = mapped_column(String(200))
    workplace: Mapped[str] = mapped_column(String(200), default="")
    sealed_contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The training task they teach.
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programme.code"))
    # Văn bản xác nhận: number, day and who signed.
    source: Mapped[str] = mapped_column(Text)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
