"""Background work: sittings nobody closed."""

from app.core.jobs import JobContext, JobFunction
from app.exams import candidate_lists
from app.exams.models import ExamSitting
from app.exams.room import StillWriting, close, overdue


def close_overdue(context: JobContext) -> dict[str, int]:
    """Close them, each in a transaction of its own; who was given more time is waited for."""
    closed = 0
    with context.database.reading() as db:
        waiting = overdue(db)
    for sitting_id in waiting:
        context.beat()
        try:
            with context.database.writing() as db:
                close(db, db.get_one(ExamSitting, sitting_id, with_for_update=True), by=None)
        except StillWriting:
            continue
        closed += 1
    return {"closed": closed}


JOBS: dict[str, JobFunction] = {"exams.close_overdue": close_overdue} | candidate_lists.JOBS
