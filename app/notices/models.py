"""What people are told, on which ways it reaches them, and what they chose."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk


class Notice(Base):
    """One thing one person is told (thông báo). It keeps the sentence, not its translation: it is read in any language.

    `key` says what it is about, so that the same news is told once however often its sender runs.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index(None, "person_id", "id"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(20))  # a key of categories.CATEGORIES
    sentence: Mapped[str] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Where to go, on this site; empty if there is nothing to see.
    url: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


# Counted at every page: only what is unread lies in it.
Index(
    "ix_notice_unread",
    Notice.person_id,
    sqlite_where=Notice.read_at.is_(None),
    postgresql_where=Notice.read_at.is_(None),
)


class NoticeDelivery(Base):
    """A notice on its way out. `state`: waiting, sent, failed, dropped (nobody to send it to any more)."""

    __tablename__ = "notice_delivery"
    __table_args__ = (UniqueConstraint("notice_id", "channel"), Index(None, "state", "due_at"))

    id: Mapped[int] = pk()
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(10))  # a code of channels.CHANNELS
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    try_count: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Text, default="")
    settled_at: Mapped[datetime | None]

    notice: Mapped[Notice] = relationship()


class NoticeChoice(Base):
    """What a person said about one kind of notice on one channel; without a row the category's own default holds."""

    __tablename__ = "notice_choice"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    is_wanted: Mapped[bool]
    chosen_at: Mapped[datetime]
