"""One-time codes, and the slips that tell them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class OneTimeCode(Base):
    """A code that lets its bearer set the account's password once (codes/one_time_codes.py); the row has its hash."""

    __tablename__ = "one_time_code"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[str] = mapped_column(String(10))  # a key of one_time_codes.KINDS
    code_hash: Mapped[str] = mapped_column(String(60), unique=True)
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None]  # an account; None where its holder asked
    expires_at: Mapped[datetime]
    # Used, or replaced by a later one.
    ended_at: Mapped[datetime | None]


class SlipSheet(Base):
    """Slips for a first sign-in that somebody had made (codes/slips.py): a sealed PDF, kept for a day."""

    __tablename__ = "slip_sheet"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    # Whose slips they are in words, a unit or a list, and the ids of the people.
    title: Mapped[str] = mapped_column(String(200))
    people: Mapped[list[int]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    # How many slips were made; None before.
    count: Mapped[int | None]
    storage_key: Mapped[str] = mapped_column(String(200), default="")
