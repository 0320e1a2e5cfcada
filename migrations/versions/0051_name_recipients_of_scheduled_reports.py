"""name recipients of scheduled reports"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import wide_id

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_table(
        "report_recipient",
        sa.Column("schedule_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["report_schedule.id"], name=op.f("fk_report_recipient_schedule_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_recipient_person_id")),
        sa.PrimaryKeyConstraint("schedule_id", "person_id", name=op.f("pk_report_recipient")),
    )
    op.create_index(op.f("ix_report_recipient_person_id"), "report_recipient", ["person_id"])
