"""make videos anew: with which settings each was made, and what a newer file replaced"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.add_column("asset", sa.Column("ladder_version", wide_id(), server_default="0", nullable=False))
    op.add_column("rendition", sa.Column("replaced_at", Instant(), nullable=True))
