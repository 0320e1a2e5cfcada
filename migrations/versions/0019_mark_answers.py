"""mark answers: what persons give, and the attempts that wait for them"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "marking",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("attempt_id", wide_id(), nullable=False),
        sa.Column("question_id", sa.String(length=40), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("credit", sa.Double(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("marked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_marking_account_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_marking_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking")),
    )
    op.create_index(op.f("ix_marking_attempt_id_question_id"), "marking", ["attempt_id", "question_id"])
    waits = sa.text("submitted_at IS NOT NULL AND passed IS NULL")
    op.create_index("ix_attempt_submitted_at", "attempt", ["submitted_at"], sqlite_where=waits, postgresql_where=waits)
    refuse_changes("marking")
