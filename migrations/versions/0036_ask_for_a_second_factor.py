"""ask for a second factor: the secret of an authenticator app, and recovery codes"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("set_up_at", Instant(), nullable=False),
        sa.Column("last_step", wide_id(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
