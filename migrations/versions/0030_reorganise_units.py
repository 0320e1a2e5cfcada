"""reorganise units: the acts somebody entered, and the posts that go on in a successor"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "unit_act",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("verb", sa.String(length=10), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(length=120), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("wrote", sa.JSON(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("undone_by", wide_id(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_unit_act_account_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["account.id"], name=op.f("fk_unit_act_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_act")),
    )
    column = "continues_id BIGINT" if op.get_bind().dialect.name == "postgresql" else "continues_id INTEGER"
    # Written out: Alembic does not add a column with its reference to a table of SQLite, which itself can.
    op.execute(
        f"ALTER TABLE affiliation ADD COLUMN {column} CONSTRAINT fk_affiliation_continues_id REFERENCES affiliation (id)"
    )
    op.create_index(op.f("ix_affiliation_continues_id"), "affiliation", ["continues_id"])
