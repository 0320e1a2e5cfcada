"""The PINs people have on shared phones."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class PhoneSeat(Base):
    """An account that may be entered by a PIN on one phone. The phone's cookie is a random token, here is its hash:
    the PIN opens nothing anywhere else."""

    __tablename__ = "phone_seat"
    __table_args__ = (Index(None, "phone_hash"), Index(None, "account_id"))

    id: Mapped[int] = pk()
    phone_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    pin_hash: Mapped[str] = mapped_column(String(200))
    wrong_count: Mapped[int] = mapped_column(default=0)  # in a row
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
