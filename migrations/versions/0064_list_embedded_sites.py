"""list the sites whose videos lessons may embed"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import wide_id

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    table = op.create_table(
        "embed_site",
        sa.Column("id", wide_id(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("frame", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embed_site")),
    )
    # As app/catalogue/embeds.py (USUAL) had it then.
    hosts = ("www.youtube.com/watch?v={id}", "youtube.com/watch?v={id}", "m.youtube.com/watch?v={id}", "youtu.be/{id}")
    more = ("www.youtube.com/shorts/{id}", "www.youtube.com/live/{id}")
    frame = "https://www.youtube-nocookie.com/embed/{id}"
    op.bulk_insert(table, [{"name": "YouTube", "addresses": [*hosts, *more], "frame": frame}])
