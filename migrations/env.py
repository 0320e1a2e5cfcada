"""Runs migrations against DATABASE_URL, or the URL a caller puts into the config."""

from typing import Any

from alembic import context

import migrations.tables  # noqa: F401
from app.core.db import Base, Database, Instant
from app.core.settings import get_settings


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our column types by their plain names."""
    if kind == "type" and isinstance(item, Instant):
        autogen_context.imports.add("from app.core.db import Instant")
        return "Instant()"
    return False


database = Database(context.config.attributes.get("database_url") or get_settings().database_url, pool_size=2)
with database.engine.connect().execution_options(hocso_write=True) as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_item=render_item, compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )  # fmt: skip
    with context.begin_transaction():
        context.run_migrations()
database.dispose()
