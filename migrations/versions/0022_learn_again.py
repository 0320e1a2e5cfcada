"""learn again: a round on each enrolment, and the days it counts"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0022"
down_revision = "0021"

_OLD, _NEW = ["person_id", "course_id"], ["person_id", "course_id", "round"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        for column in _added():
            op.add_column("enrolment", column)
        op.drop_constraint(op.f(f"uq_enrolment_{'_'.join(_OLD)}"), "enrolment")
        op.create_unique_constraint(op.f(f"uq_enrolment_{'_'.join(_NEW)}"), "enrolment", _NEW)


def _added() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("round", wide_id(), server_default="1", nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=True),
        sa.Column("counts_until", sa.Date(), nullable=True),
    )


def _rebuild() -> None:
    """SQLite cannot drop a constraint, so the table is made anew, as in 0005."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMPORARY TABLE enrolments_before AS SELECT * FROM enrolment")
    op.drop_table("enrolment")
    op.create_table(
        "enrolment",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=True),
        sa.Column("guest_id", wide_id(), nullable=True),
        sa.Column("course_id", wide_id(), nullable=False),
        sa.Column("course_version_id", wide_id(), nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        *_added(),
        sa.Column("last_lesson_key", sa.String(length=40), nullable=True),
        sa.Column("last_active_at", Instant(), nullable=False),
        sa.CheckConstraint("(person_id IS NULL) <> (guest_id IS NULL)", name=op.f("ck_enrolment_one_learner")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_enrolment_course_id")),
        sa.ForeignKeyConstraint(
            ["course_version_id"], ["course_version.id"], name=op.f("fk_enrolment_course_version_id")
        ),
        sa.ForeignKeyConstraint(["guest_id"], ["guest.id"], name=op.f("fk_enrolment_guest_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint(*_NEW, name=op.f(f"uq_enrolment_{'_'.join(_NEW)}")),
        sa.UniqueConstraint("guest_id", "course_id", name=op.f("uq_enrolment_guest_id_course_id")),
    )
    kept = "id, person_id, guest_id, course_id, course_version_id, enrolled_at, last_lesson_key, last_active_at"
    op.execute(f"INSERT INTO enrolment ({kept}) SELECT {kept} FROM enrolments_before")  # noqa: S608
    op.execute("DROP TABLE enrolments_before")
    for columns in (["course_id"], ["course_version_id", "enrolled_at", "person_id"]):
        op.create_index(op.f(f"ix_enrolment_{'_'.join(columns)}"), "enrolment", columns)
