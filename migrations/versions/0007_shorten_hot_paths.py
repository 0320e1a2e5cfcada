"""shorten hot paths"""

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    pass
