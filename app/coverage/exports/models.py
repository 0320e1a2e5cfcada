"""Keys by which a unit's own programs read its tables."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class ApiToken(Base):
    """A key for programs of a unit (khóa truy cập): reads `scopes` (names of tables) of the unit and all below it.

    Only its hash is kept. It never reaches further than who made it does on the day it is used.
    """

    __tablename__ = "api_token"

    id: Mapped[int] = pk()
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # What it is for, in the words of who made it.
    name: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    # The last day it is good for.
    ends_on: Mapped[date]
    withdrawn_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
