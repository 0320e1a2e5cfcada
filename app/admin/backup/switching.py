"""What each database needs so that rows can be put back in any order, inside one transaction."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from app.core.errors import CommandFailed
from app.core.i18n import lazy as _

_IN_OUR_SCHEMA = "= current_schema()::regnamespace"
# Migrations put rows into these, so they tell nothing of whether a database was ever used.
_FILLED_BY_MIGRATIONS = frozenset({"embed_site"})


def tables_with_rows(connection: Connection) -> list[str]:
    """Tables that hold anything, what migrations put there aside."""
    quote = connection.dialect.identifier_preparer.quote
    used = (name for name in _ordinary_tables(connection) if name not in {"alembic_version", *_FILLED_BY_MIGRATIONS})
    return [name for name in used if connection.exec_driver_sql(f"SELECT 1 FROM {quote(name)} LIMIT 1").first()]  # noqa: S608


def empty_filled_tables(connection: Connection, tables: Collection[str]) -> None:
    """Take out what migrations have put into these tables: the rows to be loaded are all there is."""
    quote = connection.dialect.identifier_preparer.quote
    for name in sorted(_FILLED_BY_MIGRATIONS.intersection(tables)):
        connection.exec_driver_sql(f"DELETE FROM {quote(name)}")  # noqa: S608


def drop_everything(connection: Connection) -> None:
    """Leave the database as if it had just been created; extensions of PostgreSQL stay."""
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "sqlite":
        # Virtual tables take the tables of their own along.
        for kind in ("view", "virtual", "table"):
            for name in _sqlite_tables(connection, kind):
                connection.exec_driver_sql(f"DROP {'VIEW' if kind == 'view' else 'TABLE'} IF EXISTS {quote(name)}")
        return
    for kind, letters in (("MATERIALIZED VIEW", "m"), ("VIEW", "v"), ("TABLE", "rp"), ("SEQUENCE", "S")):
        for name in _postgresql_relations(connection, letters):
            connection.exec_driver_sql(f"DROP {kind} IF EXISTS {quote(name)} CASCADE")
    for (function,) in connection.exec_driver_sql(
        f"SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace {_IN_OUR_SCHEMA} AND prokind = 'f' "  # noqa: S608
        "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
    ).all():
        connection.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")


@contextmanager
def without_guards(connection: Connection) -> Iterator[None]:
    """Inside: rows may come in any order, and into published versions too. At the end every guard stands again.

    Guards are foreign keys and the triggers that refuse changes; triggers that derive something go on working. Raises
    CommandFailed when what was loaded does not fit together. Only for a transaction that is rolled back on errors.
    """
    if connection.dialect.name == "sqlite":
        with _without_sqlite_guards(connection):
            yield
    else:
        with _without_postgresql_guards(connection):
            yield
        _move_sequences(connection)
        connection.exec_driver_sql("ANALYZE")


@contextmanager
def _without_sqlite_guards(connection: Connection) -> Iterator[None]:
    """Foreign keys are off already: SQLite switches them outside of transactions only."""
    refusing = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND instr(sql, 'RAISE(') > 0 ORDER BY rowid"
    ).all()
    quote = connection.dialect.identifier_preparer.quote
    for name, _sql in refusing:
        connection.exec_driver_sql(f"DROP TRIGGER {quote(name)}")
    yield
    for _name, sql in refusing:
        connection.exec_driver_sql(sql)
    if astray := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise CommandFailed(
            _("Bản sao lưu không khớp: một dòng của bảng %(table)s nhắc tới dòng không có trong bảng %(other)s."),
            table=astray[0], other=astray[2],
        )  # fmt: skip


@contextmanager
def _without_postgresql_guards(connection: Connection) -> Iterator[None]:
    quote = connection.dialect.identifier_preparer.quote
    refusing = connection.exec_driver_sql(
        "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "  # noqa: S608
        f"JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal AND relnamespace {_IN_OUR_SCHEMA} "
        "AND position('RAISE EXCEPTION' IN prosrc) > 0"
    ).all()
    foreign_keys = connection.exec_driver_sql(
        "SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint "  # noqa: S608
        f"JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'f' AND connamespace {_IN_OUR_SCHEMA}"
    ).all()
    for table, trigger in refusing:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} DISABLE TRIGGER {quote(trigger)}")
    for table, name, _definition in foreign_keys:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
    yield
    for table, name, definition in foreign_keys:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {definition}")
    for table, trigger in refusing:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} ENABLE TRIGGER {quote(trigger)}")


def _move_sequences(connection: Connection) -> None:
    """New rows get numbers after those that were loaded."""
    quote = connection.dialect.identifier_preparer.quote
    for table, column, sequence in connection.exec_driver_sql(
        "SELECT relname, attname, pg_get_serial_sequence(quote_ident(relname), attname) FROM pg_class "  # noqa: S608
        f"JOIN pg_attribute ON attrelid = pg_class.oid WHERE relkind IN ('r', 'p') AND relnamespace {_IN_OUR_SCHEMA} "
        "AND attnum > 0 AND NOT attisdropped AND pg_get_serial_sequence(quote_ident(relname), attname) IS NOT NULL"
    ).all():
        connection.exec_driver_sql(
            f"SELECT setval('{sequence}', max({quote(column)})) FROM {quote(table)} "  # noqa: S608
            f"HAVING max({quote(column)}) IS NOT NULL"
        )


def _ordinary_tables(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        return _sqlite_tables(connection, "table")
    return _postgresql_relations(connection, "rp")


def _sqlite_tables(connection: Connection, kind: str) -> list[str]:
    found = connection.exec_driver_sql(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = ? AND substr(name, 1, 7) <> 'sqlite_'",
        (kind,),
    )
    return list(found.scalars())


def _postgresql_relations(connection: Connection, kinds: str) -> list[str]:
    letters = ", ".join(f"'{letter}'" for letter in kinds)
    found = connection.exec_driver_sql(
        f"SELECT relname FROM pg_class WHERE relnamespace {_IN_OUR_SCHEMA} AND relkind IN ({letters}) "  # noqa: S608
        "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') ORDER BY relname"
    )
    return list(found.scalars())
