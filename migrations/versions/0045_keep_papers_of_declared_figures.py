"""keep the papers declared figures were taken from"""

import sqlalchemy as sa
from alembic import op

from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.create_table(
        "figure_document",
        sa.Column("figure_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["figure_id"], ["declared_figure.id"], name=op.f("fk_figure_document_figure_id")),
        sa.PrimaryKeyConstraint("figure_id", name=op.f("pk_figure_document")),
    )
    refuse_changes("figure_document")
