"""take evidence: proof of what was learned elsewhere, one by one and by lists"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("people_import", sa.Column("kind", sa.String(length=20), server_default="people", nullable=False))
    op.add_column("people_import", sa.Column("subject_id", wide_id(), nullable=True))
    op.create_table(
        "evidence",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("handed_in_at", Instant(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=True),
        sa.Column("course_version_id", wide_id(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("folded_number", sa.String(length=60), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("score_percent", sa.Double(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", wide_id(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("completion_id", wide_id(), nullable=True),
        sa.CheckConstraint(
            "(programme_code IS NULL) <> (course_version_id IS NULL)", name=op.f("ck_evidence_one_subject")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_evidence_account_id")),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_evidence_completion_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_evidence_course_version_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_evidence_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_person_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_evidence_programme_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    for columns in (["person_id"], ["is_verified", "handed_in_at"], ["folded_number"], ["sha256"]):
        op.create_index(op.f(f"ix_evidence_{'_'.join(columns)}"), "evidence", columns)
