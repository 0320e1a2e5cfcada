"""Queries that every page asks: built once, and on SQLite handed straight to the driver.

SQLAlchemy's own way to run a query costs ten times what SQLite needs to find a row or two in our own process. On
PostgreSQL the way there and back costs more than both, and there it stays SQLAlchemy's.
"""

import re
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Dialect, Select, inspect
from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.orm import Session, configure_mappers, make_transient_to_detached
from sqlalchemy.sql.compiler import SQLCompiler

from app.core.sqlite import driver_of, told_as_usual

# What makes of a value what the driver takes, or the other way round; None where it is the same.
Converter = Callable[[Any], Any] | None
Entity = TypeVar("Entity")
_LIST = re.compile(r"\(__\[POSTCOMPILE_(\w+)\]\)")


class Prepared:
    """A query whose parameters are given by name with each call; nothing is flushed before it.

    Rows have their columns by name and by place. A parameter that is `expanding` takes a list.
    """

    def __init__(self, query: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]) -> None:
        self._query = query
        self._driven: _Driven | None = None

    def all(self, db: Session, **given: Any) -> Sequence[Any]:
        connection = db.connection()
        if connection.dialect.name != "sqlite":
            return connection.execute(self._query, given).all()
        driven = self._driven = self._driven or _Driven(self._query, connection.dialect)
        return driven.rows(driver_of(connection), given)

    def first(self, db: Session, **given: Any) -> Any | None:
        """The first row, None if there is none."""
        return next(iter(self.all(db, **given)), None)

    def scalar(self, db: Session, **given: Any) -> Any | None:
        """The first column of the first row, None if there is none."""
        row = self.first(db, **given)
        return None if row is None else row[0]

    def scalars(self, db: Session, **given: Any) -> list[Any]:
        """The first column of each row."""
        return [row[0] for row in self.all(db, **given)]


class _Driven:
    """A query as SQLite's driver takes it."""

    def __init__(self, query: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self._sql = str(compiled)
        self._lists = frozenset(_LIST.findall(self._sql))
        self._values = [(name, stored, compiled.params[name]) for name, stored in stored_as(compiled, dialect)]
        columns = list(query.selected_columns)
        # Two columns of one name are told apart by their place.
        row: Any = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
        self._row = row._make
        types = [column.type.dialect_impl(dialect) for column in columns]
        read: list[Converter] = [type_.result_processor(dialect, None) for type_ in types]
        self._read = read if any(read) else None

    def rows(self, driver: sqlite3.Connection, given: dict[str, Any]) -> Sequence[Any]:
        sql = _LIST.sub(lambda found: f"({', '.join('?' * len(given[found[1]])) or 'NULL'})", self._sql)
        values = tuple(self._given(given))
        with told_as_usual(sql, values):
            found = driver.execute(sql, values).fetchall()
        if self._read is None:
            return [self._row(row) for row in found]
        return [
            self._row(convert(value) if convert else value for convert, value in zip(self._read, row, strict=True))
            for row in found
        ]

    def _given(self, given: dict[str, Any]) -> Iterator[Any]:
        for name, stored, otherwise in self._values:
            if name in self._lists:
                yield from map(stored, given[name]) if stored else given[name]
            else:
                value = given.get(name, otherwise)
                yield stored(value) if stored else value


def loaded(db: Session, model: type[Entity], row: Sequence[Any]) -> Entity:
    """The session's object of a row that has every column of its table, in order: as the ORM loads it, for a third of
    the cost. One that is there already stays as it is.
    """
    shape = _SHAPES.get(model) or _SHAPES.setdefault(model, _Shape(model))
    known: Entity | None = db.identity_map.get(shape.key_of(row))
    if known is not None:
        return known
    one: Entity = shape.new()
    one.__dict__.update(zip(shape.names, row, strict=True))
    make_transient_to_detached(one)
    db.add(one)
    return one


class _Shape:
    """What `loaded` has to know of a mapped class, whose table has one column as its key."""

    def __init__(self, model: type[Any]) -> None:
        configure_mappers()
        mapper = inspect(model)
        columns = list(mapper.local_table.c)
        self.names = [mapper.get_property_by_column(one).key for one in columns]
        self.new = mapper.class_manager.new_instance
        self._identity = mapper.identity_key_from_primary_key
        (key,) = mapper.primary_key
        self._place = columns.index(key)

    def key_of(self, row: Sequence[Any]) -> Any:
        return self._identity((row[self._place],))


_SHAPES: dict[type[Any], _Shape] = {}


def stored_as(compiled: Compiled, dialect: Dialect) -> list[tuple[str, Converter]]:
    """The parameters of a statement for a driver that counts them, in their order, each with what converts it."""
    assert isinstance(compiled, SQLCompiler)
    return [
        (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup or ()
    ]
