"""assign courses: who must learn what by when, who is excused, who promised"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("grounds", sa.String(length=300), nullable=False),
        sa.Column("is_yearly", sa.Boolean(), nullable=False),
        sa.Column("due_month", wide_id(), nullable=False),
        sa.Column("due_day", wide_id(), nullable=False),
        sa.Column("counts_programme", sa.Boolean(), nullable=False),
        sa.Column("asks_commitment", sa.Boolean(), nullable=False),
        sa.Column("grace_days", wide_id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", wide_id(), nullable=True),
        sa.CheckConstraint(
            "due_month BETWEEN 1 AND 12 AND due_day BETWEEN 1 AND 31", name=op.f("ck_assignment_day_of_year")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_assignment_account_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_assignment_course_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_assignment_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_course_id"), "assignment", ["course_id"])
    op.create_index(op.f("ix_assignment_unit_id"), "assignment", ["unit_id"])

    op.create_table(
        "assignment_pick",
        sa.Column("assignment_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("picked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_assignment_pick_assignment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_pick_person_id")),
        sa.PrimaryKeyConstraint("assignment_id", "person_id", name=op.f("pk_assignment_pick")),
    )
    op.create_table(
        "assignment_round",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("assignment_id", wide_id(), nullable=False),
        sa.Column("period", sa.String(length=4), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=True),
        sa.Column("counts_until", sa.Date(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("drawn_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_assignment_round_assignment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_round")),
        sa.UniqueConstraint("assignment_id", "period", name=op.f("uq_assignment_round_assignment_id_period")),
    )
    op.create_table(
        "assignment_member",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("round_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("completion_id", wide_id(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("exempt_reason", sa.String(length=300), nullable=True),
        sa.Column("exempted_at", Instant(), nullable=True),
        sa.Column("exempted_by", wide_id(), nullable=True),
        sa.Column("extension_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_assignment_member_completion_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_member_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["assignment_round.id"], name=op.f("fk_assignment_member_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_assignment_member_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_member")),
        sa.UniqueConstraint("round_id", "person_id", name=op.f("uq_assignment_member_round_id_person_id")),
    )
    op.create_index(op.f("ix_assignment_member_completion_id"), "assignment_member", ["completion_id"])
    op.create_index(op.f("ix_assignment_member_person_id"), "assignment_member", ["person_id"])
    op.create_index(op.f("ix_assignment_member_round_id_unit_id"), "assignment_member", ["round_id", "unit_id"])

    op.create_table(
        "assignment_commitment",
        sa.Column("member_id", wide_id(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("committed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["assignment_member.id"], name=op.f("fk_assignment_commitment_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_assignment_commitment")),
    )
    # A promise is a fact: it stays as it was made.
    refuse_changes("assignment_commitment")
