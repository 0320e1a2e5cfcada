"""widen formats of exports: parquet is a longer word than csv"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    with op.batch_alter_table("export_file") as table:
        table.alter_column("format", type_=sa.String(length=10), existing_type=sa.String(length=6))
