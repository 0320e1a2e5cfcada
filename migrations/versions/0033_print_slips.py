"""print slips: the sheets of first-sign-in slips somebody had made"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "slip_sheet",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("count", wide_id(), nullable=True),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_slip_sheet_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip_sheet")),
    )
    op.create_index(op.f("ix_slip_sheet_account_id"), "slip_sheet", ["account_id"])
