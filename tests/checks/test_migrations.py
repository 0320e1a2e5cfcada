"""The migrations make exactly the tables the models describe."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import migrations.tables  # noqa: F401
from app.core.db import Base, Database


def test_migrated_database_equals_the_models(seeded_database: Path) -> None:
    database = Database(f"sqlite:///{seeded_database}")
    with database.reading() as db:
        context = MigrationContext.configure(db.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.dispose()
