"""Adding and changing many rows with one statement.

PostgreSQL gets the values as one array per column (UNNEST): one plan and one round trip, whatever the number of rows.
SQLite runs the statement once per row, which costs it little as it lives in our process.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    String,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

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
        self._each = update(table).where(table.c.id == bindparam("row_id"))
        listed = _listed(table, self._columns)
        self._together = (
            update(table).where(table.c.id == listed.c.id).values({name: listed.c[name] for name in columns})
        )

    def run(self, connection: Connection, rows: Sequence[Values]) -> None:
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            connection.execute(self._together, _arrays(self._columns, rows))
        else:
            connection.execute(self._each, [{"row_id": row["id"]} | _without_id(row) for row in rows])


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


def _without_id(row: Values) -> Values:
    return {name: value for name, value in row.items() if name != "id"}
