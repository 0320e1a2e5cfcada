"""An installation of the first release, with a row in every table, becomes one of today and keeps what it held."""

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Column, Connection, MetaData, Table, select
from sqlalchemy.exc import SAWarning

from app.core.db import Base, Database
from app.core.settings import ROOT
from migrations.tables import is_compared
from tests.seeded import Seeded

FIRST_RELEASE = "0002"
# Tables and columns that bear another name today.
RENAMED = {
    "video_progress": ("block_progress", {"watched_s": "earned", "played_s": "spent_s", "position_s": "position"}),
    "progress_client": (
        "progress_client", {"video_progress_id": "block_progress_id", "last_credited_s": "last_credited"},
    ),
}  # fmt: skip


@pytest.fixture
def old_database(seeded: Seeded, tmp_path: Path) -> Iterator[Database]:
    with seeded.empty(tmp_path) as url:
        upgrade(url, FIRST_RELEASE)
        database = Database(url)
        yield database
        database.dispose()


def upgrade(url: str, to: str) -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["database_url"] = url
    command.upgrade(config, to)


def test_every_row_of_the_first_release_survives(old_database: Database) -> None:
    with old_database.writing() as db:
        before = fill(db.connection())
    assert len(before) > 40
    upgrade(old_database.url, "head")
    with old_database.reading() as db:
        after = reflected(db.connection())
        for old_name, old_row in before.items():
            name, names = RENAMED.get(old_name, (old_name, {}))
            row = {names.get(column, column): value for column, value in old_row.items()}
            if name not in after.tables:
                continue
            table = after.tables[name]
            kept = [table.c[column] for column in row if column in table.c]
            assert kept, name
            assert db.execute(select(*kept)).mappings().one() == {column.name: row[column.name] for column in kept}, (
                name
            )
        opts = {"compare_type": True, "include_object": is_compared}
        assert compare_metadata(MigrationContext.configure(db.connection(), opts=opts), Base.metadata) == []


def reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    # Courses and their versions name each other: the course comes first, and names none yet.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        metadata.reflect(connection)
    return metadata


def fill(connection: Connection) -> dict[str, dict[str, Any]]:
    """One made-up row in every table; by table what it holds as the database gives it back."""
    rows: dict[str, dict[str, Any]] = {}
    waiting = {name: table for name, table in reflected(connection).tables.items() if name != "alembic_version"}
    while waiting:
        name = next(name for name, table in waiting.items() if not needs(table) & waiting.keys())
        table = waiting.pop(name)
        connection.execute(table.insert().values({column.name: made_up(column) for column in table.c}))
        rows[name] = dict(connection.execute(select(table)).mappings().one())
    return rows


def needs(table: Table) -> set[str]:
    """The tables whose rows a row of this one must name."""
    return {key.column.table.name for column in table.c if not column.nullable for key in column.foreign_keys}


def made_up(column: Column[Any]) -> Any:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return None if column.nullable else made_up(key.column)
    if isinstance(column.type, JSON):
        return {}
    if column.name in ("valid_to", "ended_on"):
        return None
    # SQLite keeps no zone.
    at = datetime(2026, 11, 1, tzinfo=UTC if getattr(column.type, "timezone", False) else None)
    return {int: 1, str: "a", float: 1.5, bool: False, bytes: b"a", date: at.date(), datetime: at}[
        column.type.python_type
    ]
