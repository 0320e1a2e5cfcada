"""Makes the database every test starts from."""

import sqlite3
from pathlib import Path

from app.commands import migrate
from app.core.settings import Settings
from app.runtime import Runtime
from app.seeding import seed_everything


def make_seeded_database(folder: Path) -> Path:
    """A SQLite file with the schema and the reference data, in one file (no write-ahead log beside it)."""
    path = folder / "seeded.db"
    runtime = Runtime(
        Settings(  # type: ignore[call-arg]
            data_dir=folder,
            database_url=f"sqlite:///{path}",
            media_url=f"file://{folder}/media",
            courses_dir=folder / "none",
            demo=False,
        )
    )
    migrate(runtime)
    seed_everything(runtime)
    runtime.database.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path
