"""How many people's data the installation holds, and the level of protection that asks for.

Decree 331/2026 (taken over in domain knowledge as: level 2 below 100,000 people with basic data, level 3 from there, or
from 10,000 people with sensitive data). How somebody watched is behaviour that was tracked, which counts as sensitive.
"""

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.learning.models import BlockProgress, Enrolment

LEVEL_3_PEOPLE = 100_000
LEVEL_3_WATCHED = 10_000


@dataclass(frozen=True)
class Subjects:
    """`people` are known by name; of `watched` among them there is a watch log."""

    people: int
    watched: int

    @property
    def level(self) -> int:
        return 3 if self.people >= LEVEL_3_PEOPLE or self.watched >= LEVEL_3_WATCHED else 2


def count_subjects(db: Session) -> Subjects:
    """People erased on request are none any more."""
    people = db.scalar(select(func.count()).select_from(Person).where(Person.erased_at.is_(None))) or 0
    logged = exists().where(BlockProgress.enrolment_id == Enrolment.id)
    watched = db.scalar(select(func.count(Enrolment.person_id.distinct())).where(logged)) or 0
    return Subjects(people, watched)
