"""look assets up: by unit and by name, and say which one a newer one replaces"""

import sqlalchemy as sa
from alembic import op

from app.core.text import fold
from migrations.columns import wide_id

revision = "0054"
down_revision = "0053"

_ASSET = sa.table(
    "asset", sa.column("id", wide_id()), sa.column("file_name", sa.Text), sa.column("folded_name", sa.Text)
)


def upgrade() -> None:
    op.add_column("asset", sa.Column("folded_name", sa.Text(), server_default="", nullable=False))
    op.add_column("asset", sa.Column("replaces_id", wide_id(), nullable=True))
    op.create_index(op.f("ix_asset_replaces_id"), "asset", ["replaces_id"])
    op.create_index(op.f("ix_asset_unit_id_id"), "asset", ["unit_id", "id"])
    names = op.get_bind().execute(sa.select(_ASSET.c.id, _ASSET.c.file_name)).all()
    if names:
        op.get_bind().execute(
            _ASSET.update().where(_ASSET.c.id == sa.bindparam("of")).values(folded_name=sa.bindparam("folded")),
            [{"of": asset_id, "folded": fold(name)} for asset_id, name in names],
        )
