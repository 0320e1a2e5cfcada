"""sit exams: rooms, candidates with their papers, and what was noted"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "exam_sitting",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=False),
        sa.Column("minutes", wide_id(), nullable=False),
        sa.Column("pass_percent", wide_id(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("room_code", sa.String(length=6), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("signed_at", Instant(), nullable=True),
        sa.Column("signed_by", wide_id(), nullable=True),
        sa.Column("minute_number", sa.String(length=60), nullable=False),
        sa.Column("pdf_key", sa.String(length=200), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("docx_key", sa.String(length=200), nullable=False),
        sa.Column("docx_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_exam_sitting_in_order")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_exam_sitting_account_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_exam_sitting_course_version_id")
        ),
        sa.ForeignKeyConstraint(["signed_by"], ["account.id"], name=op.f("fk_exam_sitting_signed_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_exam_sitting_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_sitting")),
    )
    op.create_index(op.f("ix_exam_sitting_unit_id_opens_at"), "exam_sitting", ["unit_id", "opens_at"])
    op.create_index(op.f("ix_exam_sitting_closed_at_closes_at"), "exam_sitting", ["closed_at", "closes_at"])
    op.create_table(
        "exam_invigilator",
        sa.Column("sitting_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_exam_invigilator_account_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_invigilator_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "account_id", name=op.f("pk_exam_invigilator")),
    )
    op.create_table(
        "exam_candidate",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("sitting_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("listed_at", Instant(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("checked_by", wide_id(), nullable=True),
        sa.Column("check_note", sa.String(length=300), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("deadline_at", Instant(), nullable=True),
        sa.Column("paper", sa.JSON(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("answer_seq", sa.JSON(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=True),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("is_timed_out", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["checked_by"], ["account.id"], name=op.f("fk_exam_candidate_checked_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_candidate_person_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_candidate_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_candidate")),
        sa.UniqueConstraint("sitting_id", "person_id", name=op.f("uq_exam_candidate_sitting_id_person_id")),
    )
    op.create_index(op.f("ix_exam_candidate_person_id"), "exam_candidate", ["person_id"])
    op.create_table(
        "exam_event",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("candidate_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("seq", wide_id(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["exam_candidate.id"], name=op.f("fk_exam_event_candidate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_event")),
        sa.UniqueConstraint("candidate_id", "client", "seq", name=op.f("uq_exam_event_candidate_id_client_seq")),
    )
    op.create_table(
        "exam_note",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("sitting_id", wide_id(), nullable=False),
        sa.Column("candidate_id", wide_id(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("minutes", wide_id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_exam_note_account_id")),
        sa.ForeignKeyConstraint(["candidate_id"], ["exam_candidate.id"], name=op.f("fk_exam_note_candidate_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_note_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_note")),
    )
    op.create_index(op.f("ix_exam_note_sitting_id"), "exam_note", ["sitting_id"])
    refuse_changes("exam_event", "exam_note")
