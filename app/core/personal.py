"""What a domain holds about people, table by table: what of it goes into somebody's own copy, and what erasing them
does to it (law 91/2025, decree 356/2025).

Each domain says it once, in its personal.py; `main.PERSONAL` lists them all. The page "my data", the copy, the erasure
and the test that no table is forgotten read the same list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app.core.db import Base
from app.core.i18n import lazy

# A person's id -> the clause that chooses the rows about them.
Mine = Callable[[int], ColumnElement[bool]]
Rows = Sequence[Mapping[str, Any]]


def by(column: Any) -> Mine:
    """Rows that name the person themselves."""
    return lambda person_id: column == person_id


def through(column: Any, key: Any, mine: Mine) -> Mine:
    """Rows that name, in `column`, the `key` of a row about the person."""
    return lambda person_id: column.in_(select(key).where(mine(person_id)))


@dataclass(frozen=True)
class Held:
    """A table with rows about people.

    `fields`: what the copy says of a row, by a name that stays the same: its word in Vietnamese and where it comes
    from. What no field names (keys, hashes, numbers of ours) is not for the copy. `read` replaces it where a column
    alone does not say it. Erasing deletes the rows (`is_deleted`) or empties the columns of `empties`; else they stay.
    `files`: the column that says where a file of the row lies; erasing deletes the file.
    """

    table: type[Base]
    title: lazy
    mine: Mine
    fields: Mapping[str, tuple[str, Any]]
    empties: Mapping[str, Any] = field(default_factory=dict)
    is_deleted: bool = False
    files: Any = None
    read: Callable[[Session, int], Rows] | None = None

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)

    @property
    def words(self) -> dict[str, str]:
        """Each field's word."""
        return {name: word for name, (word, _column) in self.fields.items()}

    def rows(self, db: Session, person_id: int) -> Rows:
        if self.read is not None:
            return self.read(db, person_id)
        columns = [column.label(name) for name, (_word, column) in self.fields.items()]
        key = self.table.__mapper__.primary_key
        found = db.execute(select(*columns).select_from(self.table).where(self.mine(person_id)).order_by(*key))
        return [dict(row) for row in found.mappings()]

    def erase(self, db: Session, person_id: int) -> list[str]:
        """The storage keys of files nothing may lead to any more; again, it changes nothing."""
        mine = self.mine(person_id)
        keys = [] if self.files is None else list(db.scalars(select(self.files).where(mine, self.files != "")))
        if self.is_deleted:
            db.execute(delete(self.table).where(mine), execution_options={"synchronize_session": False})
        elif self.empties:
            db.execute(
                update(self.table).where(mine).values(self.empties), execution_options={"synchronize_session": False}
            )
        return keys


@dataclass(frozen=True)
class Holding:
    """All a domain holds about people: why it may (`basis`), how long (`kept`), what stays after an erasure (`left`).

    `tables`: those that hang on others first. `erase_more`: what emptying columns cannot do, done before the tables.
    """

    key: str
    title: lazy
    basis: lazy
    kept: lazy
    left: lazy
    tables: tuple[Held, ...]
    erase_more: Callable[[Session, int], None] | None = None

    def counts(self, db: Session, person_id: int) -> list[int]:
        """Rows by table, in their order; one query."""
        numbers = [
            select(func.count()).select_from(held.table).where(held.mine(person_id)).scalar_subquery()
            for held in self.tables
        ]
        return [int(number) for number in db.execute(select(*numbers)).one()]

    def erase_person(self, db: Session, person_id: int) -> list[str]:
        """Remove who the person is from this domain; the storage keys of the files that must go. Repeatable."""
        if self.erase_more is not None:
            self.erase_more(db, person_id)
        return [key for held in self.tables for key in held.erase(db, person_id)]

    def export_person(self, db: Session, person_id: int) -> list[tuple[Held, Rows]]:
        """All there is about the person, table by table: first what others hang on, as one reads it."""
        return [(held, held.rows(db, person_id)) for held in reversed(self.tables)]
