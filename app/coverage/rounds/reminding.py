"""Reminders of declaration rounds, each morning."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.coverage.rounds.models import DeclarationRound
from app.coverage.rounds.opening import remind

# Days before the deadline, and the day after it.
DAYS_BEFORE = (7, 3, 1, 0, -1)


def remind_due(context: JobContext) -> Mapping[str, Any]:
    """Tell who owes an answer; a second run the same day tells nobody twice."""
    today, told = clock.today(), 0
    days = {today + timedelta(days=before): before for before in DAYS_BEFORE}
    with context.database.reading() as db:
        rounds = select(DeclarationRound.id, DeclarationRound.due_on).where(
            DeclarationRound.closed_at.is_(None), DeclarationRound.due_on.in_(days)
        )
        due = list(db.execute(rounds).all())
    for round_id, due_on in due:
        with context.database.writing() as db:
            told += remind(db, db.get_one(DeclarationRound, round_id), f"due{days[due_on]}")
    return {"told": told}


JOBS: dict[str, JobFunction] = {"declarations.remind": remind_due}
