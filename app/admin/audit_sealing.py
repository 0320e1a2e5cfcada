"""Every few minutes: what is new in the audit gets its seal."""

from app.core.audit_seals import seal_next, settled_id
from app.core.jobs import JobContext, JobFunction


def seal_audit(context: JobContext) -> dict[str, int]:
    """Seal all that no open transaction can still get in between of; what it must leave is the next run's."""
    database = context.database
    up_to = settled_id(database)
    sealed = 0
    while up_to is not None:
        # Two workers would seal the same entries: one waits, and finds them sealed.
        with database.alone("seal-audit"), database.writing() as db:
            seal = seal_next(db, up_to)
            if seal is None:
                break
            sealed += seal.entry_count
        context.beat()
    return {"sealed": sealed}


JOBS: dict[str, JobFunction] = {"admin.seal_audit": seal_audit}
