"""give one-time codes: what lets somebody set their password without the old one"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "one_time_code",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.String(length=60), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by", wide_id(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_one_time_code_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_one_time_code_code_hash")),
    )
    op.create_index(op.f("ix_one_time_code_account_id"), "one_time_code", ["account_id"])
