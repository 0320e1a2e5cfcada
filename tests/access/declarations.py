"""Every route of the application: what to send it, whom it lets in, and what everybody else gets.

`{names}` in addresses, forms and secrets are fields of the world. A call always aims at something that exists.
"""

from tests.access import (
    declared_authoring,
    declared_learning,
    declared_people,
    declared_planning,
    declared_records,
)
from tests.access.calls import EVERYBODY, SIGNED_IN, Declared

DECLARED: tuple[Declared, ...] = (
    *declared_people.DECLARED, *declared_learning.DECLARED, *declared_records.DECLARED, *declared_authoring.DECLARED,
    *declared_planning.DECLARED,
)  # fmt: skip

__all__ = ["DECLARED", "EVERYBODY", "SIGNED_IN", "Declared"]
