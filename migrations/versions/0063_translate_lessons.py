"""a lesson in several languages: translations of its text, recordings of it read aloud"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    for name, empty in (("titles", "{}"), ("translations", "[]"), ("translated_blocks", "{}"), ("recordings", "{}")):
        op.add_column("lesson_version", sa.Column(name, sa.JSON(), nullable=False, server_default=empty))
