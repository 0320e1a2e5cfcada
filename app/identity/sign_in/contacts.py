"""Showing that a phone or email is one's own: a code and a link go there, and whoever brings one of them back has it.

Only a verified contact finds its holder for resetting a password or linking an account (`verified_holder`). It counts
as long as the contact stays: another one is another row of person_lookup. What somebody wants to be reached at from
now on takes the place of what they had once it is shown to be theirs, not before.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, cast

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app.core import audit, clock, ids, keys
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.core.jobs import JobContext
from app.identity import sealing
from app.identity.models import Account, ContactCheck, Person, PersonLookup
from app.identity.people import people
from app.identity.taking_turns import take_turns

Kind = Literal["email", "phone"]
GOOD_FOR = timedelta(minutes=15)
# Of a million codes; how often one may have another sent is limited where it is ordered.
MOST_TRIES = 5
_LINK = "contact-check"


class ContactTaken(Conflict):
    text = _(
        "Địa chỉ hoặc số này đang thuộc một tài khoản khác. Nếu đó cũng là của anh/chị, hãy đăng nhập bằng tài khoản"
        " ấy, hoặc nhờ người phụ trách đơn vị."
    )


@dataclass(frozen=True)
class Contact:
    """A phone (E.164) or email of a person; `value` is empty if they have none."""

    kind: Kind
    value: str
    is_verified: bool


def contacts_of(person: Person) -> dict[Kind, Contact]:
    fields = sealing.unseal(person)
    verified = {lookup.kind for lookup in person.lookups if lookup.verified_at}
    kinds: tuple[Kind, ...] = ("email", "phone")
    return {kind: Contact(kind, getattr(fields, kind), kind in verified) for kind in kinds}


def verified_holder(db: Session, kind: Kind, value: str) -> Person | None:
    """Whoever showed that this contact, in its stored form, is theirs."""
    shown = PersonLookup.verified_at.is_not(None)
    digest = sealing.digest(kind, value)
    return db.scalars(
        select(Person).join(PersonLookup).where(PersonLookup.kind == kind, PersonLookup.digest == digest, shown)
    ).one_or_none()


# --- a check, from its order to its end ---------------------------------------------------------------------------


def order_check(db: Session, person: Person, kind: Kind, contact: str) -> ContactCheck:
    """A new code and link for a contact in its stored form; those of before are worth nothing from now on.

    The caller has them sent, and sees to it that nobody orders too many.
    """
    take_turns(db, [person.id])
    check = db.scalars(
        select(ContactCheck).where(ContactCheck.person_id == person.id, ContactCheck.kind == kind)
    ).one_or_none() or ContactCheck(person_id=person.id, kind=kind)
    check.sealed_contact, check.seed = sealing.seal_text(person, contact), ids.token()
    check.ends_at, check.try_count = clock.now() + GOOD_FOR, 0
    db.add(check)
    db.flush()
    return check


def open_check(db: Session, person_id: int, kind: Kind) -> ContactCheck | None:
    """The check that still waits for its code."""
    return db.scalars(
        select(ContactCheck).where(ContactCheck.person_id == person_id, ContactCheck.kind == kind, _is_open())
    ).one_or_none()


def check_of_link(db: Session, token: str) -> ContactCheck | None:
    """The open check whose link this is."""
    number, _dot, tag = token.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    check = db.scalars(select(ContactCheck).where(ContactCheck.id == int(number), _is_open())).one_or_none()
    return check if check and keys.signature_fits(_LINK, _named(check), tag) else None


def code_of(check: ContactCheck) -> str:
    """Six digits."""
    tag = hmac.digest(sealing.derived_key("contact-code"), _named(check).encode(), hashlib.sha256)
    return f"{int.from_bytes(tag) % 10**6:06}"


def link_token(check: ContactCheck) -> str:
    return f"{check.id}.{keys.sign(_LINK, _named(check))}"


def kind_of(check: ContactCheck) -> Kind:
    return cast(Kind, check.kind)


def whose(db: Session, check: ContactCheck) -> tuple[Person, str]:
    """The person who ordered it, and the user name of their account."""
    found = select(Person, Account.username).join(Account, Account.person_id == Person.id)
    person, username = db.execute(found.where(Person.id == check.person_id)).one()
    return person, username


def contact_of(db: Session, check: ContactCheck) -> str:
    return sealing.unseal_text(db.get_one(Person, check.person_id), check.sealed_contact)


def confirm_code(db: Session, check: ContactCheck, typed: str) -> bool:
    """Whether the code was right, and the contact is therefore theirs; a wrong one counts. Raises ContactTaken."""
    # Who tries many codes at once shall not have more tries than who tries one after the other.
    db.refresh(check, with_for_update=True)
    digits = "".join(char for char in typed if char.isdigit())
    if check.try_count >= MOST_TRIES:
        return False
    if not hmac.compare_digest(digits.encode(), code_of(check).encode()):
        check.try_count += 1
        db.flush()
        return False
    confirm(db, check)
    return True


def confirm(db: Session, check: ContactCheck) -> None:
    """They brought back what was sent there: the contact is theirs, verified. Raises ContactTaken."""
    take_turns(db, [check.person_id])
    person, kind, contact = db.get_one(Person, check.person_id), kind_of(check), contact_of(db, check)
    holder = people.find_person(db, kind, contact)
    if holder not in (None, person):
        raise ContactTaken
    fields = sealing.unseal(person)
    if getattr(fields, kind) != contact:
        people.set_fields(person, replace(fields, email=contact) if kind == "email" else replace(fields, phone=contact))
    verify(db, person, kind, how="code")
    db.delete(check)
    db.flush()


def verify(db: Session, person: Person, kind: Kind, *, how: str) -> None:
    """The person's contact of this kind is known to be theirs; `how` is kept in the audit."""
    for lookup in person.lookups:
        if lookup.kind == kind:
            lookup.verified_at = clock.now()
    account_id = db.scalar(select(Account.id).where(Account.person_id == person.id))
    audit.record(db, "contact.verify", "person", person.id, account_id=account_id, kind=kind, how=how)


def forget_checks(context: JobContext) -> None:
    """Contacts nobody showed to be theirs are not kept."""
    with context.database.writing() as db:
        db.execute(delete(ContactCheck).where(ContactCheck.ends_at <= clock.now()))


def _is_open() -> ColumnElement[bool]:
    return (ContactCheck.ends_at > clock.now()) & (ContactCheck.try_count < MOST_TRIES)


def _named(check: ContactCheck) -> str:
    return f"{check.id}.{check.seed}"
