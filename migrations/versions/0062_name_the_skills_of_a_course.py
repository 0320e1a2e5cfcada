"""name the skills of a course"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.add_column("course_version", sa.Column("skills", sa.JSON(), server_default="[]", nullable=False))
