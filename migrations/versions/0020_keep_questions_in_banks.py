"""keep questions in banks: banks, their questions by revision, uploads that wait, figures of questions"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "question_bank",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("course_id", wide_id(), nullable=True),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_question_bank_course_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_question_bank_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_bank")),
        sa.UniqueConstraint("key", name=op.f("uq_question_bank_key")),
    )
    op.create_index(op.f("ix_question_bank_course_id"), "question_bank", ["course_id"])
    op.create_index(op.f("ix_question_bank_unit_id"), "question_bank", ["unit_id"])
    op.create_table(
        "bank_question",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("bank_id", wide_id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("revision", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("difficulty", wide_id(), nullable=True),
        sa.Column("folded_text", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("saved_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["question_bank.id"], name=op.f("fk_bank_question_bank_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_question")),
        sa.UniqueConstraint("key", "revision", name=op.f("uq_bank_question_key_revision")),
    )
    op.create_index(op.f("ix_bank_question_bank_id_state"), "bank_question", ["bank_id", "state"])
    op.create_table(
        "question_upload",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("bank_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("format", sa.String(length=12), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["question_bank.id"], name=op.f("fk_question_upload_bank_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_upload")),
    )
    op.create_table(
        "question_figures",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("counted_at", Instant(), nullable=False),
        sa.Column("attempt_count", wide_id(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_figures")),
        sa.UniqueConstraint("subject", name=op.f("uq_question_figures_subject")),
    )
