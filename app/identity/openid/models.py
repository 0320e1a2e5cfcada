"""Links to OpenID Connect providers."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class ExternalIdentity(Base):
    """Somebody at an OpenID Connect provider who enters this account (openid/linking.py)."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "digest"), UniqueConstraint("account_id", "issuer"))

    id: Mapped[int] = pk()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    issuer: Mapped[str] = mapped_column(String(300))
    # A keyed hash of who they are there.
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    linked_at: Mapped[datetime]
