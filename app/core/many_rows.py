"""Finding, adding and changing many rows with one statement.

PostgreSQL gets the values as one array per column (UNNEST): one plan and one round trip, whatever the number of rows.
SQLite looks up a list of any length given as JSON, and runs a change once per row, which costs it little as it lives in
our process.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Row,
    String,
    Table,
    TableValuedAlias,
    Text,
    Update,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.prepared import stored_as
from app.core.sqlite import driver_of, told_as_usual

Values = dict[str, Any]


class AddRows:
    """INSERT of `columns`; answers the columns `returning` of the new rows, in any order."""

    def __init__(self, table: Table, columns: Sequence[str], returning: Sequence[str] = ()) -> None:
        self._columns = columns
        answer = [table.c[name] for name in returning]
        each, together = insert(table), insert(table).from_select(columns, select(*_listed(table, columns).c))
        self._each = each.returning(*answer) if answer else each
        self._together = together.returning(*answer) if answer else together

    def run(self, connection: Connection, rows: Sequence[Values]) -> Sequence[Row[*tuple[Any, ...]]]:
        if not rows:
            return []
        if connection.dialect.name == "postgresql":
            result = connection.execute(self._together, _arrays(self._columns, rows))
        else:
            result = connection.execute(self._each, rows)
        return result.all() if result.returns_rows else []


class ChangeRows:
    """UPDATE of `columns` of the rows whose `id` is given."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        self._columns = ("id", *columns)
        changed = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in columns}
        self._each = update(table).where(table.c.id == bindparam("new_id", type_=table.c.id.type)).values(changed)
        self._driven: _Driven | None = None
        listed = _listed(table, self._columns)
        self._together = (
            update(table).where(table.c.id == listed.c.id).values({name: listed.c[name] for name in columns})
        )

    def run(self, connection: Connection, rows: Sequence[Values]) -> None:
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            connection.execute(self._together, _arrays(self._columns, rows))
            return
        driven = self._driven = self._driven or _Driven(self._each, connection.dialect)
        values = driven.tuples(rows)
        with told_as_usual(driven.sql, values):
            driver_of(connection).executemany(driven.sql, values)


class _Driven:
    """An UPDATE as the driver takes it: SQLAlchemy's own way with many rows costs each as much as SQLite's work."""

    def __init__(self, statement: Update, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._columns = [(name.removeprefix("new_"), stored) for name, stored in stored_as(compiled, dialect)]

    def tuples(self, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
        values = (
            [stored(row[name]) for row in rows] if stored else [row[name] for row in rows]
            for name, stored in self._columns
        )
        return list(zip(*values, strict=True))


class Listed:
    """Rows of numbers and texts as a table to join with, in a query for one kind of database; `c` are its columns.

    They are given with the parameters of the query: `query, listed.given(rows)`.
    """

    def __init__(self, name: str, columns: Sequence[ColumnElement[Any]], *, arrays: bool) -> None:
        self._names = [f"{name}_{number}" for number, _column in enumerate(columns)] if arrays else [name]
        self._arrays = arrays
        if arrays:
            given = (array(name, column) for name, column in zip(self._names, columns, strict=True))
            self.table = func.unnest(*given).table_valued(*self._names).render_derived(name)
            self.c: list[ColumnElement[Any]] = list(self.table.c)
        else:
            self.table = func.json_each(bindparam(name, type_=Text())).table_valued("value", name=name)
            self.c = [
                func.json_extract(self.table.c.value, literal_column(f"'$[{number}]'"))
                for number, _ in enumerate(columns)
            ]

    def given(self, rows: Collection[tuple[Any, ...]]) -> Values:
        if self._arrays:
            return dict(zip(self._names, map(list, zip(*rows, strict=True)), strict=True))
        return {self._names[0]: msgspec.json.encode(rows).decode()}


def array(name: str, column: ColumnElement[Any]) -> BindParameter[Any]:
    """A parameter that takes a list of values of a column, for PostgreSQL."""
    # A list of VARCHAR(40) would cut what is too long in silence, before the column can refuse it.
    each = Text() if isinstance(column.type, String) else column.type
    return bindparam(name, type_=ARRAY(each, dimensions=1))


def _listed(table: Table, columns: Sequence[str]) -> TableValuedAlias:
    arrays = (array(f"all_{name}", table.c[name]) for name in columns)
    return (
        func.unnest(*arrays)
        .table_valued(*(column(name, table.c[name].type) for name in columns))
        .render_derived("listed")
    )


def _arrays(columns: Sequence[str], rows: Sequence[Values]) -> Values:
    return {f"all_{name}": [row[name] for row in rows] for name in columns}
