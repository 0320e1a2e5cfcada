"""The migrations make exactly the tables the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.core.db import Base, Database
from migrations.tables import is_compared


def test_migrated_database_equals_the_models(database: Database) -> None:
    with database.reading() as db:
        opts = {"compare_type": True, "include_object": is_compared}
        context = MigrationContext.configure(db.connection(), opts=opts)
        assert compare_metadata(context, Base.metadata) == []
