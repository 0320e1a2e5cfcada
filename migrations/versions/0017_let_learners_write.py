"""let learners write: notes, questions and answers, calls for help, ratings"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "discussion_post",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("parent_id", wide_id(), nullable=True),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("hidden_at", Instant(), nullable=True),
        sa.Column("hidden_by", wide_id(), nullable=True),
        sa.Column("hidden_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_discussion_post_course_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["discussion_post.id"], name=op.f("fk_discussion_post_parent_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_discussion_post_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussion_post")),
    )
    op.create_index(
        op.f("ix_discussion_post_course_id_lesson_key_id"), "discussion_post", ["course_id", "lesson_key", "id"]
    )
    op.create_index(op.f("ix_discussion_post_parent_id"), "discussion_post", ["parent_id"])
    op.create_index(op.f("ix_discussion_post_person_id"), "discussion_post", ["person_id"])

    op.create_table(
        "help_request",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_help_request_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_help_request_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_help_request_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_request")),
    )
    op.create_index(op.f("ix_help_request_person_id"), "help_request", ["person_id"])
    op.create_index(op.f("ix_help_request_unit_id_answered_at"), "help_request", ["unit_id", "answered_at"])

    op.create_table(
        "lesson_note",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_bookmarked", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_lesson_note_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lesson_note_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_note")),
        sa.UniqueConstraint(
            "person_id", "course_id", "lesson_key", name=op.f("uq_lesson_note_person_id_course_id_lesson_key")
        ),
    )
    op.create_table(
        "course_rating",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("stars", wide_id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rated_at", Instant(), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_course_rating_one_to_five")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_rating_course_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_course_rating_course_version_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_course_rating_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_rating")),
        sa.UniqueConstraint("person_id", "course_id", name=op.f("uq_course_rating_person_id_course_id")),
    )
    op.create_index(op.f("ix_course_rating_course_id"), "course_rating", ["course_id"])

    op.create_table(
        "discussion_report",
        sa.Column("post_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("reported_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_discussion_report_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["discussion_post.id"], name=op.f("fk_discussion_report_post_id")),
        sa.PrimaryKeyConstraint("post_id", "person_id", name=op.f("pk_discussion_report")),
    )
