"""let papers be replaced and signed: forms by date, a series for each issuer, editions, keys, files to take away"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.append_only import refuse_changes
from migrations.columns import wide_id

revision = "0014"
down_revision = "0013"

_APPEND_ONLY = ("certificate_form", "certificate_replacement", "certificate_key")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _make_tables()
    if is_sqlite:
        _rebuild_certificates()
    else:
        _alter_certificates()
    # Alembic would add the reference in a second step, which SQLite has not.
    op.execute(
        "ALTER TABLE certificate_document ADD COLUMN signed_by VARCHAR(64) "
        "CONSTRAINT fk_certificate_document_signed_by REFERENCES certificate_key (id)"
    )
    _split_series("instr" if is_sqlite else "strpos")
    refuse_changes(*_APPEND_ONLY)


def _make_tables() -> None:
    op.create_table(
        "certificate_form",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("superior_name", sa.String(length=200), nullable=False),
        sa.Column("issuer_name", sa.String(length=200), nullable=False),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("signer_authority", sa.String(length=120), nullable=False),
        sa.Column("signer_title", sa.String(length=120), nullable=False),
        sa.Column("signer_name", sa.String(length=120), nullable=False),
        sa.Column("signature_key", sa.String(length=200), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("lead", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=False),
        sa.Column("has_seal_place", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_form")),
    )
    op.create_table(
        "certificate_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_key")),
    )
    op.create_table(
        "certificate_replacement",
        sa.Column("certificate_id", wide_id(), nullable=False),
        sa.Column("new_certificate_id", wide_id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaced_at", Instant(), nullable=False),
        sa.Column("account_id", wide_id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_replacement_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["new_certificate_id"], ["certificate.id"], name=op.f("fk_certificate_replacement_new_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_replacement")),
        sa.UniqueConstraint("new_certificate_id", name=op.f("uq_certificate_replacement_new_certificate_id")),
    )
    op.create_table(
        "certificate_file",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("account_id", wide_id(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("format", sa.String(length=6), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("job_id", wide_id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("count", wide_id(), nullable=True),
        sa.Column("size", wide_id(), nullable=True),
        sa.Column("storage_key", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_certificate_file_account_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_certificate_file_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_file")),
    )


def _rebuild_certificates() -> None:
    """SQLite cannot drop the rule "one paper for a completion", so the table is made anew.

    Documents and revocations point at it: with deferred keys the old rows may go as long as they are back before the
    commit. Dropping a table fires no triggers, but takes them with it.
    """
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMPORARY TABLE certificates_before AS SELECT * FROM certificate")
    op.drop_table("certificate")
    op.create_table(
        "certificate",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("completion_id", wide_id(), nullable=False),
        sa.Column("edition", wide_id(), nullable=False),
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
        sa.Column("signer_authority", sa.String(length=120), nullable=False),
        sa.Column("signer_name", sa.String(length=120), nullable=False),
        sa.Column("signer_title", sa.String(length=120), nullable=False),
        sa.Column("form_id", wide_id(), nullable=True),
        sa.Column("template_version", sa.String(length=20), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_certificate_completion_id")),
        sa.ForeignKeyConstraint(["form_id"], ["certificate_form.id"], name=op.f("fk_certificate_form_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_certificate_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("completion_id", "edition", name=op.f("uq_certificate_completion_id_edition")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
    )
    op.create_index(op.f("ix_certificate_person_id"), "certificate", ["person_id"])
    op.create_index(op.f("ix_certificate_issued_on_completion_id"), "certificate", ["issued_on", "completion_id"])
    kept = (
        "id, code, number, completion_id, person_id, holder_name, folded_holder_name, sealed_birth_date, holder_title, "
        "unit_id, unit_name, title, course_title, course_version_number, hours, score_percent, completed_on, "
        "issued_on, superior_name, issuer_name, signer_name, signer_title, template_version, recorded_at"
    )
    op.execute(
        f"INSERT INTO certificate ({kept}, edition, signer_authority) "  # noqa: S608
        f"SELECT {kept}, 1, '' FROM certificates_before ORDER BY id"
    )
    op.execute("DROP TABLE certificates_before")
    refuse_changes("certificate")


def _alter_certificates() -> None:
    # The defaults fill what is there; the application names every column itself.
    op.add_column("certificate", sa.Column("edition", wide_id(), nullable=False, server_default="1"))
    op.add_column(
        "certificate", sa.Column("signer_authority", sa.String(length=120), nullable=False, server_default="")
    )
    op.alter_column("certificate", "edition", server_default=None)
    op.alter_column("certificate", "signer_authority", server_default=None)
    op.add_column("certificate", sa.Column("form_id", wide_id(), nullable=True))
    op.create_foreign_key(op.f("fk_certificate_form_id"), "certificate", "certificate_form", ["form_id"], ["id"])
    op.create_unique_constraint(
        op.f("uq_certificate_completion_id_edition"), "certificate", ["completion_id", "edition"]
    )
    op.drop_constraint(op.f("uq_certificate_completion_id"), "certificate", type_="unique")


def _split_series(position: str) -> None:
    """Until now one series a year ran across issuers: each goes on from its own highest number.

    A number is 00412/2026/HS-SKHCN. A year that issued nothing yet goes on under the symbol of today.
    """
    connection = op.get_bind()
    years = connection.execute(sa.text("SELECT year, last_number FROM certificate_series")).all()
    tails = connection.execute(
        sa.text(
            f"SELECT substr(number, {position}(number, '/') + 1), "  # noqa: S608
            f"max(CAST(substr(number, 1, {position}(number, '/') - 1) AS INTEGER)) "
            "FROM certificate WHERE number LIKE '%/____/%' GROUP BY 1"
        )
    ).all()
    last = {(tail[5:], int(tail[:4])): number for tail, number in tails}
    issued_in = {year for _symbol, year in last}
    last |= {("HS-SKHCN", year): number for year, number in years if year not in issued_in}
    op.drop_table("certificate_series")
    series = op.create_table(
        "certificate_series",
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("year", wide_id(), autoincrement=False, nullable=False),
        sa.Column("last_number", wide_id(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "year", name=op.f("pk_certificate_series")),
    )
    op.bulk_insert(
        series, [{"symbol": symbol, "year": year, "last_number": number} for (symbol, year), number in last.items()]
    )
