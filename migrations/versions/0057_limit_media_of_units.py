"""limit media of units: how much a unit's files may take, where an operator said so"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.create_table(
        "media_quota",
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("megabytes", wide_id(), nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_media_quota_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_media_quota")),
    )
