"""Seats on a shared phone: taken with a PIN, entered by it, lost after too many wrong ones.

Only accounts without a role may have one: who reaches other people's data signs in in full (DESIGN 9). A seat ends with
every sign-out everywhere, so also when the password changes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict
from app.core.i18n import gettext as _
from app.core.text import name_key
from app.identity.models import Account, Person, RoleGrant
from app.identity.policy import in_force_on
from app.identity.shared_phone.models import PhoneSeat
from app.identity.sign_in.accounts import Candidate

PIN_LENGTH = 6
MOST_TRIES = 5
MOST_SEATS = 20
_RUN = "01234567890 09876543210"


@dataclass(frozen=True)
class Seat:
    """One of the people of a phone, by as much of the name as they need to find themselves."""

    id: int
    called: str  # given name, then the initials of all names


@dataclass(frozen=True)
class OpenSeat:
    """A seat somebody claims, before the PIN was compared."""

    id: int
    pin_hash: str
    candidate: Candidate


def pin_problem(pin: str) -> str:
    """Why this cannot be a PIN, or nothing."""
    if len(pin) != PIN_LENGTH or not (pin.isascii() and pin.isdigit()):
        return _("Mã PIN là %(count)s chữ số.", count=PIN_LENGTH)
    if pin in _RUN or len(set(pin)) < 3:
        return _("Mã PIN này quá dễ đoán. Đừng dùng dãy số liền nhau hay một số lặp lại.")
    return ""


def seats_on(db: Session, phone: str) -> Sequence[Seat]:
    """The people of a phone, by its token, in Vietnamese order of names."""
    if not phone:
        return ()
    found = db.execute(
        select(PhoneSeat.id, Person.name)
        .join(Account, Account.id == PhoneSeat.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(_on(phone), _usable())
    ).all()
    return [Seat(seat_id, _called(name)) for seat_id, name in sorted(found, key=lambda row: name_key(row[1]))]


def is_shared(db: Session, phone: str) -> bool:
    """Whether somebody has a PIN on the phone of this token; asks nothing without one."""
    return bool(phone) and db.scalar(select(PhoneSeat.id).where(_on(phone), _lives()).limit(1)) is not None


def may_take(db: Session, account_id: int) -> bool:
    """Whether the account holds no role, today or later."""
    return db.scalar(select(~_has_role(account_id))) or False


def has_seat(db: Session, actor: Actor, phone: str) -> bool:
    return bool(phone) and db.scalar(select(PhoneSeat.id).where(_on(phone), _lives(), _of(actor))) is not None


def count_of(db: Session, actor: Actor) -> int:
    """On how many phones the actor has a PIN."""
    return db.scalar(select(func.count()).where(_lives(), _of(actor))) or 0


def take_seat(db: Session, actor: Actor, phone: str, pin_hash: str) -> None:
    """The actor may enter this phone by the PIN from now on; an earlier one there is replaced."""
    if not may_take(db, actor.account_id):
        raise Conflict(_("Người có vai trò quản lý đăng nhập bằng mật khẩu, không dùng mã PIN."))
    leave(db, actor, phone)
    if len(seats_on(db, phone)) >= MOST_SEATS:
        raise Conflict(_("Máy này đã có %(count)s người dùng chung.", count=MOST_SEATS))
    db.add(
        PhoneSeat(
            phone_hash=_hash(phone), account_id=actor.account_id, pin_hash=pin_hash, created_at=clock.now(),
            wrong_count=0,
        )
    )  # fmt: skip
    audit.record(db, "phone.take_seat", "account", actor.account_id, account_id=actor.account_id)
    db.flush()


def leave(db: Session, actor: Actor, phone: str | None = None) -> None:
    """No PIN of the actor opens this phone any more; without a phone, none opens any."""
    here = _of(actor) if phone is None else _of(actor) & _on(phone)
    db.execute(update(PhoneSeat).where(here, _lives()).values(ended_at=clock.now()))
    audit.record(db, "phone.leave_seat", "account", actor.account_id, account_id=actor.account_id)


def open_seat(db: Session, phone: str, seat_id: int) -> OpenSeat | None:
    """A usable seat of this phone; None for any other."""
    row = db.execute(
        select(PhoneSeat.pin_hash, Account)
        .join(Account, Account.id == PhoneSeat.account_id)
        .where(PhoneSeat.id == seat_id, _on(phone), _usable())
    ).one_or_none()
    if row is None:
        return None
    pin_hash, account = row
    return OpenSeat(seat_id, pin_hash, Candidate(account.id, account.password_hash, account.must_change_password))


def note_wrong(db: Session, seat: OpenSeat) -> int:
    """Count a wrong PIN; returns how many tries are left. After the last the seat is over."""
    wrong = db.scalar(
        update(PhoneSeat)
        .where(PhoneSeat.id == seat.id, _lives())
        .values(wrong_count=PhoneSeat.wrong_count + 1)
        .returning(PhoneSeat.wrong_count)
    )
    if wrong is None:
        return 0
    if wrong >= MOST_TRIES:
        db.execute(update(PhoneSeat).where(PhoneSeat.id == seat.id).values(ended_at=clock.now()))
        audit.record(db, "phone.lose_seat", "account", seat.candidate.account_id, wrong=wrong)
    return max(0, MOST_TRIES - int(wrong))


def note_right(db: Session, seat: OpenSeat) -> None:
    """The PIN fitted; raises Conflict if the seat ended meanwhile."""
    kept = update(PhoneSeat).where(PhoneSeat.id == seat.id, _lives()).values(wrong_count=0).returning(PhoneSeat.id)
    if db.scalar(kept) is None:
        raise Conflict


def _lives() -> ColumnElement[bool]:
    return PhoneSeat.ended_at.is_(None)


def _usable() -> ColumnElement[bool]:
    """Seats of accounts that are neither locked nor, since it was taken, trusted with a role."""
    return _lives() & Account.disabled_at.is_(None) & ~_has_role(Account.id)


def _has_role(account_id: object) -> ColumnElement[bool]:
    return exists().where(RoleGrant.account_id == account_id, in_force_on(clock.today()))


def _on(phone: str) -> ColumnElement[bool]:
    return PhoneSeat.phone_hash == _hash(phone)


def _of(actor: Actor) -> ColumnElement[bool]:
    return PhoneSeat.account_id == actor.account_id


def _hash(phone: str) -> bytes:
    # The token is 128 random bits, as that of a session.
    return hashlib.sha256(phone.encode()).digest()


def _called(name: str) -> str:
    words = name.split()
    return f"{words[-1]} ({''.join(f'{word[0]}.' for word in words)})" if len(words) > 1 else name
