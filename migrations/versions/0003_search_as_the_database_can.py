"""search as the database can: indexes for words anywhere in a text on PostgreSQL; SQLite reads the texts as they are"""

import sqlalchemy as sa
from alembic import op

from app.core.errors import CommandFailed
from app.core.i18n import lazy as _

revision = "0003"
down_revision = "0002"

TABLES = ("course_version", "lesson_version")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    # 0001 could name it only for SQLite, which takes tables in any order.
    op.create_foreign_key(
        "fk_course_published_version_id", "course", "course_version", ["published_version_id"], ["id"]
    )
    try:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except sa.exc.DBAPIError as error:
        raise CommandFailed(
            _(
                "Máy chủ PostgreSQL chưa có phần mở rộng pg_trgm mà việc tìm kiếm cần, và tài khoản trong DATABASE_URL "
                "không tạo được nó (%(reason)s). Hãy cài gói contrib của PostgreSQL rồi chạy trong cơ sở dữ liệu này, "
                "bằng tài khoản quản trị: CREATE EXTENSION pg_trgm;"
            ),
            reason=str(error.orig).splitlines()[0],
        ) from error
    for table in TABLES:
        # As all text (migrations/env.py), but before other things depend on it.
        op.execute(f'ALTER TABLE {table} ALTER folded_text TYPE text COLLATE "C"')
        op.execute(f"CREATE INDEX search_{table}_letters ON {table} USING gin (folded_text gin_trgm_ops)")
        # Words of one or two letters have no three in a row: those are found as whole words (catalogue.search). Stored,
        # since taking texts apart at each search would cost seconds where many hold the word.
        op.execute(
            f"ALTER TABLE {table} ADD search_words tsvector GENERATED ALWAYS AS "
            "(to_tsvector('simple', regexp_replace(folded_text, '[^a-z0-9]+', ' ', 'g'))) STORED"
        )
        op.execute(f"CREATE INDEX search_{table}_words ON {table} USING gin (search_words)")
