"""say who saved a version of a course"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import wide_id

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.add_column("course_version", sa.Column("created_by", wide_id(), nullable=True))
    # Published ones are never changed, not even here: for those it stays unknown.
    op.execute(
        "UPDATE course_version SET created_by = (SELECT max(account_id) FROM audit_entry WHERE action = 'course.save' "
        "AND subject_kind = 'course_version' AND subject_id = CAST(course_version.id AS VARCHAR(60))) "
        "WHERE state = 'draft'"
    )
