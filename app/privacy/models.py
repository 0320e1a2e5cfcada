"""What people asked about their data, and what came of it."""

from datetime import datetime
from typing import Literal

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk

Kind = Literal["see", "correct", "copy", "withdraw", "erase"]
State = Literal["waiting", "granted", "refused", "done", "cancelled"]


class PrivacyRequest(Base):
    """A request of a person about their data, kept as the proof that it was dealt with.

    `state`: waiting for an answer; granted, and something is still to be done; refused with a reason; done; cancelled
    by the person. `files`: of a copy the sealed ZIP, of an erasure the files still to delete.
    """

    __tablename__ = "privacy_request"
    __table_args__ = (Index(None, "person_id"), Index(None, "state", "asked_at"))

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[Kind] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime]
    # The account that wrote down what came on paper; null where the person asked here.
    entered_by: Mapped[int | None]
    state: Mapped[State] = mapped_column(String(10), default="waiting")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None]
    done_at: Mapped[datetime | None]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    files: Mapped[list[str]] = mapped_column(JSON, default=list)
    size: Mapped[int | None]
