"""share phones: a PIN per person and phone; a session on a shared phone ends soon after its last use"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "phone_seat",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("wrong_count", wide_id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_phone_seat_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_seat")),
    )
    op.create_index(op.f("ix_phone_seat_phone_hash"), "phone_seat", ["phone_hash"])
    op.create_index(op.f("ix_phone_seat_account_id"), "phone_seat", ["account_id"])
    op.add_column("sign_in_session", sa.Column("is_shared", sa.Boolean(), nullable=False, server_default=sa.false()))
