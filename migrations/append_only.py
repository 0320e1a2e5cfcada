"""Triggers for tables of facts: the database itself refuses to change what was appended (DESIGN 4.4, 4.5).

For the migration that makes such a table; those of the first tables stand in app/certificates/immutable.py.
"""

import sqlalchemy as sa
from alembic import op


def refuse_changes(*tables: str) -> None:
    """The same promise on both databases. PostgreSQL has its function from 0002, and guards against TRUNCATE as well."""
    for table in tables:
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(_sqlite_trigger(table, verb.lower(), verb))
        else:
            op.execute(_postgresql_trigger(table, "UPDATE"))


def let_empty(table: str, *columns: str) -> None:
    """Of a table whose changes are refused, these columns may become empty: a person is erased, the fact stays.

    A column the table gets later is guarded only once this has been said again.
    """
    others = ", ".join(
        column["name"] for column in sa.inspect(op.get_bind()).get_columns(table) if column["name"] not in columns
    )
    refilled = " OR ".join(f"(NEW.{column} <> '' AND NEW.{column} <> OLD.{column})" for column in columns)
    named = ", ".join(columns)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_refuses_update")
        op.execute(_sqlite_trigger(table, "update", f"UPDATE OF {others}"))
        op.execute(_sqlite_trigger(table, "refilling", f"UPDATE OF {named}", f"WHEN {refilled} "))
    else:
        op.execute(f"DROP TRIGGER {table}_refuses_change ON {table}")
        op.execute(_postgresql_trigger(table, f"UPDATE OF {others}"))
        op.execute(
            f"CREATE TRIGGER {table}_refuses_refilling BEFORE UPDATE OF {named} ON {table} FOR EACH ROW "
            f"WHEN ({refilled}) EXECUTE FUNCTION refuse_change()"
        )


def _sqlite_trigger(table: str, name: str, verb: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {table}_refuses_{name} BEFORE {verb} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _postgresql_trigger(table: str, update: str) -> str:
    return (
        f"CREATE TRIGGER {table}_refuses_change BEFORE {update} OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
