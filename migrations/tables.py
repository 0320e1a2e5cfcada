"""Imports every table, so that the metadata is whole for migrations and their test."""

from app.assignments import models as assignments
from app.catalogue import models as catalogue
from app.certificates import models as certificates
from app.classes import models as classes
from app.community import models as community
from app.core import access, audit, jobs, limiting
from app.coverage import models as coverage
from app.identity import models as identity
from app.learning import models as learning
from app.media import models as media
from app.notices import models as notices


def is_compared(_item: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    """Whether alembic compares it with the models: all but what search has on PostgreSQL alone (0003)."""
    return not (kind in ("index", "column") and reflected and (name or "").startswith("search_"))


__all__ = [
    "access",
    "assignments",
    "audit",
    "catalogue",
    "certificates",
    "classes",
    "community",
    "coverage",
    "identity",
    "is_compared",
    "jobs",
    "learning",
    "limiting",
    "media",
    "notices",
]
