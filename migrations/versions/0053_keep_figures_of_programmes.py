"""keep figures of programmes: what came of each task in a year, for every unit"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_table(
        "programme_count",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("counted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_count")),
    )
    op.create_table(
        "programme_sum",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("count_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=True),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        *[sa.Column(name, wide_id(), nullable=False) for name in _FIGURES],
        sa.ForeignKeyConstraint(["count_id"], ["programme_count.id"], name=op.f("fk_programme_sum_count_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_programme_sum_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_sum")),
    )
    op.create_index(op.f("ix_programme_sum_count_id_unit_id"), "programme_sum", ["count_id", "unit_id"])


_FIGURES = ("enrolments", "people", "completions", "certificates")
