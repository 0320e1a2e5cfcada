"""settle the indicators: several audiences, populations, and figures somebody declares

`indicator_version.audience_code` becomes the list `audiences`.
"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0004"
down_revision = "0003"

_ADDED = "audiences, unit_kinds, is_partial, target_unit"


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.add_column("indicator", sa.Column("position", wide_id(), nullable=False, server_default="0"))
    op.add_column("indicator", sa.Column("title", sa.String(length=120), nullable=False, server_default=""))
    if dialect == "sqlite":
        _rebuild_versions()
    else:
        _alter_versions()
    op.create_table(
        "declared_figure",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("is_approximate", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("corrects_id", wide_id(), nullable=True),
        sa.CheckConstraint("value >= 0", name=op.f("ck_declared_figure_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_declared_figure_account_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["declared_figure.id"], name=op.f("fk_declared_figure_corrects_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_declared_figure_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_figure")),
    )
    op.create_index(
        op.f("ix_declared_figure_subject_unit_id_as_of"), "declared_figure", ["subject", "unit_id", "as_of"]
    )
    for statement in _REFUSALS[dialect]:
        op.execute(statement)


def _rebuild_versions() -> None:
    """SQLite drops no column that a foreign key uses, so the table is made anew.

    Ledger rows point at it: with deferred keys the old rows may go as long as they are back before the commit.
    """
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMPORARY TABLE versions_before AS SELECT * FROM indicator_version")
    op.drop_table("indicator_version")
    op.create_table(
        "indicator_version",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("indicator_code", sa.String(length=30), nullable=False),
        sa.Column("number", wide_id(), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
        sa.Column("audiences", sa.JSON(), nullable=False),
        sa.Column("unit_kinds", sa.JSON(), nullable=False),
        sa.Column("former_province_code", sa.String(length=4), nullable=True),
        sa.Column("recurrence", sa.String(length=20), nullable=False),
        sa.Column("denominator", sa.String(length=10), nullable=False),
        sa.Column("population_code", sa.String(length=30), nullable=True),
        sa.Column("figure_source", sa.String(length=12), nullable=False),
        sa.Column("is_partial", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("target_unit", sa.String(length=10), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("valid_from_year", wide_id(), nullable=False),
        sa.Column("valid_to_year", wide_id(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["indicator_code"], ["indicator.code"], name=op.f("fk_indicator_version_indicator_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_version")),
        sa.UniqueConstraint("indicator_code", "number", name=op.f("uq_indicator_version_indicator_code_number")),
    )
    kept = (
        "id, indicator_code, number, measure, former_province_code, recurrence, denominator, figure_source, counts, "
        "targets, valid_from_year, valid_to_year, recorded_at"
    )
    op.execute(
        f"INSERT INTO indicator_version ({kept}, {_ADDED}) SELECT {kept}, "  # noqa: S608
        "CASE WHEN audience_code IS NULL THEN '[]' ELSE json_array(audience_code) END, '[]', 0, 'percent' "
        "FROM versions_before"
    )
    op.execute("DROP TABLE versions_before")


def _alter_versions() -> None:
    for name in ("audiences", "unit_kinds"):
        op.add_column("indicator_version", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("indicator_version", sa.Column("population_code", sa.String(length=30), nullable=True))
    op.add_column("indicator_version", sa.Column("is_partial", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "indicator_version", sa.Column("target_unit", sa.String(length=10), nullable=False, server_default="percent")
    )
    op.execute(
        "UPDATE indicator_version SET audiences = json_build_array(audience_code) WHERE audience_code IS NOT NULL"
    )
    op.drop_column("indicator_version", "audience_code")
    for name in ("audiences", "unit_kinds", "is_partial", "target_unit"):
        op.alter_column("indicator_version", name, server_default=None)


_REFUSALS = {
    "sqlite": [
        f"CREATE TRIGGER declared_figure_refuses_{verb.lower()} BEFORE {verb} ON declared_figure "
        "BEGIN SELECT RAISE(ABORT, 'declared_figure is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE TRIGGER declared_figure_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON declared_figure "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    ],
}
