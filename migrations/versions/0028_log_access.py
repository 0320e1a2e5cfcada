"""log access: which account came when, from which address and port"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "access_entry",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("port", wide_id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_entry")),
    )
    op.create_index(op.f("ix_access_entry_at"), "access_entry", ["at"])
    op.create_index(op.f("ix_access_entry_account_id_at"), "access_entry", ["account_id", "at"])
    op.create_index(op.f("ix_access_entry_address_at"), "access_entry", ["address", "at"])
