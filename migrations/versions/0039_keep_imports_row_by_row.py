"""keep lists of people row by row, so that long ones are worked on in parts, mended and taken back"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.add_column("people_import", sa.Column("stage", sa.String(length=10), server_default="", nullable=False))
    op.add_column("people_import", sa.Column("applied_at", Instant(), nullable=True))
    # Whoever waits to be checked or applied is read anew into rows; what was finished keeps its result as it is.
    op.execute(
        "UPDATE people_import SET stage = 'reading' WHERE kind = 'people' AND result_key = '' AND source_key != ''"
    )
    op.create_table(
        "people_import_row",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("import_id", wide_id(), nullable=False),
        sa.Column("position", wide_id(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.String(length=20), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("wrote", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["people_import.id"], name=op.f("fk_people_import_row_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_import_row")),
    )
    rows = "people_import_row"
    op.create_index(op.f("ix_people_import_row_import_id_position"), rows, ["import_id", "position"], unique=True)
    for column in ("stage", "outcome", "problem"):
        op.create_index(
            op.f(f"ix_people_import_row_import_id_{column}_position"), rows, ["import_id", column, "position"]
        )
    op.create_table(
        "people_import_key",
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("row_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["row_id"], ["people_import_row.id"], name=op.f("fk_people_import_key_row_id")),
        sa.PrimaryKeyConstraint("digest", "row_id", name=op.f("pk_people_import_key")),
    )
    op.create_index(op.f("ix_people_import_key_row_id"), "people_import_key", ["row_id"])
