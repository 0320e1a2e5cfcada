"""merge people: records that are one human being, merges to undo, pairs that are not the same, a hash to find twins"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("person", sa.Column("likeness", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("ix_person_likeness"), "person", ["likeness"])
    op.create_table(
        "merged_record",
        sa.Column("person_id", wide_id(), autoincrement=False, nullable=False),
        sa.Column("holder_id", wide_id(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_merged_record_person_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name=op.f("fk_merged_record_holder_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_merged_record")),
    )
    op.create_index(op.f("ix_merged_record_holder_id"), "merged_record", ["holder_id"])
    op.create_table(
        "person_merge",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("alias_id", wide_id(), nullable=False),
        sa.Column("swapped", sa.JSON(), nullable=False),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("alias_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("merged_by", wide_id(), nullable=True),
        sa.Column("merged_at", Instant(), nullable=False),
        sa.Column("undone_by", wide_id(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_merge_person_id")),
        sa.ForeignKeyConstraint(["alias_id"], ["person.id"], name=op.f("fk_person_merge_alias_id")),
        sa.ForeignKeyConstraint(["merged_by"], ["account.id"], name=op.f("fk_person_merge_merged_by")),
        sa.ForeignKeyConstraint(["undone_by"], ["account.id"], name=op.f("fk_person_merge_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merge")),
    )
    op.create_index(op.f("ix_person_merge_person_id"), "person_merge", ["person_id"])
    op.create_index(op.f("ix_person_merge_alias_id"), "person_merge", ["alias_id"])
    op.create_table(
        "distinct_people",
        sa.Column("one_id", wide_id(), nullable=False),
        sa.Column("other_id", wide_id(), nullable=False),
        sa.Column("decided_by", wide_id(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["one_id"], ["person.id"], name=op.f("fk_distinct_people_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name=op.f("fk_distinct_people_other_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_distinct_people_decided_by")),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_distinct_people")),
    )
