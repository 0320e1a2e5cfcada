"""record classes: what was held, and who took part"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "held_class",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=True),
        sa.Column("course_version_id", wide_id(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("teachers", sa.Text(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "(programme_code IS NULL) <> (course_version_id IS NULL)", name=op.f("ck_held_class_one_subject")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_held_class_in_order")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_held_class_account_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_held_class_course_version_id")
        ),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_held_class_programme_code")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_held_class_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_class")),
    )
    op.create_index(op.f("ix_held_class_unit_id_last_on"), "held_class", ["unit_id", "last_on"])
    op.create_table(
        "attendance",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("class_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("completion_id", wide_id(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("withdrawn_by", wide_id(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attendance_account_id")),
        sa.ForeignKeyConstraint(["class_id"], ["held_class.id"], name=op.f("fk_attendance_class_id")),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_attendance_completion_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attendance_person_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["account.id"], name=op.f("fk_attendance_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    op.create_index(op.f("ix_attendance_class_id_person_id"), "attendance", ["class_id", "person_id"])
    op.create_index(op.f("ix_attendance_person_id"), "attendance", ["person_id"])
