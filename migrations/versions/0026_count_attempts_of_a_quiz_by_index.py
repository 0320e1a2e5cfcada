"""count the attempts of a quiz by index: every night, to see which figures of questions are out of date"""

from alembic import op

revision = "0026"
down_revision = "0025"

_COLUMNS = ["course_version_id", "lesson_key", "submitted_at"]


def upgrade() -> None:
    op.create_index(op.f(f"ix_attempt_{'_'.join(_COLUMNS)}"), "attempt", _COLUMNS)
