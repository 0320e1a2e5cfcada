"""Imports every table, so that the metadata is whole for migrations and their test."""

from app.catalogue import models as catalogue
from app.certificates import models as certificates
from app.core import access, audit, jobs
from app.coverage import models as coverage
from app.identity import models as identity
from app.learning import models as learning
from app.media import models as media

__all__ = ["access", "audit", "catalogue", "certificates", "coverage", "identity", "jobs", "learning", "media"]
