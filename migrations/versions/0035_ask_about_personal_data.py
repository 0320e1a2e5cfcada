"""ask about personal data: requests of people with their clocks, consents withdrawn, people erased"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import let_empty
from migrations.columns import wide_id

revision = "0035"
down_revision = "0034"

# What facts say of who somebody is. It may be emptied when the person is erased; nothing else of a fact changes.
_SAID_OF_PEOPLE = {
    "certificate": ("holder_name", "folded_holder_name", "holder_title"),
    "completion_post": ("title",),
    "practical_report": ("note",),
    "practical_verdict": ("reason",),
    "attempt_grant": ("reason",),
    "marking": ("comment",),
    "exam_marking": ("comment",),
}


def upgrade() -> None:
    op.create_table(
        "privacy_request",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("entered_by", wide_id(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", wide_id(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("job_id", wide_id(), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("size", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_privacy_request_job_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_privacy_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    for columns in (["person_id"], ["state", "asked_at"]):
        op.create_index(op.f(f"ix_privacy_request_{'_'.join(columns)}"), "privacy_request", columns)
    op.add_column("person", sa.Column("erased_at", Instant(), nullable=True))
    op.add_column("consent", sa.Column("withdrawn_at", Instant(), nullable=True))
    for table, columns in _SAID_OF_PEOPLE.items():
        let_empty(table, *columns)
