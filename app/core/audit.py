"""Who did what to what, in the transaction that did it. Opaque ids only: erasing a person leaves nothing here."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.db import Base, pk


class AuditEntry(Base):
    """One act. `account_id` is empty for what the system does by itself."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject_kind", "subject_id"), Index(None, "at"))

    id: Mapped[int] = pk()
    at: Mapped[datetime]
    account_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(60))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(
    db: Session, action: str, subject_kind: str, subject_id: object, *, account_id: int | None = None, **details: Any
) -> None:
    """Append one act, e.g. `record(db, "course.publish", "course", course.id, account_id=actor.account_id)`."""
    db.add(
        AuditEntry(
            at=clock.now(), account_id=account_id, action=action, subject_kind=subject_kind,
            subject_id=str(subject_id), details=details,
        )
    )  # fmt: skip
