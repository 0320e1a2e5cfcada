"""Triggers that make the database itself refuse to change facts (DESIGN 4.4, 4.5). Run once, by the migration that
makes the tables.

The append-only tables of the first migrations; those of other domains are named, not imported. A table that came
later brings its triggers in the migration that makes it, because this list is part of what 0002 did.
"""

TABLES = (
    "certificate",
    "certificate_document",
    "certificate_revocation",
    "completion",
    "completion_post",
    "completion_annulment",
    "coverage_entry",
    "audit_entry",
)


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in TABLES
        for verb in ("UPDATE", "DELETE")
    ]


def _postgresql() -> list[str]:
    return [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        # By statement, since TRUNCATE has no rows to tell of.
        *(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in TABLES
        ),
    ]


# Dialect -> statements to run in this order after the tables exist.
STATEMENTS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
