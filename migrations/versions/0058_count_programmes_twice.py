"""count programmes twice: how many units of a night's count were counted again, and how many came out otherwise"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import wide_id

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    for name in ("checked", "differing"):
        op.add_column("programme_count", sa.Column(name, wide_id(), server_default="0", nullable=False))
