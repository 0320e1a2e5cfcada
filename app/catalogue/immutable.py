"""Triggers that keep published versions as they are, whoever writes. Run once, by the migration that makes the tables.

A draft may change and go, and may be published; from then on the database refuses any change to the version and to its
modules, lessons and files, new ones included (DESIGN 4.4: editing a course changes no past figure).
"""

_MESSAGE = "a published course version cannot be changed"

# Table -> SQL that finds the course version of a row; {row} is OLD or NEW.
_VERSION_OF = {
    "module_version": "{row}.course_version_id",
    "lesson_version": "{row}.course_version_id",
    "course_file": "{row}.course_version_id",
    "lesson_file": "(SELECT course_version_id FROM lesson_version WHERE id = {row}.lesson_version_id)",
}
_ROWS_OF = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def _sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    statements = [
        f"CREATE TRIGGER course_version_kept_on_{act.lower()} BEFORE {act} ON course_version "
        f"WHEN OLD.state = 'published' {refuse}"
        for act in ("UPDATE", "DELETE")
    ]
    for table, version in _VERSION_OF.items():
        for act, rows in _ROWS_OF.items():
            ids = ", ".join(version.format(row=row) for row in rows)
            published = f"EXISTS (SELECT 1 FROM course_version WHERE id IN ({ids}) AND state = 'published')"  # noqa: S608
            statements.append(
                f"CREATE TRIGGER {table}_kept_on_{act.lower()} BEFORE {act} ON {table} WHEN {published} {refuse}"
            )
    return statements


def _postgresql() -> list[str]:
    statements = [
        "CREATE FUNCTION refuse_published_version() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER course_version_kept BEFORE UPDATE OR DELETE ON course_version FOR EACH ROW "
        "WHEN (OLD.state = 'published') EXECUTE FUNCTION refuse_published_version()",
    ]
    for table, version in _VERSION_OF.items():
        for act, rows in _ROWS_OF.items():
            ids = ", ".join(version.format(row=row) for row in rows)
            published = f"EXISTS (SELECT 1 FROM course_version WHERE id IN ({ids}) AND state = 'published')"  # noqa: S608
            name = f"{table}_kept_on_{act.lower()}"
            result = "OLD" if act == "DELETE" else "NEW"
            statements += [
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {published} THEN "
                f"RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'restrict_violation'; END IF; RETURN {result}; END $$",
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
            ]
    return statements


# Dialect -> statements to run in this order after the tables exist.
STATEMENTS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
