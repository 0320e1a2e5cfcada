"""Accounts and sessions: the verbs; roles are given in grants.py. Hashing and comparing passwords is slow and done by
the caller, outside of the write transaction (passwords.py)."""

import hashlib
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock, ids
from app.core.access import Actor, Client
from app.core.errors import AppError, Conflict, Invalid
from app.core.i18n import lazy as _
from app.core.prepared import Prepared
from app.core.settings import get_settings
from app.core.text import fold
from app.identity.identifiers import email_address, phone_e164
from app.identity.models import Account, MergedRecord, Person, RoleGrant, SignInSession
from app.identity.people.people import find_person
from app.identity.policy import ROLES, in_force_on
from app.identity.records import belongs_to, holder_of, records_by_holder
from app.identity.second_factor.factors import has_factor, must_set_up
from app.identity.shared_phone.models import PhoneSeat
from app.identity.sign_in import passwords
from app.identity.sign_in.last_seen import KnownUse

# User names asked for in one query.
_TRIES = 30
# How long after its last use a session on a shared phone is over, should its holder forget to sign out.
SHARED_MINUTES = 30
NOWHERE = Client("", None)
USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,59}")


class AccountDisabled(AppError):
    status = 403
    title = _("Tài khoản đang bị khóa")
    text = _("Tài khoản này đang bị khóa. Hãy liên hệ người phụ trách đơn vị hoặc quản trị viên để được mở lại.")


class AccountIdle(AccountDisabled):
    """Disabled for having a role and not being used (idling.py)."""

    text = _(
        "Tài khoản này có vai trò và đã bị khóa vì lâu không dùng. Hãy nhờ quản trị cấp tỉnh mở lại, hoặc cấp mã đặt"
        " lại mật khẩu; vai trò và việc học vẫn còn."
    )


class SecondFactorNeeded(AppError):
    """The password fitted, and a second step follows (second_factor/second_step_pages.py)."""

    status = 403
    title = _("Cần bước thứ hai")
    text = _("Tài khoản này bật xác thực hai bước. Hãy đăng nhập ở trang Đăng nhập.")


# --- accounts -------------------------------------------------------------------------------------------


def create_account(
    db: Session, person: Person, username: str, password: str, *, must_change: bool = True, is_demo: bool = False
) -> Account:
    """Hashes the password (20 ms), so for commands, seeds and tests; raises Invalid for a bad or taken user name."""
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        problem = _("Tên đăng nhập gồm 3 đến 60 chữ thường không dấu, số, dấu chấm hoặc gạch; bắt đầu bằng chữ.")
        raise Invalid(fields={"username": str(problem)})
    if db.scalar(select(Account.id).where(Account.username == username)):
        raise Invalid(fields={"username": str(_("Tên đăng nhập này đã có người dùng."))})
    account = new_account(person, username, passwords.hash_password(password), must_change=must_change, is_demo=is_demo)
    db.add(account)
    db.flush()
    return account


def new_account(
    person: Person, username: str, password_hash: str, *, must_change: bool = True, is_demo: bool = False
) -> Account:
    """An account not yet in any session, for imports and demo people, which add many at once."""
    return Account(
        person=person, username=username, password_hash=password_hash, must_change_password=must_change,
        is_demo=is_demo, created_at=clock.now(),
    )  # fmt: skip


class UserNames:
    """Free user names for new people: `Nguyễn Văn An` as `annv`, else `annv2`, `annv3` …; never the same twice.

    `db` may be replaced by the next transaction of the same work.
    """

    def __init__(self, db: Session) -> None:
        self.db = db
        self._free: dict[str, Iterator[str]] = {}

    def expect(self, names: Iterable[str]) -> None:
        """Ask for some hundred people at once; `free` then asks only for those who are not the first of their name."""
        firsts = {_username(name) for name in names} - self._free.keys()
        taken = set(self.db.scalars(select(Account.username).where(Account.username.in_(firsts))))
        for base in firsts - taken:
            self._free[base] = itertools.chain([base], self._unused(base, begin=2))

    def free(self, name: str) -> str:
        base = _username(name)
        if base not in self._free:
            self._free[base] = self._unused(base)
        return next(self._free[base])

    def _unused(self, base: str, begin: int = 1) -> Iterator[str]:
        for first in itertools.count(begin, _TRIES):
            tries = [f"{base}{number}" if number > 1 else base for number in range(first, first + _TRIES)]
            used = set(self.db.scalars(select(Account.username).where(Account.username.in_(tries))))
            yield from (username for username in tries if username not in used)


def _username(name: str) -> str:
    words = [word for word in (re.sub(r"[^a-z]", "", fold(word)) for word in name.split()) if word]
    return ((words[-1] + "".join(word[0] for word in words[:-1])) if words else "user")[:40].ljust(3, "x")


# --- signing in and out -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """The account somebody claims to own, before the password was compared."""

    account_id: int
    password_hash: str
    must_change_password: bool


_SESSION, _ACCOUNT, _PERSON, _GRANT, _MERGED = (
    cast(Table, model.__table__) for model in (SignInSession, Account, Person, RoleGrant, MergedRecord)
)
_CANDIDATES = select(_ACCOUNT.c.id, _ACCOUNT.c.password_hash, _ACCOUNT.c.must_change_password)
# Built once: every sign-in asks the first or the second, and the third.
_NAMED = Prepared(_CANDIDATES.where(_ACCOUNT.c.username == bindparam("username")))
_THEIRS = Prepared(
    _CANDIDATES.where(belongs_to(_ACCOUNT.c.person_id, bindparam("person_id"))).order_by(
        _ACCOUNT.c.person_id != bindparam("person_id"), _ACCOUNT.c.id
    )
)
_AS_IT_IS = Prepared(
    select(_ACCOUNT.c.password_hash, _ACCOUNT.c.disabled_at, _ACCOUNT.c.idled_at).where(
        _ACCOUNT.c.id == bindparam("account_id")
    )
)


def find_candidate(db: Session, name: str) -> Candidate | None:
    """The first of `find_candidates`."""
    return next(iter(find_candidates(db, name)), None)


def find_candidates(db: Session, name: str) -> list[Candidate]:
    """By user name, else phone, else email, as typed; user names begin with a letter, so none can be a phone.

    Somebody merged has an account with each record and signs in with either's password under any of their phones and
    emails: more than one then, that of the record that has it first.
    """
    found = _NAMED.all(db, username=name.strip().lower())
    if not found:
        person = None
        if email := email_address(name):
            person = find_person(db, "email", email)
        elif phone := phone_e164(name):
            person = find_person(db, "phone", phone)
        if person is not None:
            found = _THEIRS.all(db, person_id=person.id)
    return [Candidate(*row) for row in found]


def sign_in(
    db: Session, candidate: Candidate, *, address: str = "", agent: str = "", better_hash: str | None = None,
    replaces: str = "", is_shared: bool = False, has_shown_factor: bool = False,
) -> str:  # fmt: skip
    """Begin a session after the password fitted; returns its token, which is stored nowhere.

    `better_hash` replaces a hash of older parameters; the session `replaces` (this browser's former token) ends.
    Raises AccountDisabled (AccountIdle), Conflict if the password was changed in the meantime, and SecondFactorNeeded,
    here and so on every way in, unless the second factor was shown.
    """
    # The caller may have set this very password.
    db.flush()
    account = _AS_IT_IS.first(db, account_id=candidate.account_id)
    if account is None or account.password_hash != candidate.password_hash:
        raise Conflict
    if account.disabled_at is not None:
        raise AccountDisabled if account.idled_at is None else AccountIdle
    if better_hash:
        db.execute(update(Account).where(Account.id == candidate.account_id).values(password_hash=better_hash))
    if not has_shown_factor and has_factor(db, candidate.account_id):
        raise SecondFactorNeeded
    if replaces:
        sign_out(db, replaces)
    token, now = ids.token(), clock.now()
    session = {
        "account_id": candidate.account_id, "token_hash": _token_hash(token), "created_at": now, "last_seen_at": now,
        "address": address[:60], "agent": agent[:200], "is_shared": is_shared,
    }  # fmt: skip
    db.execute(insert(_SESSION), session)
    return token


def sign_out(db: Session, token: str) -> None:
    """End the session of a token; an unknown or ended one is no error."""
    db.execute(
        update(SignInSession)
        .where(SignInSession.token_hash == _token_hash(token), SignInSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def sign_out_everywhere(db: Session, account_id: int, *, but: int | None = None) -> int:
    """End all sessions of an account, `but` the one with this id, and its PINs on shared phones; returns how many
    sessions ended."""
    db.execute(
        update(PhoneSeat)
        .where(PhoneSeat.account_id == account_id, PhoneSeat.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    ended = db.execute(
        update(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.ended_at.is_(None), SignInSession.id != (but or 0))
        .values(ended_at=clock.now())
        .returning(SignInSession.id)
    ).all()
    audit.record(db, "account.sign_out_everywhere", "account", account_id, account_id=account_id, ended=len(ended))
    return len(ended)


def change_password(db: Session, actor: Actor, *, old_hash: str, new_hash: str) -> None:
    """Replace the password whose hash was compared; all other sessions end. Raises Conflict if it changed meanwhile."""
    account = db.get_one(Account, actor.account_id)
    if account.password_hash != old_hash:
        raise Conflict
    account.password_hash, account.must_change_password = new_hash, False
    audit.record(db, "account.change_password", "account", account.id, account_id=account.id)
    sign_out_everywhere(db, account.id, but=actor.session_id)
    db.flush()


# --- who is asking ------------------------------------------------------------------------------------------------


_KIN = _MERGED.alias()
# Built once: every request asks it. One row per role held today, and one without a role for who holds none; as often as
# the person has records. Roles are the account's, not the person's: a merge gives nobody a right.
_WHO_ASKS = Prepared(
    select(
        _SESSION.c.id, _ACCOUNT.c.id, _SESSION.c.last_seen_at, _SESSION.c.address, _PERSON.c.id,
        _ACCOUNT.c.must_change_password, _SESSION.c.is_shared, _PERSON.c.name, _KIN.c.person_id, _GRANT.c.role,
        _GRANT.c.unit_id,
    )
    .join(_ACCOUNT, _ACCOUNT.c.id == _SESSION.c.account_id)
    .outerjoin(_MERGED, _MERGED.c.person_id == _ACCOUNT.c.person_id)
    .join(_PERSON, _PERSON.c.id == func.coalesce(_MERGED.c.holder_id, _ACCOUNT.c.person_id))
    .outerjoin(_KIN, _KIN.c.holder_id == _MERGED.c.holder_id)
    .outerjoin(_GRANT, (_GRANT.c.account_id == _ACCOUNT.c.id) & in_force_on(bindparam("today")))
    .where(
        _SESSION.c.token_hash == bindparam("hash"),
        _SESSION.c.ended_at.is_(None),
        _SESSION.c.last_seen_at > case((_SESSION.c.is_shared, bindparam("shared_since")), else_=bindparam("since")),
        _ACCOUNT.c.disabled_at.is_(None),
    )
)  # fmt: skip


def load_actor(
    db: Session, token: str, client: Client = NOWHERE, *, saw: Callable[[KnownUse, Client], None] | None = None,
    count_unread: Callable[[Session, int], int] | None = None,
) -> Actor | None:  # fmt: skip
    """Whoever holds the token of a living session, with grants; None otherwise. One query, one more for who holds a
    role, and one of `count_unread`.

    It is asked at every request, so that what was revoked is gone at once, whichever process revoked it.
    `saw` is told of the use (last_seen.py); nothing is written here.
    """
    rows = _WHO_ASKS.all(db, hash=_token_hash(token), **_alive_since(), today=clock.today())
    if not rows:
        return None
    *known, person_id, must_change_password, is_shared, name, _record, _role, _unit_id = rows[0]
    use = KnownUse(*known)
    if saw is not None:
        saw(use, client)
    grants = _permissions((row[-2], row[-1]) for row in rows if row[-2] is not None)
    unread_count = count_unread(db, person_id) if count_unread else 0
    return Actor(
        use.account_id, person_id, name, use.session_id, grants, must_change_password=must_change_password,
        must_set_up_factor=bool(grants) and must_set_up(db, use.account_id), unread_count=unread_count,
        is_on_shared_phone=bool(is_shared), merged=frozenset(row[-3] for row in rows if row[-3] is not None),
    )  # fmt: skip


# Built once: every batch of the hot route asks it.
_PEOPLE_SIGNED_IN = Prepared(
    select(_SESSION.c.token_hash, func.coalesce(_MERGED.c.holder_id, _ACCOUNT.c.person_id))
    .join(_ACCOUNT, _ACCOUNT.c.id == _SESSION.c.account_id)
    .outerjoin(_MERGED, _MERGED.c.person_id == _ACCOUNT.c.person_id)
    .where(
        _SESSION.c.token_hash.in_(bindparam("hashes", expanding=True)),
        _SESSION.c.ended_at.is_(None),
        _SESSION.c.last_seen_at > case((_SESSION.c.is_shared, bindparam("shared_since")), else_=bindparam("since")),
        _ACCOUNT.c.disabled_at.is_(None),
    )
)


def people_signed_in(db: Session, tokens: Collection[str]) -> dict[str, int]:
    """Person ids by the tokens of living sessions; tokens of no session are left out. One query for many requests."""
    by_hash = {_token_hash(token): token for token in tokens}
    rows = _PEOPLE_SIGNED_IN.all(db, hashes=list(by_hash), **_alive_since())
    return {by_hash[token_hash]: person_id for token_hash, person_id in rows}


def actor_of(db: Session, account_id: int) -> Actor | None:
    """The holder of an account outside of any session, for jobs that work in somebody's scope; None if disabled."""
    row = db.execute(
        select(Person.id, Person.name)
        .join(Account, Person.id == holder_of(Account.person_id))
        .where(Account.id == account_id, Account.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    records = frozenset(records_by_holder(db, [row.id])[row.id])
    return Actor(account_id, row.id, row.name, 0, _grants(db, account_id), merged=records)


def living_sessions() -> ColumnElement[bool]:
    """Sessions not ended and used within the last `session_days` days, on a shared phone within SHARED_MINUTES."""
    since = _alive_since()
    latest = case((SignInSession.is_shared, since["shared_since"]), else_=since["since"])
    return SignInSession.ended_at.is_(None) & (SignInSession.last_seen_at > latest)


def _alive_since() -> dict[str, datetime]:
    now = clock.now()
    return {
        "since": now - timedelta(days=get_settings().session_days),
        "shared_since": now - timedelta(minutes=SHARED_MINUTES),
    }


def _grants(db: Session, account_id: int) -> dict[str, frozenset[int]]:
    held = db.execute(
        select(RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.account_id == account_id, in_force_on(clock.today()))
    )
    return _permissions((role, unit_id) for role, unit_id in held)


def _permissions(held: Iterable[tuple[str, int]]) -> dict[str, frozenset[int]]:
    """The units of each permission, out of (role, unit id)."""
    units: dict[str, set[int]] = {}
    for role, unit_id in held:
        # A role a newer version no longer knows allows nothing.
        for permission in ROLES[role].permissions if role in ROLES else ():
            units.setdefault(permission, set()).add(unit_id)
    return {permission: frozenset(unit_ids) for permission, unit_ids in units.items()}


def _token_hash(token: str) -> bytes:
    # The token is 128 random bits: a plain hash keeps a stolen database from opening sessions.
    return hashlib.sha256(token.encode()).digest()
