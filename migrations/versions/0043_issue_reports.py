"""issue reports: drafts, reports frozen as they were issued, their signed copies, what is drafted by itself"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "report_schedule",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("every", sa.String(length=7), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_period", sa.String(length=24), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_report_schedule_unit_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_schedule_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    op.create_index(op.f("ix_report_schedule_unit_id"), "report_schedule", ["unit_id"])
    op.create_table(
        "report_issue",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("year", wide_id(), nullable=False),
        sa.Column("number", wide_id(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("period", sa.String(length=24), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("replaces_id", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_report_issue_unit_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_issue_account_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["report_issue.id"], name=op.f("fk_report_issue_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_issue")),
        sa.UniqueConstraint(
            "unit_id", "symbol", "year", "number", name=op.f("uq_report_issue_unit_id_symbol_year_number")
        ),
    )
    op.create_index(op.f("ix_report_issue_replaces_id"), "report_issue", ["replaces_id"])
    op.create_table(
        "report_draft",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("period", sa.String(length=24), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("drafted", sa.Text(), nullable=False),
        sa.Column("revision", wide_id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("replaces_id", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_report_draft_unit_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_draft_account_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["report_issue.id"], name=op.f("fk_report_draft_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_draft")),
    )
    op.create_index(op.f("ix_report_draft_unit_id"), "report_draft", ["unit_id"])
    op.create_table(
        "report_scan",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("issue_id", wide_id(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["report_issue.id"], name=op.f("fk_report_scan_issue_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_scan_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_scan")),
    )
    op.create_index(op.f("ix_report_scan_issue_id"), "report_scan", ["issue_id"])
    refuse_changes("report_issue", "report_scan")
