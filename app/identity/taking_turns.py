"""Who changes what is about the same person, and reads first what is there, takes turns."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.identity.records import records_by_holder


def take_turns(db: Session, person_ids: Iterable[int]) -> None:
    """From here to the end of the transaction nobody else passes this point for these people.

    For all records of theirs (records.py). What is read afterwards is what the others left. On SQLite writers take
    turns anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        # In order of id, so that two transactions never wait for each other in a circle.
        everybody = {one for records in records_by_holder(db, person_ids).values() for one in records}
        people = select(Person.id).where(Person.id.in_(everybody)).order_by(Person.id)
        db.execute(people.with_for_update(key_share=True))
