"""seal the audit: batches of entries in a chain of hashes"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("first_entry_id", wide_id(), nullable=False),
        sa.Column("last_entry_id", wide_id(), nullable=False),
        sa.Column("entry_count", wide_id(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("previous", name=op.f("uq_audit_seal_previous")),
    )
    refuse_changes("audit_seal")
