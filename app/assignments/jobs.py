"""Background work of assignments: lists, rounds of a new year, reminders."""

from collections.abc import Mapping
from typing import Any

from app.assignments import service, telling
from app.assignments.members import keep_list, open_rounds
from app.assignments.models import AssignmentRound
from app.core import clock
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction


def keep_list_of(context: JobContext, assignment_id: int) -> Mapping[str, Any]:
    """Draw up the list of one assignment, or bring it up to date. Twice gives the same."""
    with context.database.writing() as db:
        return {"new": sum(keep_list(db, round_) for round_ in open_rounds(db, clock.today(), assignment_id))}


def keep_lists(context: JobContext) -> Mapping[str, Any]:
    """Every list: posts begin and end with the days, whether or not anybody enters them that day."""
    with context.database.writing() as db:
        begun = service.open_due_rounds(db)
    with context.database.reading() as db:
        round_ids = [round_.id for round_ in open_rounds(db, clock.today())]
    new = 0
    for place, round_id in enumerate(round_ids, start=1):
        with context.database.writing() as db:
            new += keep_list(db, db.get_one(AssignmentRound, round_id))
        context.progress(place / len(round_ids), _("%(done)s trên %(all)s danh sách", done=place, all=len(round_ids)))
    return {"rounds_begun": begun, "lists": len(round_ids), "new": new}


def remind(context: JobContext) -> Mapping[str, Any]:
    """The reminders of today; a second run the same day tells nobody twice."""
    today = clock.today()
    with context.database.reading() as db:
        round_ids = [round_.id for round_ in open_rounds(db, today)]
    told = managers = 0
    for place, round_id in enumerate(round_ids, start=1):
        with context.database.writing() as db:
            round_ = db.get_one(AssignmentRound, round_id)
            told += telling.remind_due(db, round_)
            if today.isoweekday() == 1:
                managers += telling.tell_managers(db, round_)
        context.progress(place / len(round_ids))
    return {"reminded": told, "managers": managers}


JOBS: dict[str, JobFunction] = {
    "assignments.keep_list": keep_list_of,
    "assignments.keep_lists": keep_lists,
    "assignments.remind": remind,
}
