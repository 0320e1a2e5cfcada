"""add api tokens: keys by which a unit's own programs read its tables"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_api_token_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_unit_id"), "api_token", ["unit_id"])
