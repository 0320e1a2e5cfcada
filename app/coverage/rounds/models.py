"""Rounds of declarations, what each unit answers, with which papers, and every step of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class DeclarationRound(Base):
    """Units are asked for figures of a day, until a day; what comes later is marked, until the round is closed.

    `subjects`: codes of indicators (their results) or of populations (denominators). `asks_yes_no`: each unit only says
    whether it counts as one. `totals`: figures appended for `unit_id`, under which the units lie, by subject.
    """

    __tablename__ = "declaration_round"

    id: Mapped[int] = pk()
    title: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    subjects: Mapped[list[str]] = mapped_column(JSON)
    # Each unit also hands in its results for this period (counting/periods.py), frozen that instant; "": it does not.
    period: Mapped[str] = mapped_column(String(24), default="")
    asks_yes_no: Mapped[bool] = mapped_column(default=False)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    as_of: Mapped[date]
    due_on: Mapped[date]
    opened_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None]
    totals: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)


class UnitDeclaration(Base):
    """What one unit answers. `state`: waiting, draft, submitted, returned, approved.

    `typed`: by subject, as typed. `figures`: ids of the figures appended when it was last approved, by subject.
    """

    __tablename__ = "unit_declaration"
    __table_args__ = (UniqueConstraint("round_id", "unit_id"),)

    id: Mapped[int] = pk()
    round_id: Mapped[int] = mapped_column(ForeignKey("declaration_round.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    typed: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[datetime | None]
    figures: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)


class DeclarationStep(Base):
    """Who did what with a unit's answer; appended, never changed. `step`: submitted, approved, returned, reopened.

    `typed` is what it said then; with the results of the unit under "results", if they were handed in (results.py).
    """

    __tablename__ = "declaration_step"

    id: Mapped[int] = pk()
    declaration_id: Mapped[int] = mapped_column(ForeignKey("unit_declaration.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    typed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class DeclarationFile(Base):
    """A paper behind an answer, sealed in the storage; `sha256` is of the file as it was handed in."""

    __tablename__ = "declaration_file"

    id: Mapped[int] = pk()
    declaration_id: Mapped[int] = mapped_column(ForeignKey("unit_declaration.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None]
