"""Background work of learning."""

from datetime import timedelta

from sqlalchemy import delete

from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.learning.models import ProgressClient

# A page silent for a month will not repeat a save; how people watched is kept no longer than needed (DESIGN 9).
FORGET_AFTER = timedelta(days=30)


def forget_progress_clients(context: JobContext) -> dict[str, int]:
    """Delete what is only needed to recognise repeated saves; what was watched stays."""
    with context.database.writing() as db:
        gone = db.execute(
            delete(ProgressClient)
            .where(ProgressClient.updated_at < clock.now() - FORGET_AFTER)
            .returning(ProgressClient.id)
        ).all()
    return {"forgotten": len(gone)}


JOBS: dict[str, JobFunction] = {"learning.forget_progress_clients": forget_progress_clients}
