"""What was learned elsewhere, and its proof."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class Evidence(Base):
    """Proof of something learned elsewhere (minh chứng), waiting until somebody else than its owner decides.

    Of a training task, or of a version of a course of ours. `account_id` handed it in: the person, or with a list the
    manager who vouches for it. The file is sealed, private, and gone (an empty `storage_key`) some time after the
    decision; what it said of itself stays.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index(None, "person_id"),
        Index(None, "is_verified", "handed_in_at"),
        Index(None, "folded_number"),
        Index(None, "sha256"),
        CheckConstraint("(programme_code IS NULL) <> (course_version_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    handed_in_at: Mapped[datetime]
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programme.code"))
    course_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    title: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(60))
    # As compared with others: no marks, no spaces.
    folded_number: Mapped[str] = mapped_column(String(60))
    dated_on: Mapped[date]
    hours: Mapped[float]
    score_percent: Mapped[float | None]
    file_name: Mapped[str] = mapped_column(String(200), default="")
    content_type: Mapped[str] = mapped_column(String(60), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    storage_key: Mapped[str] = mapped_column(String(200), default="")
    # Null while it waits.
    is_verified: Mapped[bool | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    completion_id: Mapped[int | None] = mapped_column(ForeignKey("completion.id"))
