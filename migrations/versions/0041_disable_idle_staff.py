"""disable accounts with a role that nobody uses; who was not warned before is not disabled, so nothing to backfill"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    for column in ("idled_at", "idle_warned_at", "reopened_at"):
        op.add_column("account", sa.Column(column, Instant(), nullable=True))
