"""What came of the training tasks in a year, counted at night for every unit."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class ProgrammeCount(Base):
    """One count of everything from the first of January to `last`; `counted_at` is null until all its sums are there.

    Once a newer one of the year is whole the older are removed. `checked` units were counted once more by another way,
    `differing` of them came out otherwise: then no page shows any of it.
    """

    __tablename__ = "programme_count"

    id: Mapped[int] = pk()
    last: Mapped[date]
    counted_at: Mapped[datetime | None]
    checked: Mapped[int] = mapped_column(default=0, server_default="0")
    differing: Mapped[int] = mapped_column(default=0, server_default="0")


class ProgrammeSum(Base):
    """One task at a unit and below; "" for all tasks together. Sums of nothing but zeros have no row.

    `unit_id` is null for everybody, with a post or without.
    """

    __tablename__ = "programme_sum"
    __table_args__ = (Index(None, "count_id", "unit_id"),)

    id: Mapped[int] = pk()
    count_id: Mapped[int] = mapped_column(ForeignKey("programme_count.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    programme_code: Mapped[str] = mapped_column(String(30))
    enrolments: Mapped[int]
    people: Mapped[int]
    completions: Mapped[int]
    certificates: Mapped[int]
