"""let indicators be defined by people: drafts, and who recorded a version and why"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_table(
        "indicator_draft",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("indicator_code", sa.String(length=30), nullable=False),
        sa.Column("base_number", wide_id(), nullable=True),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("effect", sa.JSON(), nullable=True),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_indicator_draft_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_draft")),
    )
    # In one clause, which both databases take: SQLite adds no constraint to a table that is there, and this one is
    # named by the whole ledger, so that it is not to be made anew.
    wide = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE indicator_version ADD COLUMN account_id {wide} "
        "CONSTRAINT fk_indicator_version_account_id REFERENCES account (id)"
    )
    op.add_column("indicator_version", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
