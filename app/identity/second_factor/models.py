"""Second factors."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class SecondFactor(Base):
    """What an account asks for after the password (second_factor/factors.py); without a row it asks for nothing."""

    __tablename__ = "second_factor"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    set_up_at: Mapped[datetime]
    # Of the last code that was taken: it and those before it are not taken again.
    last_step: Mapped[int]
    # Of the recovery codes not used yet.
    recovery_hashes: Mapped[list[str]] = mapped_column(JSON)
