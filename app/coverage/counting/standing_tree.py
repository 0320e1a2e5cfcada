"""What only the unit tree decides, worked out once for each state of it: a completion changes none of this."""

from collections.abc import Callable, Collection, Hashable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.memory import asked_once, remembered
from app.coverage.models import CoverageBook
from app.identity.models import UnitVersion
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay, in_force

Value = TypeVar("Value")


class Book(NamedTuple):
    """A row of CoverageBook as it is read."""

    tree_number: int
    is_made: bool
    map_number: int
    map_from: date | None
    map_to: date | None

    def is_of(self, map_on: date) -> bool:
        """Whether the balances of subtrees are those of the map."""
        return (
            self.is_made and self.map_number == self.tree_number and self.map_from is not None
            and self.map_to is not None and self.map_from <= map_on < self.map_to
        )  # fmt: skip


WithChildren = tuple[UnitOnDay, list[UnitOnDay]]

# Unit -> itself and all above it, upwards.
Chains = Mapping[int, tuple[int, ...]]


def while_tree_stands(db: Session, key: tuple[Hashable, ...], work_out: Callable[[], Value]) -> Value:
    """Remembered until an act changes units (CoverageBook.tree_number); nobody may change what it returns."""
    book = book_of(db)
    # Before balances were ever made nothing tells of a change.
    return work_out() if book is None else remembered(db, ("unit tree", book.tree_number, *key), work_out)


def book_of(db: Session) -> Book | None:
    """How far the balances are; None before they were ever made."""
    return asked_once(db, "coverage book", lambda: _read_book(db))


def unit_with_children(db: Session, code: str, map_on: date) -> WithChildren | None:
    """The unit that bears the code on the map, and what stands directly under it; None where no unit does."""
    # Kept of the one everybody looks at only: of all units and days it would fill the memory.
    if map_on == clock.today() and book_of(db) is not None:
        tops = while_tree_stands(db, ("top with children", map_on), lambda: _tops(db, map_on))
        if code in tops:
            return tops[code]
    unit = unit_queries.unit_on(db, code, map_on)
    return None if unit is None else (unit, unit_queries.children_on(db, unit.unit_id, map_on))


def is_any_to_come(db: Session, map_on: date) -> bool:
    """Whether there are units or versions of units which the map does not know yet."""
    last = while_tree_stands(db, ("last beginning",), lambda: db.scalar(_LAST_BEGINNING) or date.min)
    return last > map_on


def chains_of_kinds(db: Session, kinds: Collection[str], map_on: date) -> Chains:
    """Of all units of these kinds in force on the map."""

    def work_out() -> Chains:
        rows = db.execute(
            select(UnitClosure.descendant_id, UnitClosure.ancestor_id)
            .join(UnitVersion, UnitVersion.unit_id == UnitClosure.descendant_id)
            .where(UnitVersion.kind.in_(list(kinds)), in_force(map_on), closure_on(map_on))
            .order_by(UnitClosure.depth)
        )
        chains: dict[int, tuple[int, ...]] = {}
        for unit_id, ancestor_id in rows:
            chains[unit_id] = (*chains.get(unit_id, ()), ancestor_id)
        return chains

    return while_tree_stands(db, ("chains", frozenset(kinds), map_on), work_out)


def _tops(db: Session, map_on: date) -> dict[str, WithChildren]:
    """By code the provinces of the map that stand under nothing."""
    found = unit_queries.listed(
        db,
        unit_queries.unit_versions().where(
            UnitVersion.parent_id.is_(None), UnitVersion.kind == "province", in_force(map_on)
        ),
    )
    return {unit.code: (unit, unit_queries.children_on(db, unit.unit_id, map_on)) for unit in found}


def _read_book(db: Session) -> Book | None:
    row = db.connection().execute(_BOOK).first()
    return None if row is None else Book(*row)


_BOOK = select(
    CoverageBook.tree_number, CoverageBook.is_made, CoverageBook.map_number, CoverageBook.map_from, CoverageBook.map_to
)  # fmt: skip
_LAST_BEGINNING = select(func.max(UnitVersion.valid_from))
