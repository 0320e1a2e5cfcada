"""What only the unit tree decides, worked out once for each state of it: a completion changes none of this."""

from collections.abc import Callable, Collection, Hashable, Mapping
from datetime import date
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.access import UnitClosure, closure_on
from app.core.memory import remembered
from app.coverage.models import CoverageBook
from app.identity.models import UnitVersion
from app.identity.units.unit_queries import in_force

Value = TypeVar("Value")

# Unit -> itself and all above it, upwards.
Chains = Mapping[int, tuple[int, ...]]


def while_tree_stands(db: Session, key: tuple[Hashable, ...], work_out: Callable[[], Value]) -> Value:
    """Remembered until an act changes units (CoverageBook.tree_number); nobody may change what it returns."""
    number = db.connection().scalar(_NUMBER)
    # Before balances were ever made nothing tells of a change.
    return work_out() if number is None else remembered(db, ("unit tree", number, *key), work_out)


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


_NUMBER = select(CoverageBook.tree_number)
_LAST_BEGINNING = select(func.max(UnitVersion.valid_from))
