"""Drafts of reports, reports that were issued, their signed copies, and which are drafted by themselves."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class ReportSchedule(Base):
    """Drafts a report when each quarter, half-year or year is over, until `ended_at`. `wish` names no period."""

    __tablename__ = "report_schedule"

    id: Mapped[int] = pk()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    every: Mapped[str] = mapped_column(String(7))  # quarter, half, year
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    # Of the newest draft it made; "" before the first.
    last_period: Mapped[str] = mapped_column(String(24), default="")
    ended_at: Mapped[datetime | None]


class ReportRecipient(Base):
    """Somebody named when a report was scheduled: its drafts reach them by email too, unless they said no to that."""

    __tablename__ = "report_recipient"

    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedule.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class ReportIssue(Base):
    """A report as it was issued; immutable. `content` is frames.as_json, `sha256` its hash.

    `files`: {"pdf": {"key": …, "sha256": …}, …} of the papers made then. A correction is another row that names this.
    """

    __tablename__ = "report_issue"
    __table_args__ = (UniqueConstraint("unit_id", "symbol", "year", "number"),)

    id: Mapped[int] = pk()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    symbol: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    number: Mapped[int]
    dated_on: Mapped[date]
    subject: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(String(24))
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[dict[str, Any]] = mapped_column(JSON)
    issued_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("report_issue.id"), index=True)

    @property
    def numbered(self) -> str:
        """“05/BC-SKHCN”: two digits below ten (Nghị định 30/2020)."""
        return f"{self.number:02d}/{self.symbol}"


class ReportDraft(Base):
    """A report that is being written. `drafted` is what the figures last gave, `content` that as it was edited.

    `revision` goes up with each change, so that nobody writes over what they have not seen.
    """

    __tablename__ = "report_draft"

    id: Mapped[int] = pk()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    period: Mapped[str] = mapped_column(String(24))
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[str] = mapped_column(Text)
    drafted: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    # Nobody's: a schedule made it.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("report_issue.id"))


class ReportScan(Base):
    """The signed paper of a report as somebody uploaded it; appended, never changed. `sha256` is of the file sent."""

    __tablename__ = "report_scan"

    id: Mapped[int] = pk()
    issue_id: Mapped[int] = mapped_column(ForeignKey("report_issue.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
