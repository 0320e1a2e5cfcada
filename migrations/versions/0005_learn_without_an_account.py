"""learn without an account: guests, consents, and who signed up by themselves"""

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from migrations.columns import wide_id

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "guest",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("holder_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest")),
        sa.UniqueConstraint("holder_digest", name=op.f("uq_guest_holder_digest")),
    )
    op.create_table(
        "consent",
        sa.Column("id", wide_id(), autoincrement=True, nullable=False),
        sa.Column("person_id", wide_id(), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"])
    op.add_column("person", sa.Column("signed_up_at", Instant(), nullable=True))
    op.add_column("person", sa.Column("declared_group", sa.String(length=10), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_enrolments()
    else:
        _alter_enrolments()


def _rebuild_enrolments() -> None:
    """SQLite cannot make a column optional, so the table is made anew.

    Records of learning point at it: with deferred keys the old rows may go as long as they are back before the commit.
    """
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
        sa.UniqueConstraint("person_id", "course_id", name=op.f("uq_enrolment_person_id_course_id")),
        sa.UniqueConstraint("guest_id", "course_id", name=op.f("uq_enrolment_guest_id_course_id")),
    )
    op.create_index(op.f("ix_enrolment_course_id"), "enrolment", ["course_id"])
    kept = "id, person_id, course_id, course_version_id, enrolled_at, last_lesson_key, last_active_at"
    op.execute(f"INSERT INTO enrolment ({kept}) SELECT {kept} FROM enrolments_before")  # noqa: S608
    op.execute("DROP TABLE enrolments_before")


def _alter_enrolments() -> None:
    op.alter_column("enrolment", "person_id", nullable=True)
    op.add_column("enrolment", sa.Column("guest_id", wide_id(), nullable=True))
    op.create_foreign_key(op.f("fk_enrolment_guest_id"), "enrolment", "guest", ["guest_id"], ["id"])
    op.create_unique_constraint(op.f("uq_enrolment_guest_id_course_id"), "enrolment", ["guest_id", "course_id"])
    op.create_check_constraint(
        op.f("ck_enrolment_one_learner"), "enrolment", "(person_id IS NULL) <> (guest_id IS NULL)"
    )
