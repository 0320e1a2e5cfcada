"""link accounts to people of an OpenID Connect provider"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "external_identity",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_external_identity_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "digest", name=op.f("uq_external_identity_issuer_digest")),
        sa.UniqueConstraint("account_id", "issuer", name=op.f("uq_external_identity_account_id_issuer")),
    )
