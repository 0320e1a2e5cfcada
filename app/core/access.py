"""Who may do what where: permissions come with a unit and flow down the unit tree, as SQL.

The same clause filters a list and decides a single object (HOUSE_STYLE). Core keeps only the closure of the tree;
`identity` computes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ForeignKey, Index, Select, String, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, pk
from app.core.errors import Forbidden


class Client(NamedTuple):
    """Where a request came from; no port where the proxy in front of us does not tell it."""

    address: str
    port: int | None


class UnitClosure(Base):
    """Unit `descendant` counts under `ancestor` from `valid_from` until the day before `valid_to`.

    Every unit counts under itself (depth 0). `carried`: 0 while the descendant is in force; "after" it closed, when it
    counts under its successor, or its last parent if it has none or several; "before" it began, when it counts
    under what its predecessors share (DESIGN 5, Maps).
    """

    __tablename__ = "unit_closure"
    __table_args__ = (
        # The tree of a day below a unit, without looking at the rows themselves.
        Index("ix_unit_closure_down", "ancestor_id", "valid_from", "valid_to", "carried", "descendant_id"),
        Index("ix_unit_closure_up", "descendant_id", "valid_from", "ancestor_id"),
    )

    id: Mapped[int] = pk()
    ancestor_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    descendant_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    depth: Mapped[int]
    carried: Mapped[str] = mapped_column(String(6), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


def closure_on(day: date | BindParameter[date]) -> Any:
    """The clause that chooses the tree of one day."""
    return and_(UnitClosure.valid_from <= day, or_(UnitClosure.valid_to.is_(None), UnitClosure.valid_to > day))


@dataclass(frozen=True)
class Actor:
    """Whoever makes the request, signed in. `grants` maps a permission to the units it was given at."""

    account_id: int
    person_id: int
    name: str
    session_id: int
    grants: Mapping[str, frozenset[int]] = field(default_factory=dict)
    must_change_password: bool = False
    # Holds a role and has no second factor yet.
    must_set_up_factor: bool = False
    # Notices not read yet (thông báo), shown at the top of every page.
    unread_count: int = 0
    # The session ends soon after its last use, and signing out leads to who is next.
    is_on_shared_phone: bool = False
    # Of somebody merged, all records of theirs: `person_id`, which they are shown as, and the others.
    merged: frozenset[int] = frozenset()

    @property
    def short_name(self) -> str:
        """The given name, as people call each other."""
        return self.name.rsplit(" ", 1)[-1]

    @property
    def records(self) -> frozenset[int]:
        """The person ids that are this human being."""
        return self.merged or frozenset((self.person_id,))

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[-2:]).upper()

    def can(self, permission: str) -> bool:
        """Anywhere at all; where exactly is for `units_with` to say."""
        return bool(self.grants.get(permission))

    def require(self, permission: str) -> None:
        if not self.can(permission):
            raise Forbidden

    def units_with(self, permission: str) -> Select[int]:
        """Ids of all units the permission reaches today, the closed ones their successors answer for included."""
        return (
            select(UnitClosure.descendant_id)
            .where(UnitClosure.ancestor_id.in_(self.grants.get(permission, frozenset())), closure_on(clock.today()))
            .where(UnitClosure.carried != "before")
        )
