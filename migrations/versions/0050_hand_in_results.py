"""hand in results: a round may ask units for their figures of a period"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.add_column("declaration_round", sa.Column("period", sa.String(length=24), nullable=False, server_default=""))
