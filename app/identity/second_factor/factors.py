"""Second factors: set up, shown, replaced by a recovery code, taken away.

The secret is sealed under its holder's own key, as their identity fields are; recovery codes are kept as keyed hashes.
"""

from datetime import date
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import Conflict
from app.core.prepared import Prepared
from app.core.settings import get_settings
from app.identity import sealing
from app.identity.models import Account
from app.identity.second_factor import totp
from app.identity.second_factor.models import SecondFactor
from app.identity.sign_in import passwords

RECOVERY_CODES = 10


_ACCOUNT, _FACTOR = (cast(Table, model.__table__) for model in (Account, SecondFactor))
# Built once: every sign-in asks it.
_HAS_FACTOR = Prepared(select(_FACTOR.c.account_id).where(_FACTOR.c.account_id == bindparam("account_id")))


def has_factor(db: Session, account_id: int) -> bool:
    return _HAS_FACTOR.first(db, account_id=account_id) is not None


def recovery_codes_left(db: Session, account_id: int) -> int | None:
    """None without a second factor."""
    factor = db.get(SecondFactor, account_id)
    return len(factor.recovery_hashes) if factor else None


def is_required(day: date) -> bool:
    """Whether who holds a role must have one that day (SECOND_FACTOR_FROM)."""
    return day >= get_settings().second_factor_from


# Asked at every request of people with a role who may have to set one up. Made-up people of a trial are spared: their
# password is published, and a factor of one visitor would shut out the next.
_IS_SPARED = Prepared(
    select(_ACCOUNT.c.id)
    .outerjoin(_FACTOR, _FACTOR.c.account_id == _ACCOUNT.c.id)
    .where(_ACCOUNT.c.id == bindparam("account_id"), _ACCOUNT.c.is_demo | _FACTOR.c.account_id.is_not(None))
)


def must_set_up(db: Session, account_id: int) -> bool:
    """For the holder of a role: nothing else is open to them before they have a second factor."""
    return is_required(clock.today()) and _IS_SPARED.first(db, account_id=account_id) is None


def set_up(db: Session, account_id: int, secret: str, typed: str) -> list[str] | None:
    """The factor is on from now, if these are its digits; its recovery codes, which are stored nowhere.

    None for wrong digits. Raises Conflict if one is on already.
    """
    account = db.get_one(Account, account_id, with_for_update=True)
    step = totp.fitting_step(secret, typed, clock.now())
    if step is None:
        return None
    if has_factor(db, account_id):
        raise Conflict
    codes, hashes = _recovery_codes()
    sealed = sealing.seal_text(account.person, secret)
    db.add(
        SecondFactor(
            account_id=account_id, sealed_secret=sealed, set_up_at=clock.now(), last_step=step, recovery_hashes=hashes
        )
    )
    audit.record(db, "second_factor.set_up", "account", account_id, account_id=account_id)
    db.flush()
    return codes


def show(db: Session, account_id: int, typed: str) -> bool:
    """Whether this is the code of now, not used before, or a recovery code, which is used up by it."""
    factor = db.get(SecondFactor, account_id, with_for_update=True, populate_existing=True)
    if factor is None:
        return False
    secret = sealing.unseal_text(db.get_one(Account, account_id).person, factor.sealed_secret)
    step = totp.fitting_step(secret, typed, clock.now()) if secret else None
    if step is not None:
        # Somebody who looked over a shoulder has the same half minute: a code, and those before it, work once.
        newer = update(SecondFactor).where(SecondFactor.account_id == account_id, SecondFactor.last_step < step)
        return bool(db.execute(newer.values(last_step=step).returning(SecondFactor.account_id)).all())
    recovery = passwords.hash_one_time_code(typed[: passwords.MAX_LENGTH])
    if recovery not in factor.recovery_hashes:
        return False
    factor.recovery_hashes = [one for one in factor.recovery_hashes if one != recovery]
    audit.record(
        db, "second_factor.recovery", "account", account_id, account_id=account_id, left=len(factor.recovery_hashes)
    )
    db.flush()
    return True


def renew_recovery_codes(db: Session, account_id: int) -> list[str]:
    """New ones; the old ones open nothing any more."""
    codes, db.get_one(SecondFactor, account_id).recovery_hashes = _recovery_codes()
    audit.record(db, "second_factor.renew", "account", account_id, account_id=account_id)
    db.flush()
    return codes


def remove(db: Session, account_id: int, by: int) -> None:
    """Off; `by` is the account that did it: its holder, or an administrator."""
    factor = db.get(SecondFactor, account_id)
    if factor is None:
        raise Conflict
    db.delete(factor)
    audit.record(db, "second_factor.remove", "account", account_id, account_id=by)
    db.flush()


def _recovery_codes() -> tuple[list[str], list[str]]:
    """For people, and as they are kept."""
    codes = [passwords.make_one_time_code(2, 5) for _number in range(RECOVERY_CODES)]
    return codes, [passwords.hash_one_time_code(code) for code in codes]
