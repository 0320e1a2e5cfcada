"""Consents withdrawn (law 91/2025): the proof of what was given stays, what rested on it ends at once."""

import dataclasses

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.identity import sealing
from app.identity.models import Account, Consent, Person
from app.identity.people import people
from app.identity.records import belongs_to
from app.identity.sign_in import accounts


def withdraw(db: Session, consent: Consent) -> None:
    """The consent holds no more; its purpose decides what ends. Withdrawn before, nothing happens."""
    if consent.withdrawn_at is not None:
        return
    consent.withdrawn_at = clock.now()
    person = db.get_one(Person, consent.person_id)
    if consent.purpose == "statistics":
        person.sex = None
        people.set_fields(person, dataclasses.replace(sealing.unseal(person), birth_year=None))
    elif consent.purpose == "account":
        account = db.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()
        if account is not None:
            account.disabled_at, account.idled_at = account.disabled_at or clock.now(), None
            accounts.sign_out_everywhere(db, account.id)
    db.flush()


def consents_of(db: Session, person_id: int) -> list[Consent]:
    """All that were given, withdrawn ones too, in their order."""
    return list(db.scalars(select(Consent).where(belongs_to(Consent.person_id, person_id)).order_by(Consent.id)))
