"""keep balances by month: the last of each month beside the others, and who is missing read from the index alone"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import wide_id

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    op.create_table(
        "coverage_month",
        sa.Column("unit_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("is_subtree", sa.Boolean(), nullable=False),
        sa.Column("indicator_version_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *[sa.Column(name, wide_id(), nullable=False) for name in ("roster", "coverage", "output")],
        sa.ForeignKeyConstraint(
            ["indicator_version_id"], ["indicator_version.id"], name=op.f("fk_coverage_month_indicator_version_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_coverage_month_unit_id")),
        sa.PrimaryKeyConstraint(
            "unit_id", "is_subtree", "indicator_version_id", "until", name=op.f("pk_coverage_month")
        ),
        sqlite_with_rowid=False,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    month, until = (_MONTH_SQLITE, _UNTIL_SQLITE) if is_sqlite else (_MONTH, _UNTIL)
    op.execute(_FILL.format(until=until, month_of_next=month.format("next"), month_of_day=month.format("day")))
    op.drop_index("ix_coverage_entry_unit", "coverage_entry")
    op.create_index("ix_coverage_entry_unit", "coverage_entry", _INDEX)


_INDEX = ["indicator_version_id", "measure", "period", "unit_id", "effective_on", "person_id", "sign"]
_MONTH, _MONTH_SQLITE = "date_trunc('month', {})", "date({}, 'start of month')"
_UNTIL = "(date_trunc('month', next) - interval '1 month')::date"
_UNTIL_SQLITE = "date(next, 'start of month', '-1 month')"
# The last balance of each month stands until the month before the next change.
_FILL = """
    INSERT INTO coverage_month (unit_id, is_subtree, indicator_version_id, until, day, roster, coverage, output)
    SELECT unit_id, is_subtree, indicator_version_id, coalesce({until}, '9999-12-01'), day, roster, coverage, output
    FROM (
        SELECT *, lead(day) OVER (PARTITION BY unit_id, is_subtree, indicator_version_id ORDER BY day) AS next
        FROM coverage_balance
    ) AS balance
    WHERE next IS NULL OR {month_of_next} <> {month_of_day}
"""
