"""date roles: from which to which day one is held, and who ended it; the same role can be given again"""

import sqlalchemy as sa
from alembic import op

from app.core import clock
from app.core.db import Instant
from migrations.columns import wide_id

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """The table is made anew: SQLite cannot drop a constraint, and what was held began on the day it was given."""
    before = sa.table(
        "role_grant", *(sa.column(name) for name in ("id", "account_id", "role", "unit_id", "granted_by")),
        sa.column("granted_at", Instant()),
    )  # fmt: skip
    connection = op.get_bind()
    kept = [dict(row) for row in connection.execute(sa.select(before).order_by(before.c.id)).mappings()]
    op.drop_table("role_grant")
    made = op.create_table(
        "role_grant",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("granted_by", wide_id(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_account_id"), "role_grant", ["account_id"])
    op.create_index(op.f("ix_role_grant_unit_id"), "role_grant", ["unit_id"])
    if kept:
        op.bulk_insert(made, [row | {"starts_on": clock.day_of(row["granted_at"])} for row in kept])
        if connection.dialect.name == "postgresql":
            # The new table counts from one; the next grant follows the last that was kept.
            connection.execute(
                sa.text("SELECT setval(pg_get_serial_sequence('role_grant', 'id'), :last)"), {"last": kept[-1]["id"]}
            )
