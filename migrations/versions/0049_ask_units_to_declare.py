"""ask units to declare: rounds, their answers with papers, every step of them"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.create_table(
        "declaration_round",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("asks_yes_no", sa.Boolean(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_declaration_round_unit_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_declaration_round_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_round")),
    )
    op.create_index(op.f("ix_declaration_round_unit_id"), "declaration_round", ["unit_id"])
    op.create_table(
        "unit_declaration",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("round_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["declaration_round.id"], name=op.f("fk_unit_declaration_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_declaration_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_declaration")),
        sa.UniqueConstraint("round_id", "unit_id", name=op.f("uq_unit_declaration_round_id_unit_id")),
    )
    op.create_index(op.f("ix_unit_declaration_unit_id"), "unit_declaration", ["unit_id"])
    op.create_table(
        "declaration_step",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("declaration_id", wide_id(), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["unit_declaration.id"], name=op.f("fk_declaration_step_declaration_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_declaration_step_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_step")),
    )
    op.create_index(op.f("ix_declaration_step_declaration_id"), "declaration_step", ["declaration_id"])
    op.create_table(
        "declaration_file",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("declaration_id", wide_id(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["unit_declaration.id"], name=op.f("fk_declaration_file_declaration_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_declaration_file_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_file")),
    )
    op.create_index(op.f("ix_declaration_file_declaration_id"), "declaration_file", ["declaration_id"])
    refuse_changes("declaration_step")
