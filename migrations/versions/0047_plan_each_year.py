"""plan each year: needs, quotas by decision, nominations, spending; broadcasts and experts"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "plan_year",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("year", wide_id(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("needs_due_on", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_year_account_id")),
        sa.UniqueConstraint("year", name=op.f("uq_plan_year_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_year")),
    )
    op.create_table(
        "plan_task",
        sa.Column("plan_id", wide_id(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        sa.Column("assignment_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_plan_task_assignment_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan_year.id"], name=op.f("fk_plan_task_plan_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_plan_task_programme_code")),
        sa.PrimaryKeyConstraint("plan_id", "programme_code", name=op.f("pk_plan_task")),
    )
    op.create_table(
        "plan_line",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("plan_id", wide_id(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("need", wide_id(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("need_said_at", Instant(), nullable=True),
        sa.Column("need_said_by", wide_id(), nullable=True),
        sa.Column("quota", wide_id(), nullable=True),
        sa.Column("budget_dong", wide_id(), nullable=True),
        sa.CheckConstraint("need >= 0 AND quota >= 0 AND budget_dong >= 0", name=op.f("ck_plan_line_not_negative")),
        sa.ForeignKeyConstraint(["need_said_by"], ["account.id"], name=op.f("fk_plan_line_need_said_by")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan_year.id"], name=op.f("fk_plan_line_plan_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_plan_line_programme_code")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_line_unit_id")),
        sa.UniqueConstraint(
            "plan_id", "programme_code", "unit_id", name=op.f("uq_plan_line_plan_id_programme_code_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_line")),
    )
    op.create_table(
        "plan_decision",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("plan_id", wide_id(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_decision_account_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan_year.id"], name=op.f("fk_plan_decision_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_decision")),
    )
    op.create_index(op.f("ix_plan_decision_plan_id"), "plan_decision", ["plan_id"])
    op.create_table(
        "plan_quota",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("decision_id", wide_id(), nullable=False),
        sa.Column("plan_id", wide_id(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("people", wide_id(), nullable=False),
        sa.Column("budget_dong", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["plan_decision.id"], name=op.f("fk_plan_quota_decision_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan_year.id"], name=op.f("fk_plan_quota_plan_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_plan_quota_programme_code")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_quota_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_quota")),
    )
    op.create_index(
        op.f("ix_plan_quota_plan_id_programme_code_unit_id"), "plan_quota", ["plan_id", "programme_code", "unit_id"]
    )
    op.create_table(
        "plan_nomination",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("plan_id", wide_id(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("nominated_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("withdrawn_by", wide_id(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_nomination_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_plan_nomination_person_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan_year.id"], name=op.f("fk_plan_nomination_plan_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_plan_nomination_programme_code")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_nomination_unit_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["account.id"], name=op.f("fk_plan_nomination_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_nomination")),
    )
    op.create_index(
        op.f("ix_plan_nomination_once"),
        "plan_nomination",
        ["plan_id", "programme_code", "person_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index(op.f("ix_plan_nomination_person_id"), "plan_nomination", ["person_id"])
    op.create_index(
        op.f("ix_plan_nomination_plan_id_programme_code_unit_id"),
        "plan_nomination",
        ["plan_id", "programme_code", "unit_id"],
    )
    op.create_table(
        "plan_spending",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("plan_id", wide_id(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("amount_dong", wide_id(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("corrects_id", wide_id(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.CheckConstraint("amount_dong >= 0", name=op.f("ck_plan_spending_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_spending_account_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["plan_spending.id"], name=op.f("fk_plan_spending_corrects_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan_year.id"], name=op.f("fk_plan_spending_plan_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_plan_spending_programme_code")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_spending_unit_id")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_plan_spending_corrects_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_spending")),
    )
    op.create_index(
        op.f("ix_plan_spending_plan_id_programme_code_unit_id"),
        "plan_spending",
        ["plan_id", "programme_code", "unit_id"],
    )
    op.create_table(
        "campaign_activity",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("times", wide_id(), nullable=False),
        sa.Column("reached", wide_id(), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("withdrawn_by", wide_id(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.CheckConstraint("times >= 1 AND reached >= 0", name=op.f("ck_campaign_activity_counted")),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_campaign_activity_in_order")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_campaign_activity_account_id")),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programme.code"], name=op.f("fk_campaign_activity_programme_code")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_campaign_activity_unit_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["account.id"], name=op.f("fk_campaign_activity_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_activity")),
    )
    op.create_index(op.f("ix_campaign_activity_unit_id_last_on"), "campaign_activity", ["unit_id", "last_on"])
    op.create_table(
        "expert",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("workplace", sa.String(length=200), nullable=False),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=True),
        sa.Column("programme_code", sa.String(length=30), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.CheckConstraint("ended_on IS NULL OR started_on <= ended_on", name=op.f("ck_expert_in_order")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_expert_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_expert_person_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_expert_programme_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert")),
    )
    op.create_index(op.f("ix_expert_person_id"), "expert", ["person_id"])
    refuse_changes("plan_decision", "plan_quota", "plan_spending")
