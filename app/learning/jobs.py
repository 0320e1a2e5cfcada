"""Background work of learning."""

from datetime import timedelta

from sqlalchemy import delete

from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.learning import evidence, evidence_lists, guests
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


def forget_guests(context: JobContext) -> dict[str, int]:
    """Delete what guests did who have not come back for 30 days, a few hundred at a time so that nobody waits long."""
    forgotten = 0
    while True:
        with context.database.writing() as db:
            some = guests.forget_idle(db)
        if not some:
            return {"forgotten": forgotten}
        forgotten += some


JOBS: dict[str, JobFunction] = {
    "learning.forget_progress_clients": forget_progress_clients,
    "learning.forget_guests": forget_guests,
    "learning.forget_evidence": evidence.forget_files,
    evidence_lists.EVIDENCE.job: evidence_lists.run_list,
}
