"""review courses: what was sent and decided, comments on lessons, courses that take nobody new"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.add_column("course", sa.Column("retired_at", Instant(), nullable=True))
    op.create_table(
        "course_review",
        sa.Column("id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sent_version_id", wide_id(), nullable=False),
        sa.Column("sent_by", wide_id(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_version_id", wide_id(), nullable=True),
        sa.Column("decided_by", wide_id(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_review_course_id")),
        sa.ForeignKeyConstraint(
            ["sent_version_id"], ["course_version.id"], name=op.f("fk_course_review_sent_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_version_id"], ["course_version.id"], name=op.f("fk_course_review_decided_version_id")
        ),
        sa.ForeignKeyConstraint(["sent_by"], ["account.id"], name=op.f("fk_course_review_sent_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_course_review_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_review")),
    )
    op.create_index(op.f("ix_course_review_course_id"), "course_review", ["course_id"])
    op.create_index(
        "ix_course_review_waiting",
        "course_review",
        ["course_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "lesson_comment",
        sa.Column("id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("parent_id", wide_id(), nullable=True),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("version_number", wide_id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("settled_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_lesson_comment_course_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["lesson_comment.id"], name=op.f("fk_lesson_comment_parent_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lesson_comment_person_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["account.id"], name=op.f("fk_lesson_comment_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_comment")),
    )
    op.create_index(op.f("ix_lesson_comment_course_id_lesson_key"), "lesson_comment", ["course_id", "lesson_key"])
    op.create_index(op.f("ix_lesson_comment_parent_id"), "lesson_comment", ["parent_id"])
    op.create_index(op.f("ix_lesson_comment_person_id"), "lesson_comment", ["person_id"])
