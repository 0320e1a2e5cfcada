"""say how long a paper counts: the end of validity of its completion, on certificates issued from now on"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("certificate", sa.Column("valid_until", sa.Date(), nullable=True))
