"""Runs migrations against DATABASE_URL, or the URL or the connection a caller puts into the config."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, text

from app.core.db import Base, Database, Instant
from app.core.settings import get_settings
from migrations.tables import is_compared


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our column types by their plain names."""
    if kind == "type" and isinstance(item, Instant):
        autogen_context.imports.add("from app.core.db import Instant")
        return "Instant()"
    return False


def compare_text_by_bytes(connection: Connection) -> None:
    """Text sorts and compares by its bytes, as on SQLite, whatever language the database was made for.

    Our sort keys (core.text.sortable) count on it, and an index serves LIKE 'begins%' only so. For every column that a
    migration made with the database's own order; a second time there is nothing to do.
    """
    found = connection.execute(
        text("""
        SELECT attrelid::regclass::text, string_agg(format(
            'ALTER COLUMN %I TYPE %s COLLATE "C"', attname, format_type(atttypid, atttypmod)), ', ')
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
            AND attcollation = '"default"'::regcollation
            -- PostgreSQL changes no column that a trigger looks at; these hold words of ours such as "draft".
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_trigger'::regclass
                AND refobjid = attrelid AND refobjsubid = attnum)
        GROUP BY attrelid ORDER BY 1
    """)
    )
    for table, changes in found.all():
        connection.execute(text(f"ALTER TABLE {table} {changes}"))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_item=render_item, compare_type=True,
        include_object=is_compared,
        render_as_batch=connection.dialect.name == "sqlite",
    )  # fmt: skip
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "postgresql":
            compare_text_by_bytes(connection)


# A restore migrates in the transaction in which it loads the rows.
if given := context.config.attributes.get("connection"):
    run(given)
else:
    database = Database(context.config.attributes.get("database_url") or get_settings().database_url, pool_size=2)
    with database.engine.connect().execution_options(hocso_write=True) as connection:
        run(connection)
    database.dispose()
