"""mark exams: what persons give the answers of a sitting"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "exam_marking",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("candidate_id", wide_id(), nullable=False),
        sa.Column("question_id", sa.String(length=40), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("credit", sa.Double(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("marked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_exam_marking_account_id")),
        sa.ForeignKeyConstraint(["candidate_id"], ["exam_candidate.id"], name=op.f("fk_exam_marking_candidate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_marking")),
    )
    op.create_index(op.f("ix_exam_marking_candidate_id_question_id"), "exam_marking", ["candidate_id", "question_id"])
    refuse_changes("exam_marking")
