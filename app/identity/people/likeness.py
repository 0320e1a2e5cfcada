"""Finds out by what twins are found (Person.likeness) for people who were there before anybody asked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.core.jobs import JobContext
from app.identity import sealing
from app.identity.models import Person

_CHUNK = 500


def note_likeness(context: JobContext) -> Mapping[str, Any]:
    """Of everybody without one; the field key is here and not in a migration."""
    noted = 0
    while True:
        with context.database.writing() as db:
            people = db.scalars(select(Person).where(Person.likeness.is_(None)).order_by(Person.id).limit(_CHUNK)).all()
            for person in people:
                person.likeness = sealing.likeness(person.folded_name, sealing.unseal(person).birth_date)
        if not people:
            return {"noted": noted}
        noted += len(people)
        context.beat()
