"""One-time codes: made, found by what somebody typed, and spent. Who may have one made is for issuing.py to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import Conflict
from app.identity.codes.models import OneTimeCode
from app.identity.models import Account, RoleGrant
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import Candidate, sign_out_everywhere
from app.identity.sign_in.idling import reopen

_CHUNK = 500


@dataclass(frozen=True)
class Kind:
    """How long a code of this purpose holds, and how many groups of four signs it has."""

    holds: timedelta
    groups: int


# A reset is dictated over the telephone; a slip lies around for two weeks; a link nobody types.
KINDS: Mapping[str, Kind] = {
    "reset": Kind(timedelta(days=3), 3),
    "slip": Kind(timedelta(days=14), 4),
    "email": Kind(timedelta(hours=1), 6),
}


@dataclass(frozen=True)
class FoundCode:
    """A code that holds, and whose account it opens."""

    code_id: int
    account_id: int
    username: str
    name: str
    # Whether the account is disabled and stays so; a manager's code opens one that was idle.
    is_disabled: bool
    is_idle: bool


def issue(db: Session, account_ids: Sequence[int], purpose: str, by: int | None) -> dict[int, str]:
    """New codes by account id, which are stored nowhere; earlier ones of this purpose open nothing any more.

    `by` is the account that asked for them; the audit has a line for each.
    """
    kind, now = KINDS[purpose], clock.now()
    codes = {account_id: passwords.make_one_time_code(kind.groups, 4) for account_id in account_ids}
    for at in range(0, len(account_ids), _CHUNK):
        some = account_ids[at : at + _CHUNK]
        _end(db, OneTimeCode.account_id.in_(some) & (OneTimeCode.purpose == purpose))
        db.add_all(
            OneTimeCode(
                account_id=account_id, purpose=purpose, code_hash=passwords.hash_one_time_code(codes[account_id]),
                issued_at=now, issued_by=by, expires_at=now + kind.holds,
            )
            for account_id in some
        )  # fmt: skip
        for account_id in some:
            audit.record(db, "code.issue", "account", account_id, account_id=by, purpose=purpose)
        db.flush()
    return codes


def find_code(db: Session, typed: str) -> FoundCode | None:
    """By what somebody typed: case, spaces and dashes do not matter. None for one that is unknown, used or over."""
    row = db.execute(
        select(OneTimeCode.id, OneTimeCode.purpose, Account)
        .join(Account, Account.id == OneTimeCode.account_id)
        .where(OneTimeCode.code_hash == passwords.hash_one_time_code(typed[: passwords.MAX_LENGTH]), holds_now())
    ).one_or_none()
    if row is None:
        return None
    code_id, purpose, account = row
    is_idle = account.idled_at is not None
    is_disabled = account.disabled_at is not None and not (is_idle and purpose == "reset")
    return FoundCode(code_id, account.id, account.username, account.person.name, is_disabled, is_idle)


def spend(db: Session, found: FoundCode, new_hash: str) -> Candidate:
    """The account has this password from now on, and nobody is signed in to it; all its codes are over. One disabled
    for having been idle is open again.

    Raises Conflict if the code was used or replaced meanwhile.
    """
    if not _end(db, OneTimeCode.id == found.code_id):
        raise Conflict
    end_codes(db, found.account_id)
    account = db.get_one(Account, found.account_id)
    account.password_hash, account.must_change_password = new_hash, False
    audit.record(db, "code.use", "account", account.id, account_id=account.id)
    sign_out_everywhere(db, account.id)
    if found.is_idle and account.idled_at is not None:
        reopen(db, account.id, account.id)
    return Candidate(account.id, new_hash, must_change_password=False)


def end_codes(db: Session, account_id: int) -> None:
    """All codes of the account are over."""
    _end(db, OneTimeCode.account_id == account_id)


def holds_now() -> ColumnElement[bool]:
    """Codes not ended and not over. Whoever was given a role after theirs was made needs another: the account opens
    more now than whoever made the code, and may have kept it, was allowed to open."""
    promoted = exists().where(
        RoleGrant.account_id == OneTimeCode.account_id, RoleGrant.granted_at > OneTimeCode.issued_at
    )
    return OneTimeCode.ended_at.is_(None) & (OneTimeCode.expires_at > clock.now()) & ~promoted


def open_code(db: Session, account_id: int, purpose: str) -> OneTimeCode | None:
    """The code of this purpose that holds now; there is one at most."""
    mine = (OneTimeCode.account_id == account_id) & (OneTimeCode.purpose == purpose)
    return db.scalars(select(OneTimeCode).where(mine, holds_now())).one_or_none()


def _end(db: Session, which: ColumnElement[bool]) -> int:
    ended = db.execute(
        update(OneTimeCode)
        .where(which, OneTimeCode.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(OneTimeCode.id)
    ).all()
    return len(ended)
