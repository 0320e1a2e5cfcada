"""Making, showing and withdrawing the keys programs read with, and finding whose key a request carries."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock, ids
from app.core.access import Actor, Client, UnitClosure, closure_on
from app.core.batching import Notes
from app.core.db import Database
from app.core.errors import AppError, NotFound
from app.core.i18n import lazy as _
from app.coverage.exports.models import ApiToken
from app.coverage.exports.records import NAMES
from app.identity.models import Account, Person
from app.identity.records import holder_of
from app.identity.sign_in import access_log, accounts
from app.identity.sign_in.access_log import Access
from app.identity.units import unit_queries

# How many days a key may last.
TERMS = (30, 90, 365)
_MARK = "hocso_"
_BITS = 192


class TokenRefused(AppError):
    status = 401
    title = _("Cần khóa truy cập")
    text = _("Hãy gửi khóa truy cập còn hiệu lực trong đầu đề Authorization: Bearer …")


@dataclass(frozen=True)
class Reader:
    """Who reads by a key: `actor` made it and answers for it, `units` is a select of the unit ids it reaches today."""

    token_id: int
    actor: Actor
    scopes: frozenset[str]
    units: Select[int]


@dataclass(frozen=True)
class TokenRow:
    """A key as its list shows it; the key itself nobody can show."""

    id: int
    name: str
    maker: str
    unit_name: str
    scopes: tuple[str, ...]
    ends_on: date
    last_used_at: datetime | None
    is_good: bool
    withdrawn_at: datetime | None


def make_token(db: Session, actor: Actor, *, name: str, unit_id: int, scopes: Sequence[str], days: int) -> str:
    """The key, to be shown once; raises NotFound for a unit the actor's own right does not reach."""
    if not reaches(db, actor, unit_id):
        raise NotFound
    token = _MARK + ids.token(_BITS)
    made = ApiToken(
        token_hash=_hash(token), name=name, account_id=actor.account_id, unit_id=unit_id, scopes=sorted(scopes),
        created_at=clock.now(), ends_on=clock.today() + timedelta(days=days),
    )  # fmt: skip
    db.add(made)
    db.flush()
    audit.record(
        db, "api_token.make", "api_token", made.id, account_id=actor.account_id, scopes=made.scopes, unit_id=unit_id
    )
    return token


def reaches(db: Session, actor: Actor, unit_id: int) -> bool:
    """Whether the actor may take names of this unit away."""
    return db.scalar(actor.units_with(NAMES).where(UnitClosure.descendant_id == unit_id).limit(1)) is not None


def withdraw_token(db: Session, actor: Actor, token_id: int) -> None:
    """It opens nothing from now on; again changes nothing. Raises NotFound for one the actor cannot see."""
    token = db.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.unit_id.in_(actor.units_with(NAMES))))
    if token is None:
        raise NotFound
    if token.withdrawn_at is None:
        token.withdrawn_at = clock.now()
        audit.record(db, "api_token.withdraw", "api_token", token.id, account_id=actor.account_id)


def tokens_of(db: Session, actor: Actor) -> list[TokenRow]:
    """The keys of the units the actor answers for, the newest first."""
    today = clock.today()
    rows = db.execute(
        select(ApiToken, Person.name)
        .join(Account, Account.id == ApiToken.account_id)
        .join(Person, Person.id == holder_of(Account.person_id))
        .where(ApiToken.unit_id.in_(actor.units_with(NAMES)))
        .order_by(ApiToken.id.desc())
        .limit(200)
    ).all()
    units = unit_queries.full_names(db, {token.unit_id for token, _name in rows}, today)
    return [
        TokenRow(
            token.id, token.name, maker, units.get(token.unit_id, ""), tuple(token.scopes), token.ends_on,
            token.last_used_at, token.withdrawn_at is None and token.ends_on >= today, token.withdrawn_at,
        )
        for token, maker in rows
    ]  # fmt: skip


def reader_of(db: Session, token: str) -> Reader:
    """Who may read by this key now; raises TokenRefused."""
    today = clock.today()
    found = db.scalar(
        select(ApiToken).where(
            ApiToken.token_hash == _hash(token), ApiToken.withdrawn_at.is_(None), ApiToken.ends_on >= today
        )
    )
    actor = accounts.actor_of(db, found.account_id) if found else None
    if found is None or actor is None or not actor.can(NAMES):
        raise TokenRefused
    below = (
        select(UnitClosure.descendant_id)
        .where(UnitClosure.ancestor_id == found.unit_id, closure_on(today), UnitClosure.carried != "before")
        .where(UnitClosure.descendant_id.in_(actor.units_with(NAMES)))
    )
    return Reader(found.id, actor, frozenset(found.scopes), below)


@dataclass(frozen=True)
class _Use:
    reader: Reader
    at: datetime
    client: Client


class TokenLog:
    """`note` is told of every request by a key: each is an access, and the key's last use. No request waits for it."""

    def __init__(self, database: Database) -> None:
        self._notes = Notes[_Use](database, _write, "token-log")
        self.start, self.stop = self._notes.start, self._notes.stop

    def note(self, reader: Reader, client: Client) -> None:
        self._notes.note(_Use(reader, clock.now(), client))


def _write(db: Session, uses: Sequence[_Use]) -> None:
    access_log.add(db, [Access("api", use.reader.actor.account_id, use.at, use.client) for use in uses])
    latest = {use.reader.token_id: use.at for use in uses}
    for token_id, at in latest.items():
        earlier = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < at)
        db.execute(update(ApiToken).where(ApiToken.id == token_id, earlier).values(last_used_at=at))


def _hash(token: str) -> str:
    # 192 random bits need no slow hash: nobody tries them all.
    return hashlib.sha256(token.encode()).hexdigest()
