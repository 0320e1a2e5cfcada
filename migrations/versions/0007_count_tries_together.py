"""count tries together: limits on signing in and up hold over all servers"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "limit_window",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("try_count", wide_id(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_window")),
    )
    op.create_index(op.f("ix_limit_window_ends_at"), "limit_window", ["ends_at"])
