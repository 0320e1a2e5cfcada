"""Background work of coverage: the nightly comparison, trying again what failed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, union

from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.coverage.counting.ledger import Difference, reconcile
from app.coverage.handlers import retry_pending
from app.coverage.models import CoverageEntry
from app.identity.models import Affiliation
from app.learning.models import Completion

_CHUNK = 500


def rebuild(context: JobContext) -> Mapping[str, Any]:
    """Compare the ledger with the facts, person by person, and append what differs; there must be nothing."""
    found = Difference()
    with context.database.reading() as db:
        everybody = people_with_figures(db)
    for start in range(0, len(everybody), _CHUNK):
        chunk = everybody[start : start + _CHUNK]
        with context.database.writing() as db:
            step = reconcile(db, chunk, "rebuild")
        found.people += step.people
        found.entries += step.entries
        context.progress((start + len(chunk)) / len(everybody), _("Đã đối chiếu %(n)s người", n=start + len(chunk)))
    return {"checked": len(everybody), "people": found.people, "entries": found.entries}


def retry(context: JobContext) -> Mapping[str, Any]:
    with context.database.writing() as db:
        settled, waiting = retry_pending(db)
    return {"settled": settled, "waiting": waiting}


def people_with_figures(db: Any) -> list[int]:
    """Everybody who has a post, a completion or an entry."""
    ids = union(select(Affiliation.person_id), select(Completion.person_id), select(CoverageEntry.person_id)).subquery()
    return list(db.scalars(select(ids.c.person_id).group_by(ids.c.person_id).order_by(func.min(ids.c.person_id))))


JOBS: dict[str, JobFunction] = {
    "coverage.rebuild": rebuild,
    "coverage.retry_pending": retry,
}
