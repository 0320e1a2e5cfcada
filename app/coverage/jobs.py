"""Background work of coverage: the nightly comparison and counts, following what changed, trying again what failed."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction, enqueue
from app.coverage.counting.settling import settle
from app.coverage.handlers import retry_pending
from app.coverage.programmes.kept import count_years
from app.coverage.rebuilding import compare_everybody

# So many rows in a minute are some milliseconds of a page.
_MANY, _SOON = 200, timedelta(seconds=5)


def rebuild(context: JobContext, cause: str) -> Mapping[str, Any]:
    """Compare the ledger with the facts, person by person, and append what differs; at night there must be nothing."""

    def tell(done: int, all_: int) -> None:
        context.progress(done / all_, _("Đã đối chiếu %(n)s người", n=done))

    found = compare_everybody(context.database, cause, tell)
    return {"checked": found.people_count, "people": found.differing_count, "entries": found.entry_count}


def retry(context: JobContext) -> Mapping[str, Any]:
    with context.database.writing() as db:
        settled, waiting = retry_pending(db)
    return {"settled": settled, "waiting": waiting}


def settle_balances(context: JobContext) -> Mapping[str, Any]:
    """Where much is going on the next time is soon: pages add up what has not been moved."""
    moved = settle(context.database)
    if moved > _MANY:
        with context.database.writing() as db:
            enqueue(db, "coverage.settle", unique_key="coverage.settle", delay=_SOON)
    return {"moved": moved}


def count_programmes(context: JobContext) -> Mapping[str, Any]:
    return {"kept": count_years(context.database)}


JOBS: dict[str, JobFunction] = {
    "coverage.count_programmes": count_programmes,
    "coverage.compare": partial(rebuild, cause="nightly"),
    "coverage.rebuild": partial(rebuild, cause="change"),
    "coverage.retry_pending": retry,
    "coverage.settle": settle_balances,
}
