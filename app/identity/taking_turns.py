"""Who changes what is about the same person, and reads first what is there, takes turns."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import Person


def take_turns(db: Session, person_ids: Iterable[int]) -> None:
    """From here to the end of the transaction nobody else passes this point for these people.

    What is read afterwards is what the others left. On SQLite writers take turns anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        # In order of id, so that two transactions never wait for each other in a circle.
        people = select(Person.id).where(Person.id.in_(list(person_ids))).order_by(Person.id)
        db.execute(people.with_for_update(key_share=True))
