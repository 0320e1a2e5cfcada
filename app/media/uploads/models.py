"""Files on their way in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class Upload(Base):
    """A file somebody sends piece by piece. How much of it is there, only the storage knows (parts.py)."""

    __tablename__ = "upload"
    __table_args__ = (Index(None, "account_id"), Index(None, "expires_at"))

    id: Mapped[int] = pk()
    # Unguessable; the address of the upload.
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    account_id: Mapped[int]
    # Whose authors may use the file once it is an asset.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    # The kind of asset it must turn out to be (models.Asset).
    kind: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200))
    # Bytes of the whole file, as told in the beginning.
    size: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # One of the two, once the whole file was looked at: what it became, or why it was not taken.
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    refusal: Mapped[str | None] = mapped_column(Text)
