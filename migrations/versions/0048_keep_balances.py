"""keep balances of units by day, so that figures are looked up"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import wide_id

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "coverage_unsettled",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("indicator_version_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_measures(),
        sa.ForeignKeyConstraint(
            ["indicator_version_id"],
            ["indicator_version.id"],
            name=op.f("fk_coverage_unsettled_indicator_version_id"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_coverage_unsettled_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_unsettled")),
    )
    op.create_table(
        "coverage_balance",
        sa.Column("unit_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("is_subtree", sa.Boolean(), nullable=False),
        sa.Column("indicator_version_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_measures(),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_coverage_balance_unit_id")),
        sa.ForeignKeyConstraint(
            ["indicator_version_id"],
            ["indicator_version.id"],
            name=op.f("fk_coverage_balance_indicator_version_id"),
        ),
        sa.PrimaryKeyConstraint(
            "unit_id", "is_subtree", "indicator_version_id", "day", name=op.f("pk_coverage_balance")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage_place",
        sa.Column("ancestor_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("descendant_id", wide_id(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["ancestor_id"], ["unit.id"], name=op.f("fk_coverage_place_ancestor_id")),
        sa.ForeignKeyConstraint(["descendant_id"], ["unit.id"], name=op.f("fk_coverage_place_descendant_id")),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name=op.f("pk_coverage_place")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_coverage_place_descendant_id_ancestor_id"), "coverage_place", ["descendant_id", "ancestor_id"]
    )
    op.create_table(
        "coverage_book",
        sa.Column("id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("entry_id", wide_id(), nullable=True),
        sa.Column("unsettled_id", wide_id(), nullable=False),
        sa.Column("unit_id_done", wide_id(), nullable=False),
        sa.Column("is_made", sa.Boolean(), nullable=False),
        sa.Column("tree_number", wide_id(), nullable=False),
        sa.Column("map_number", wide_id(), nullable=False),
        sa.Column("map_from", sa.Date(), nullable=True),
        sa.Column("map_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_book")),
    )
    op.add_column("ledger_comparison", sa.Column("balance_count", wide_id(), server_default="0", nullable=False))


def _measures() -> list[sa.Column[int]]:
    return [sa.Column(name, wide_id(), nullable=False) for name in ("roster", "coverage", "output")]
