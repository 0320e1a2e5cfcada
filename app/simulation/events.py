"""What can happen to a simulated person, each at an instant. The services can be told the same (tests/simulation)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from app.identity.identifiers import Sex
from app.simulation.shelf import Lesson, Shelved


class Joins(NamedTuple):
    """The person becomes known."""

    at: datetime


class TakesPost(NamedTuple):
    """`post` numbers the person's posts from 0."""

    at: datetime
    post: int
    unit_id: int
    title: str
    audiences: tuple[str, ...]
    is_leader: bool
    is_primary: bool
    started_on: date


class LeavesPost(NamedTuple):
    at: datetime
    post: int
    ended_on: date


class Enrols(NamedTuple):
    at: datetime
    course: Shelved


class Watches(NamedTuple):
    """A whole video, told by one save of the page opened at `opened_at`."""

    at: datetime
    course: Shelved
    lesson: Lesson
    video: int
    opened_at: datetime


class Reads(NamedTuple):
    """The word that a lesson is read, and with it the pages of its documents seen."""

    at: datetime
    course: Shelved
    lesson: Lesson
    opened_at: datetime


class StartsQuiz(NamedTuple):
    at: datetime
    course: Shelved
    lesson: Lesson
    variant: int


class SubmitsQuiz(NamedTuple):
    at: datetime
    course: Shelved
    lesson: Lesson
    variant: int
    passes: bool


class Attends(NamedTuple):
    """A course completed elsewhere than online; the result is entered at `at`."""

    at: datetime
    course: Shelved
    how: str
    completed_on: date
    score_percent: float | None


class IsAnnulled(NamedTuple):
    """The person's completion of this course in this way ends."""

    at: datetime
    course: Shelved
    how: str
    reason: str
    fraud: bool


Happening = (
    Joins | TakesPost | LeavesPost | Enrols | Watches | Reads | StartsQuiz | SubmitsQuiz | Attends | IsAnnulled
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """One person and all that happened, in order of time. `number` counts the simulated people of a database from 1."""

    number: int
    name: str
    sex: Sex
    birth_date: date
    email: str | None
    happenings: tuple[Happening, ...]
    # When the completions that bring a certificate were recorded: certificates are numbered in this order.
    certified_at: tuple[datetime, ...]
