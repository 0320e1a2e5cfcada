"""Which account a provider's person is, and how that is settled: only by what is verified on both sides, or by whoever
holds both (docs/sign-in.md)."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.identity import sealing
from app.identity.codes.one_time_codes import end_codes
from app.identity.models import Account, Person
from app.identity.openid.models import ExternalIdentity
from app.identity.openid.provider import Told
from app.identity.people.people import find_person
from app.identity.sign_in import passwords
from app.identity.sign_in.contacts import verified_holder


class Contradiction(Conflict):
    title = _("Chưa liên kết được")
    text = _(
        "Thông tin từ hệ thống đăng nhập liên kết không khớp với một tài khoản duy nhất ở Học Số. Hãy đăng nhập bằng"
        " mật khẩu, hoặc nhờ người phụ trách đơn vị xem lại hồ sơ."
    )


class LinkedElsewhere(Conflict):
    title = _("Chưa liên kết được")
    text = _("Một trong hai tài khoản đã liên kết với tài khoản khác. Hãy bỏ liên kết ấy trước.")


def linked_account(db: Session, told: Told) -> Account | None:
    """The account this person of the provider was linked to before."""
    return db.scalars(
        select(Account)
        .join(ExternalIdentity, ExternalIdentity.account_id == Account.id)
        .where(ExternalIdentity.issuer == told.issuer, ExternalIdentity.digest == _digest(told))
    ).one_or_none()


def link_of(db: Session, account_id: int, issuer: str) -> datetime | None:
    """When the account was linked to somebody at the provider; None if it is not."""
    return db.scalar(
        select(ExternalIdentity.linked_at).where(
            ExternalIdentity.account_id == account_id, ExternalIdentity.issuer == issuer
        )
    )


def account_to_link(db: Session, told: Told) -> Account | None:
    """The one account that what is verified on both sides leads to. Raises Contradiction, LinkedElsewhere.

    An identity number here comes from an office, never from its holder; a phone or email was verified here. What people
    declared of themselves leads nowhere.
    """
    found = {person.id: person for person in _holders(db, told)}
    if not found:
        return None
    if len(found) > 1:
        raise Contradiction
    (person,) = found.values()
    known = sealing.unseal(person).identity
    if told.identity and known and len(known) == len(told.identity) and known != told.identity:
        raise Contradiction
    account = db.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()
    if account and link_of(db, account.id, told.issuer):
        raise LinkedElsewhere
    return account


def link(db: Session, account: Account, told: Told, how: str) -> None:
    """From now on this person of the provider enters this account; `how` (verified, asked, sign_up) is kept.

    Raises LinkedElsewhere if either has another link.
    """
    holder = linked_account(db, told)
    if holder is account:
        return
    if holder or link_of(db, account.id, told.issuer):
        raise LinkedElsewhere
    db.add(ExternalIdentity(account_id=account.id, issuer=told.issuer, digest=_digest(told), linked_at=clock.now()))
    if account.must_change_password:
        # They are in without the code on paper: it shall open the account to nobody else.
        account.password_hash = passwords.hash_one_time_code(passwords.make_one_time_code())
        account.must_change_password = False
        end_codes(db, account.id)
    audit.record(db, "account.link_provider", "account", account.id, account_id=account.id, how=how)
    db.flush()


def unlink(db: Session, account_id: int, issuer: str) -> None:
    gone = db.execute(
        delete(ExternalIdentity)
        .where(ExternalIdentity.account_id == account_id, ExternalIdentity.issuer == issuer)
        .returning(ExternalIdentity.id)
    ).all()
    if gone:
        audit.record(db, "account.unlink_provider", "account", account_id, account_id=account_id)


def _holders(db: Session, told: Told) -> Iterator[Person]:
    by_identity = find_person(db, "identity", told.identity) if told.identity else None
    by_email = verified_holder(db, "email", told.email) if told.email else None
    by_phone = verified_holder(db, "phone", told.phone) if told.phone else None
    if by_identity and by_identity.signed_up_at is None:
        yield by_identity
    yield from (person for person in (by_email, by_phone) if person)


def _digest(told: Told) -> bytes:
    """A subject may be somebody's identity number: it is found again, never read."""
    named = f"{told.issuer}\0{told.subject}".encode()
    return hmac.digest(sealing.derived_key("external-identity"), named, hashlib.sha256)
