"""When the ledger was last compared with the facts, and what came of it."""

from datetime import datetime

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class LedgerComparison(Base):
    """Everybody's entries were compared with their facts; what differed was appended (jobs.py).

    `cause`: nightly, command, or change, when units or definitions changed and entries had to follow. `entry_counts`:
    how many entries were missing, by code of the indicator. `balance_count`: how many balances were not what the
    roll-ups add up to; all are made anew then.
    """

    __tablename__ = "ledger_comparison"
    __table_args__ = (Index(None, "ended_at"),)

    id: Mapped[int] = pk()
    cause: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    people_count: Mapped[int]
    differing_count: Mapped[int]
    entry_counts: Mapped[dict[str, int]] = mapped_column(JSON)
    balance_count: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def entry_count(self) -> int:
        return sum(self.entry_counts.values())
