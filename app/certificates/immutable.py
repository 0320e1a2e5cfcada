"""Triggers that make the database itself refuse to change facts (DESIGN 4.4, 4.5).

One list for the whole schema, used by the migrations; the tables of other domains are named, not imported.
"""

IMMUTABLE_TABLES = (
    "certificate",
    "certificate_document",
    "certificate_revocation",
    "completion",
    "completion_post",
    "completion_annulment",
    "coverage_entry",
    "audit_entry",
)


def trigger_statements(dialect: str) -> list[str]:
    """The SQL that guards every table of the list; running it twice is harmless. `dialect`: sqlite or postgresql."""
    if dialect == "sqlite":
        return [_sqlite_trigger(table, verb) for table in IMMUTABLE_TABLES for verb in ("UPDATE", "DELETE")]
    return [_POSTGRESQL_FUNCTION, *(_postgresql_trigger(table) for table in IMMUTABLE_TABLES)]


def removal_statements(dialect: str) -> list[str]:
    """The SQL that takes the guards away, for a migration that must rebuild a table."""
    if dialect == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {table}_refuses_{verb}"
            for table in IMMUTABLE_TABLES
            for verb in ("update", "delete")
        ]
    return [
        *(f"DROP TRIGGER IF EXISTS {table}_refuses_change ON {table}" for table in IMMUTABLE_TABLES),
        "DROP FUNCTION IF EXISTS refuse_change()",
    ]


def _sqlite_trigger(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$
""".strip()


def _postgresql_trigger(table: str) -> str:
    # By statement, since TRUNCATE has no rows to tell of.
    return (
        f"CREATE OR REPLACE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
