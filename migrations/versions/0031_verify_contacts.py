"""verify contacts, and number the words of consents"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("person_lookup", sa.Column("verified_at", Instant(), nullable=True))
    # All consents so far were given to the first words.
    op.add_column("consent", sa.Column("version", wide_id(), server_default="1", nullable=False))
    op.create_table(
        "contact_check",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=False),
        sa.Column("seed", sa.String(length=40), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("try_count", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_check_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_check")),
        sa.UniqueConstraint("person_id", "kind", name=op.f("uq_contact_check_person_id_kind")),
    )
    op.create_index(op.f("ix_contact_check_ends_at"), "contact_check", ["ends_at"])
