"""measure more than videos: progress by block, and what each lesson asks"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0011"
down_revision = "0010"

_OLD = "enrolment_id, lesson_key, block_id, spans, watched_s, played_s, position_s, started_at, updated_at"
_NEW = "enrolment_id, lesson_key, block_id, spans, earned, spent_s, position, started_at, updated_at"
_OLD_CLIENT = "video_progress_id, client_id, taken, last_sequence, last_credited_s, last_refusal, updated_at"
_NEW_CLIENT = "block_progress_id, client_id, taken, last_sequence, last_credited, last_refusal, updated_at"


def upgrade() -> None:
    # Made anew rather than renamed: a renamed table keeps the names of its constraints.
    op.create_table(
        "block_progress",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=False),
        sa.Column("lesson_key", sa.String(length=40), nullable=False),
        sa.Column("block_id", sa.String(length=40), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("earned", sa.Double(), nullable=False),
        sa.Column("spent_s", sa.Double(), nullable=False),
        sa.Column("position", sa.Double(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_block_progress_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_progress")),
        sa.UniqueConstraint(
            "enrolment_id", "lesson_key", "block_id", name=op.f("uq_block_progress_enrolment_id_lesson_key_block_id")
        ),
    )
    op.execute(f"INSERT INTO block_progress (id, {_NEW}) SELECT id, {_OLD} FROM video_progress")  # noqa: S608
    op.execute("CREATE TEMPORARY TABLE clients_before AS SELECT * FROM progress_client")
    op.drop_table("progress_client")
    op.drop_table("video_progress")
    op.create_table(
        "progress_client",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("block_progress_id", wide_id(), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("taken", sa.JSON(), nullable=False),
        sa.Column("last_sequence", wide_id(), nullable=False),
        sa.Column("last_credited", sa.Double(), nullable=False),
        sa.Column("last_refusal", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_progress_id"], ["block_progress.id"], name=op.f("fk_progress_client_block_progress_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_client")),
        sa.UniqueConstraint(
            "block_progress_id", "client_id", name=op.f("uq_progress_client_block_progress_id_client_id")
        ),
    )
    op.create_index(op.f("ix_progress_client_updated_at"), "progress_client", ["updated_at"])
    op.execute(
        f"INSERT INTO progress_client (id, {_NEW_CLIENT}) SELECT id, {_OLD_CLIENT} FROM clients_before"  # noqa: S608
    )
    op.execute("DROP TABLE clients_before")
    if op.get_bind().dialect.name == "postgresql":
        for table in ("block_progress", "progress_client"):
            op.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table})) "  # noqa: S608
                f"WHERE EXISTS (SELECT 1 FROM {table})"
            )
    op.add_column("lesson_version", sa.Column("completion_rule", sa.JSON(none_as_null=True), nullable=True))
