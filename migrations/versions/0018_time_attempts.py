"""time attempts: a deadline by the server's clock, and leave to attempt a quiz again"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("deadline_at", Instant(), nullable=True))
    op.add_column("attempt", sa.Column("is_timed_out", sa.Boolean(), server_default=sa.false(), nullable=False))
    still_open = sa.text("submitted_at IS NULL")
    op.create_index(
        "ix_attempt_deadline_at", "attempt", ["deadline_at"], sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_table(
        "attempt_grant",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("after_number", wide_id(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attempt_grant_account_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_attempt_grant_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_grant")),
    )
    op.create_index(op.f("ix_attempt_grant_enrolment_id_lesson_key"), "attempt_grant", ["enrolment_id", "lesson_key"])
    refuse_changes("attempt_grant")
