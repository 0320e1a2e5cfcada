"""create the spine"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audience",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_audience")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=60), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_audit_entry_subject_kind_subject_id"), ["subject_kind", "subject_id"], unique=False
        )

    op.create_table(
        "certificate_series",
        sa.Column("year", wide_id(), autoincrement=False, nullable=False),
        sa.Column("last_number", wide_id(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_certificate_series")),
    )
    op.create_table(
        "indicator",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source_section", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_indicator")),
    )
    op.create_table(
        "job",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=True),
        sa.Column("unique_key", sa.String(length=120), nullable=True),
        sa.Column("owner_account_id", wide_id(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run_at", Instant(), nullable=False),
        sa.Column("attempts", wide_id(), nullable=False),
        sa.Column("max_attempts", wide_id(), nullable=False),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("progress_ratio", sa.Double(), nullable=False),
        sa.Column("progress_text", sa.Text(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_job_unique_key")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_claim", ["state", "run_at"], unique=False)
        batch_op.create_index("ix_job_subject", ["subject"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("folded_name", sa.String(length=120), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("ref", name=op.f("uq_person_ref")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_folded_name"), ["folded_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "programme",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("task_no", sa.String(length=8), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("audience_text", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("delivery", sa.String(length=20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_programme")),
    )
    op.create_table(
        "unit",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("key", name=op.f("uq_unit_key")),
    )
    op.create_table(
        "account",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "affiliation",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("end_recorded_at", Instant(), nullable=True),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name=op.f("ck_affiliation_not_empty")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_affiliation_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_affiliation_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliation")),
    )
    with op.batch_alter_table("affiliation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_affiliation_person_id_started_on"), ["person_id", "started_on"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_affiliation_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "asset",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", wide_id(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("width", wide_id(), nullable=True),
        sa.Column("height", wide_id(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=True),
        sa.Column("uploaded_by", wide_id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_asset_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("public_id", name=op.f("uq_asset_public_id")),
    )
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asset_sha256"), ["sha256"], unique=False)

    op.create_table(
        "course",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("published_version_id", wide_id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["published_version_id"], ["course_version.id"], name="fk_course_published_version_id", use_alter=True
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_course_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("code", name=op.f("uq_course_code")),
        sa.UniqueConstraint("slug", name=op.f("uq_course_slug")),
    )
    op.create_table(
        "coverage_pending",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("tries", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_coverage_pending_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_pending")),
        sa.UniqueConstraint("person_id", name=op.f("uq_coverage_pending_person_id")),
    )
    op.create_table(
        "indicator_version",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("indicator_code", sa.String(length=30), nullable=False),
        sa.Column("number", wide_id(), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
        sa.Column("audience_code", sa.String(length=30), nullable=True),
        sa.Column("former_province_code", sa.String(length=4), nullable=True),
        sa.Column("recurrence", sa.String(length=20), nullable=False),
        sa.Column("denominator", sa.String(length=10), nullable=False),
        sa.Column("figure_source", sa.String(length=12), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("valid_from_year", wide_id(), nullable=False),
        sa.Column("valid_to_year", wide_id(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["audience_code"], ["audience.code"], name=op.f("fk_indicator_version_audience_code")),
        sa.ForeignKeyConstraint(
            ["indicator_code"], ["indicator.code"], name=op.f("fk_indicator_version_indicator_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_version")),
        sa.UniqueConstraint("indicator_code", "number", name=op.f("uq_indicator_version_indicator_code_number")),
    )
    op.create_table(
        "person_lookup",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_lookup_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_lookup")),
        sa.UniqueConstraint("kind", "digest", name=op.f("uq_person_lookup_kind_digest")),
    )
    with op.batch_alter_table("person_lookup", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_lookup_person_id"), ["person_id"], unique=False)

    op.create_table(
        "unit_closure",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("ancestor_id", wide_id(), nullable=False),
        sa.Column("descendant_id", wide_id(), nullable=False),
        sa.Column("depth", wide_id(), nullable=False),
        sa.Column("carried", sa.String(length=6), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["ancestor_id"], ["unit.id"], name=op.f("fk_unit_closure_ancestor_id")),
        sa.ForeignKeyConstraint(["descendant_id"], ["unit.id"], name=op.f("fk_unit_closure_descendant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_closure")),
    )
    with op.batch_alter_table("unit_closure", schema=None) as batch_op:
        batch_op.create_index("ix_unit_closure_down", ["ancestor_id", "valid_from", "descendant_id"], unique=False)
        batch_op.create_index("ix_unit_closure_up", ["descendant_id", "valid_from", "ancestor_id"], unique=False)

    op.create_table(
        "unit_edge",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("from_unit_id", wide_id(), nullable=False),
        sa.Column("to_unit_id", wide_id(), nullable=True),
        sa.Column("flags", sa.String(length=80), nullable=False),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("resolution", sa.String(length=120), nullable=False),
        sa.Column("confidence", sa.String(length=20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_unit_edge_from_unit_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_unit_edge_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_edge")),
    )
    with op.batch_alter_table("unit_edge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_edge_from_unit_id"), ["from_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_edge_to_unit_id"), ["to_unit_id"], unique=False)

    op.create_table(
        "unit_version",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("folded_name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("type_name", sa.String(length=40), nullable=False),
        sa.Column("parent_id", wide_id(), nullable=True),
        sa.Column("former_province_code", sa.String(length=4), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("resolution", sa.String(length=120), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_unit_version_not_empty")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_version_parent_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_version_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_version")),
    )
    with op.batch_alter_table("unit_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_version_code_valid_from"), ["code", "valid_from"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_version_folded_name"), ["folded_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_version_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_version_unit_id_valid_from"), ["unit_id", "valid_from"], unique=True)

    op.create_table(
        "affiliation_audience",
        sa.Column("affiliation_id", wide_id(), nullable=False),
        sa.Column("audience_code", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["affiliation.id"], name=op.f("fk_affiliation_audience_affiliation_id")
        ),
        sa.ForeignKeyConstraint(
            ["audience_code"], ["audience.code"], name=op.f("fk_affiliation_audience_audience_code")
        ),
        sa.PrimaryKeyConstraint("affiliation_id", "audience_code", name=op.f("pk_affiliation_audience")),
    )
    with op.batch_alter_table("affiliation_audience", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_affiliation_audience_audience_code"), ["audience_code"], unique=False)

    op.create_table(
        "course_version",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("number", wide_id(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("folded_text", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("programme_code", sa.String(length=30), nullable=True),
        sa.Column("access", sa.String(length=10), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("licence", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("certificate_rule", sa.String(length=40), nullable=False),
        sa.Column("certificate_title", sa.String(length=200), nullable=False),
        sa.Column("audiences", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("cover_asset_id", wide_id(), nullable=True),
        sa.Column("cover_name", sa.String(length=120), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=True),
        sa.Column("published_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_version_course_id")),
        sa.ForeignKeyConstraint(["cover_asset_id"], ["asset.id"], name=op.f("fk_course_version_cover_asset_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_course_version_programme_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_version")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_course_version_course_id_number")),
    )
    op.create_table(
        "coverage_rollup",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("indicator_version_id", wide_id(), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("half_month", sa.Date(), nullable=False),
        sa.Column("total", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["indicator_version_id"], ["indicator_version.id"], name=op.f("fk_coverage_rollup_indicator_version_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_coverage_rollup_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_rollup")),
        sa.UniqueConstraint(
            "indicator_version_id",
            "measure",
            "period",
            "unit_id",
            "half_month",
            name=op.f("uq_coverage_rollup_indicator_version_id_measure_period_unit_id_half_month"),
        ),
    )
    op.create_table(
        "export_file",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("what", sa.String(length=30), nullable=False),
        sa.Column("format", sa.String(length=6), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("job_id", wide_id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("rows", wide_id(), nullable=True),
        sa.Column("size", wide_id(), nullable=True),
        sa.Column("storage_key", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_export_file_account_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_export_file_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_file")),
    )
    op.create_table(
        "people_import",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("source_key", sa.String(length=200), nullable=False),
        sa.Column("result_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_people_import_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_import")),
    )
    op.create_table(
        "rendition",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("asset_id", wide_id(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", wide_id(), nullable=False),
        sa.Column("width", wide_id(), nullable=True),
        sa.Column("height", wide_id(), nullable=True),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_rendition_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rendition")),
        sa.UniqueConstraint("asset_id", "name", name=op.f("uq_rendition_asset_id_name")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("granted_by", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint("account_id", "role", "unit_id", name=op.f("uq_role_grant_account_id_role_unit_id")),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
    )
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "course_file",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("asset_id", wide_id(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_course_file_asset_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_course_file_course_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_file")),
        sa.UniqueConstraint("course_version_id", "path", name=op.f("uq_course_file_course_version_id_path")),
    )
    with op.batch_alter_table("course_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_file_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "enrolment",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.Column("last_lesson_key", sa.String(length=40), nullable=True),
        sa.Column("last_active_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_enrolment_course_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_enrolment_course_version_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("person_id", "course_id", name=op.f("uq_enrolment_person_id_course_id")),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_course_id"), ["course_id"], unique=False)

    op.create_table(
        "module_version",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("position", wide_id(), nullable=False),
        sa.Column("folder", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("objective", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_module_version_course_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_version")),
        sa.UniqueConstraint("course_version_id", "position", name=op.f("uq_module_version_course_version_id_position")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("number", wide_id(), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("paper", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("answer_seq", sa.JSON(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_attempt_course_version_id")
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_attempt_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint(
            "enrolment_id", "lesson_key", "number", name=op.f("uq_attempt_enrolment_id_lesson_key_number")
        ),
    )
    op.create_table(
        "completion",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=True),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("score_percent", sa.Double(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_completion_course_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_completion_course_version_id")
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_completion_enrolment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_completion_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion")),
        sa.UniqueConstraint(
            "person_id", "course_version_id", "how", name=op.f("uq_completion_person_id_course_version_id_how")
        ),
    )
    with op.batch_alter_table("completion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_completion_completed_on"), ["completed_on"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_completion_course_id_completed_on"), ["course_id", "completed_on"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_completion_person_id_completed_on"), ["person_id", "completed_on"], unique=False
        )

    op.create_table(
        "lesson_finish",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_lesson_finish_course_version_id")
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_lesson_finish_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_finish")),
        sa.UniqueConstraint("enrolment_id", "lesson_key", name=op.f("uq_lesson_finish_enrolment_id_lesson_key")),
    )
    op.create_table(
        "lesson_reading",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_lesson_reading_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_reading")),
        sa.UniqueConstraint("enrolment_id", "lesson_key", name=op.f("uq_lesson_reading_enrolment_id_lesson_key")),
    )
    op.create_table(
        "lesson_version",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("module_version_id", wide_id(), nullable=False),
        sa.Column("position", wide_id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("stem", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("folded_text", sa.Text(), nullable=False),
        sa.Column("minutes", wide_id(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("objectives", sa.JSON(), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("front_matter", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("quiz", sa.JSON(), nullable=True),
        sa.Column("quiz_source", sa.Text(), nullable=False),
        sa.Column("has_video", sa.Boolean(), nullable=False),
        sa.Column("question_count", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_lesson_version_course_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["module_version_id"], ["module_version.id"], name=op.f("fk_lesson_version_module_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_version")),
        sa.UniqueConstraint("module_version_id", "position", name=op.f("uq_lesson_version_module_version_id_position")),
    )
    with op.batch_alter_table("lesson_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lesson_version_course_version_id_key"), ["course_version_id", "key"], unique=True
        )

    op.create_table(
        "video_progress",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("block_id", sa.String(length=40), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("watched_s", sa.Double(), nullable=False),
        sa.Column("played_s", sa.Double(), nullable=False),
        sa.Column("position_s", sa.Double(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_video_progress_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_progress")),
        sa.UniqueConstraint(
            "enrolment_id", "lesson_key", "block_id", name=op.f("uq_video_progress_enrolment_id_lesson_key_block_id")
        ),
    )
    op.create_table(
        "certificate",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("completion_id", wide_id(), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("holder_name", sa.String(length=120), nullable=False),
        sa.Column("folded_holder_name", sa.String(length=120), nullable=False),
        sa.Column("sealed_birth_date", sa.LargeBinary(), nullable=True),
        sa.Column("holder_title", sa.String(length=120), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=True),
        sa.Column("unit_name", sa.String(length=300), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("course_title", sa.String(length=200), nullable=False),
        sa.Column("course_version_number", wide_id(), nullable=False),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("score_percent", sa.Double(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("superior_name", sa.String(length=200), nullable=False),
        sa.Column("issuer_name", sa.String(length=200), nullable=False),
        sa.Column("signer_name", sa.String(length=120), nullable=False),
        sa.Column("signer_title", sa.String(length=120), nullable=False),
        sa.Column("template_version", sa.String(length=20), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_certificate_completion_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_certificate_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("completion_id", name=op.f("uq_certificate_completion_id")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_person_id"), ["person_id"], unique=False)

    op.create_table(
        "completion_annulment",
        sa.Column("completion_id", wide_id(), nullable=False),
        sa.Column("annulled_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["completion.id"], name=op.f("fk_completion_annulment_completion_id")
        ),
        sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_completion_annulment")),
    )
    op.create_table(
        "completion_post",
        sa.Column("completion_id", wide_id(), nullable=False),
        sa.Column("affiliation_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("audiences", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["affiliation_id"], ["affiliation.id"], name=op.f("fk_completion_post_affiliation_id")),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_completion_post_completion_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_completion_post_unit_id")),
        sa.PrimaryKeyConstraint("completion_id", "affiliation_id", name=op.f("pk_completion_post")),
    )
    with op.batch_alter_table("completion_post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_completion_post_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "coverage_entry",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("indicator_version_id", wide_id(), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("unit_id", wide_id(), nullable=False),
        sa.Column("completion_id", wide_id(), nullable=True),
        sa.Column("sign", wide_id(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("cause", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_coverage_entry_completion_id")),
        sa.ForeignKeyConstraint(
            ["indicator_version_id"], ["indicator_version.id"], name=op.f("fk_coverage_entry_indicator_version_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_coverage_entry_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_coverage_entry_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_entry")),
    )
    with op.batch_alter_table("coverage_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_coverage_entry_subject", ["indicator_version_id", "person_id", "measure", "period"], unique=False
        )
        batch_op.create_index(
            "ix_coverage_entry_unit",
            ["indicator_version_id", "measure", "period", "unit_id", "effective_on"],
            unique=False,
        )

    op.create_table(
        "lesson_file",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("lesson_version_id", wide_id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("asset_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_lesson_file_asset_id")),
        sa.ForeignKeyConstraint(
            ["lesson_version_id"], ["lesson_version.id"], name=op.f("fk_lesson_file_lesson_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_file")),
        sa.UniqueConstraint("lesson_version_id", "name", name=op.f("uq_lesson_file_lesson_version_id_name")),
    )
    with op.batch_alter_table("lesson_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesson_file_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "progress_client",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("video_progress_id", wide_id(), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("taken", sa.JSON(), nullable=False),
        sa.Column("last_sequence", wide_id(), nullable=False),
        sa.Column("last_credited_s", sa.Double(), nullable=False),
        sa.Column("last_refusal", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_progress_id"], ["video_progress.id"], name=op.f("fk_progress_client_video_progress_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_client")),
        sa.UniqueConstraint(
            "video_progress_id", "client_id", name=op.f("uq_progress_client_video_progress_id_client_id")
        ),
    )
    with op.batch_alter_table("progress_client", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_progress_client_updated_at"), ["updated_at"], unique=False)

    op.create_table(
        "certificate_document",
        sa.Column("certificate_id", wide_id(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", wide_id(), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_document_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_document")),
    )
    with op.batch_alter_table("certificate_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_document_sha256"), ["sha256"], unique=False)

    op.create_table(
        "certificate_revocation",
        sa.Column("certificate_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_revocation_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_revocation")),
    )
