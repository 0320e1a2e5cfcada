"""Background work of notices."""

from datetime import timedelta

from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.notices import service
from app.notices.contact_letters import send_check
from app.notices.reset_letters import send_reset
from app.notices.sending import send

# News of more than a year ago says nothing any more, and tells who was told what.
FORGET_AFTER = timedelta(days=400)


def look_for_due(context: JobContext) -> None:
    """What was put off is due some time: have it sent, beside no other sending."""
    with context.database.writing() as db:
        service.order_sending(db)


def forget_old(context: JobContext) -> dict[str, int]:
    forgotten = 0
    while True:
        with context.database.writing() as db:
            some = service.forget_before(db, clock.now() - FORGET_AFTER)
        if not some:
            return {"forgotten": forgotten}
        forgotten += some


JOBS: dict[str, JobFunction] = {
    "notices.send": send,
    "notices.send_check": send_check,
    "notices.send_reset": send_reset,
    "notices.look_for_due": look_for_due,
    "notices.forget_old": forget_old,
}
