"""People as somebody types them into a field, one a line: looked up, never guessed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.i18n import gettext as _
from app.identity import sealing
from app.identity.identifiers import email_address, phone_e164
from app.identity.models import Account, Person, PersonLookup
from app.identity.policy import visible_people
from app.identity.records import holder_of


class UnknownPeople(Exception):
    """Lines that name nobody one may see, or too many; the text is a sentence for whoever typed them."""


def people_named(db: Session, actor: Actor, permission: str, text: str, most: int) -> tuple[int, ...]:
    """Ids of the people whose user names, phones or email addresses these are, each once, in the order of the lines.

    Raises UnknownPeople, naming lines of people beyond the actor's `permission` as those that name nobody.
    """
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(lines) > most:
        raise UnknownPeople(_("Tối đa %(most)s người một lần.", most=most))
    by_username = dict(
        db.execute(
            select(Account.username, holder_of(Account.person_id)).where(
                Account.username.in_([line.lower() for line in lines])
            )
        ).all()
    )
    digests = {line: digest for line in lines if (digest := _digest(line))}
    # Anybody may have typed that phone or email when they signed up (DESIGN 9); a user name is its owner's alone.
    by_digest = dict(
        db.execute(
            select(PersonLookup.digest, holder_of(PersonLookup.person_id))
            .join(Person, Person.id == PersonLookup.person_id)
            .where(PersonLookup.digest.in_(digests.values()), Person.signed_up_at.is_(None))
        ).all()
    )
    found = {line: by_username.get(line.lower()) or by_digest.get(digests.get(line, b"")) for line in lines}
    people = [person_id for person_id in found.values() if person_id]
    seen = set(db.scalars(select(Person.id).where(Person.id.in_(people), visible_people(actor, permission))))
    if unknown := [line for line, person_id in found.items() if person_id not in seen]:
        said = _("Không tìm thấy trong phạm vi của anh/chị: %(lines)s", lines="; ".join(unknown[:10])[:300])
        raise UnknownPeople(said)
    return tuple(dict.fromkeys(people))


def _digest(line: str) -> bytes | None:
    if email := email_address(line):
        return sealing.digest("email", email)
    phone = phone_e164(line)
    return sealing.digest("phone", phone) if phone else None
