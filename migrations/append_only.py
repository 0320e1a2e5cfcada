"""Triggers for tables of facts: the database itself refuses to change what was appended (DESIGN 4.4, 4.5).

For the migration that makes such a table; those of the first tables stand in app/certificates/immutable.py.
"""

from alembic import op


def refuse_changes(*tables: str) -> None:
    """The same promise on both databases. PostgreSQL has its function from 0002, and guards against TRUNCATE as well."""
    for table in tables:
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
