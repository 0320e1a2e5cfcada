"""refuse changes of facts: what is appended or published stays as it is, whoever writes"""

from alembic import op

from app.catalogue import immutable as catalogue
from app.certificates import immutable as facts

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in (*catalogue.STATEMENTS[dialect], *facts.STATEMENTS[dialect]):
        op.execute(statement)
