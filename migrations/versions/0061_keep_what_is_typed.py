"""keep what an author typed of a lesson until it is saved"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.create_table(
        "lesson_draft",
        sa.Column("id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_lesson_draft_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_draft")),
        sa.UniqueConstraint(
            "course_id", "lesson_key", "account_id", name=op.f("uq_lesson_draft_course_id_lesson_key_account_id")
        ),
    )
