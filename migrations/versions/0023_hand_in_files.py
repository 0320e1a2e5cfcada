"""hand in files: those of answers that a person marks"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "answer_file",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("attempt_id", wide_id(), nullable=True),
        sa.Column("question_id", sa.String(length=40), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_answer_file_attempt_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_file")),
    )
    op.create_index(op.f("ix_answer_file_attempt_id"), "answer_file", ["attempt_id"])
    op.create_index(op.f("ix_answer_file_removed_at"), "answer_file", ["removed_at"])
