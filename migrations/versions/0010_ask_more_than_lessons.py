"""ask more than lessons: the parts of a course met in a class or an exam"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    asked = ["person_id", "course_id", "kind", "occasion"]
    op.create_table(
        "part_met",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_part_met_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_part_met_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_met")),
        sa.UniqueConstraint(*asked, name=op.f(f"uq_part_met_{'_'.join(asked)}")),
    )
