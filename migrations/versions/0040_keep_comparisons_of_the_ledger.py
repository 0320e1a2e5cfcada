"""keep what each comparison of the coverage ledger with the facts found"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "ledger_comparison",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("cause", sa.String(length=10), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=False),
        sa.Column("people_count", wide_id(), nullable=False),
        sa.Column("differing_count", wide_id(), nullable=False),
        sa.Column("entry_counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_comparison")),
    )
    op.create_index(op.f("ix_ledger_comparison_ended_at"), "ledger_comparison", ["ended_at"])
