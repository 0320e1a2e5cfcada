"""confirm practical tasks: what learners report, and what others say of it"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0015"
down_revision = "0014"

_FACTS = ("practical_report", "practical_verdict")


def upgrade() -> None:
    op.create_table(
        "practical_report",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reported_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_practical_report_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practical_report")),
    )
    for columns in (["enrolment_id", "lesson_key"], ["role", "reported_at"]):
        op.create_index(op.f(f"ix_practical_report_{'_'.join(columns)}"), "practical_report", columns)
    op.create_table(
        "practical_verdict",
        sa.Column("report_id", wide_id(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_practical_verdict_person_id")),
        sa.ForeignKeyConstraint(["report_id"], ["practical_report.id"], name=op.f("fk_practical_verdict_report_id")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_practical_verdict")),
    )
    refuse_changes(*_FACTS)
