"""How long the law leaves for a request: decree 356/2025 gives two working days to answer, and days to do it by kind.

Working days are Monday to Friday: the platform keeps no table of Vietnam's holidays, so a date can only be too early.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from app.privacy.models import Kind, State

ANSWER_WORKING_DAYS = 2
# Calendar days from the request, the stricter reading.
DEED_DAYS: dict[Kind, int] = {"see": 10, "correct": 10, "copy": 10, "withdraw": 15, "erase": 20}
_SOON = timedelta(days=2)
_SATURDAY = 5

Pressure = Literal["late", "soon", "calm"]


@dataclass(frozen=True)
class Due:
    """The next thing the law asks for: an answer, or the deed that was granted."""

    what: Literal["answer", "deed"]
    on: date

    def pressure(self, today: date) -> Pressure:
        if self.on < today:
            return "late"
        return "soon" if self.on - today <= _SOON else "calm"


def answer_due(asked_on: date) -> date:
    """The second working day after the request."""
    day, left = asked_on, ANSWER_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    return day


def deed_due(kind: Kind, asked_on: date) -> date:
    return asked_on + timedelta(days=DEED_DAYS[kind])


def next_due(kind: Kind, state: State, asked_on: date) -> Due | None:
    """None once nothing is owed any more."""
    if state == "waiting":
        return Due("answer", answer_due(asked_on))
    return Due("deed", deed_due(kind, asked_on)) if state == "granted" else None
