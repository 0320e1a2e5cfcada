"""tell completions apart: by occasion, with an end of validity, and of what was learned outside of our courses"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0008"
down_revision = "0007"

_ONE_SUBJECT = (
    "(course_id IS NOT NULL AND course_version_id IS NOT NULL AND programme_code IS NULL AND title IS NULL)"
    " OR (course_id IS NULL AND course_version_id IS NULL AND programme_code IS NOT NULL AND title IS NOT NULL)"
)
_OF_COURSE = ["person_id", "course_version_id", "how", "occasion"]
_OF_TASK = ["person_id", "programme_code", "how", "occasion"]


def upgrade() -> None:
    op.add_column("course_version", sa.Column("completion_rule", sa.JSON(), server_default="{}", nullable=False))
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        _alter()
    op.create_index(
        op.f("ix_completion_programme_code_completed_on"), "completion", ["programme_code", "completed_on"]
    )  # fmt: skip


def _rebuild() -> None:
    """SQLite cannot make a column optional, so the table is made anew, as in 0005, with the triggers of 0002."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMPORARY TABLE completions_before AS SELECT * FROM completion")
    op.drop_table("completion")
    op.create_table(
        "completion",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("enrolment_id", wide_id(), nullable=True),
        sa.Column("course_id", wide_id(), nullable=True),
        sa.Column("course_version_id", wide_id(), nullable=True),
        sa.Column("programme_code", sa.String(length=30), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("occasion", sa.String(length=40), server_default="", nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("score_percent", sa.Double(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.CheckConstraint(_ONE_SUBJECT, name=op.f("ck_completion_one_subject")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_completion_course_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_completion_course_version_id")
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_completion_enrolment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_completion_person_id")),
        sa.ForeignKeyConstraint(["programme_code"], ["programme.code"], name=op.f("fk_completion_programme_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion")),
        sa.UniqueConstraint(*_OF_COURSE, name=op.f(f"uq_completion_{'_'.join(_OF_COURSE)}")),
        sa.UniqueConstraint(*_OF_TASK, name=op.f(f"uq_completion_{'_'.join(_OF_TASK)}")),
    )
    kept = "id, person_id, enrolment_id, course_id, course_version_id, how, completed_on, recorded_at, score_percent, hours"
    op.execute(f"INSERT INTO completion ({kept}) SELECT {kept} FROM completions_before")  # noqa: S608
    op.execute("DROP TABLE completions_before")
    for column in ("person_id", "course_id", "course_version_id"):
        op.create_index(op.f(f"ix_completion_{column}_completed_on"), "completion", [column, "completed_on"])
    op.create_index(op.f("ix_completion_completed_on"), "completion", ["completed_on"])
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER completion_refuses_{verb.lower()} BEFORE {verb} ON completion "
            "BEGIN SELECT RAISE(ABORT, 'completion is append-only'); END"
        )


def _alter() -> None:
    for column in ("course_id", "course_version_id"):
        op.alter_column("completion", column, nullable=True)
    op.add_column("completion", sa.Column("programme_code", sa.String(length=30), nullable=True))
    op.add_column("completion", sa.Column("title", sa.String(length=200), nullable=True))
    op.add_column("completion", sa.Column("occasion", sa.String(length=40), server_default="", nullable=False))
    op.add_column("completion", sa.Column("valid_until", sa.Date(), nullable=True))
    op.create_foreign_key(
        op.f("fk_completion_programme_code"), "completion", "programme", ["programme_code"], ["code"]
    )  # fmt: skip
    op.drop_constraint(op.f("uq_completion_person_id_course_version_id_how"), "completion")
    for columns in (_OF_COURSE, _OF_TASK):
        op.create_unique_constraint(op.f(f"uq_completion_{'_'.join(columns)}"), "completion", columns)
    op.create_check_constraint(op.f("ck_completion_one_subject"), "completion", _ONE_SUBJECT)
