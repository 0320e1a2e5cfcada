"""Accounts with a role that nobody uses: warned, disabled, opened again (decree 331/2026, level 3; STAFF_IDLE_DAYS).

Nobody is disabled who was not warned WARNED_DAYS before, so that the first night after an upgrade, or after the setting
was changed, locks nobody out.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import Conflict
from app.core.events import emit
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.identity.events import AccountsIdle
from app.identity.models import Account, RoleGrant, SignInSession
from app.identity.policy import in_force_on
from app.identity.sign_in.accounts import sign_out_everywhere

WARNED_DAYS = 7


@dataclass(frozen=True)
class Unused:
    """Since when nobody uses an account, and when its holder was told, None if not since then."""

    since: date
    warned_on: date | None


def ends_on(unused: Unused, today: date, idle_days: int) -> date:
    """The day that finds the account disabled if nobody uses it before; it may have come."""
    told = unused.warned_on or today
    return max(unused.since + timedelta(days=idle_days), told + timedelta(days=WARNED_DAYS))


def is_to_be_warned(unused: Unused, today: date, idle_days: int) -> bool:
    return unused.warned_on is None and (today - unused.since).days >= idle_days - WARNED_DAYS


def disable_idle(context: JobContext) -> Mapping[str, int]:
    """Every night; a second time that night finds nothing to do."""
    idle_days = get_settings().staff_idle_days
    if not idle_days:
        return {"warned": 0, "disabled": 0}
    with context.database.writing() as db:
        return _disable_idle(db, clock.today(), idle_days)


def _disable_idle(db: Session, today: date, idle_days: int) -> Mapping[str, int]:
    disabled: list[Account] = []
    warned: dict[date, list[Account]] = defaultdict(list)
    for account, unused in _staff(db, today):
        end = ends_on(unused, today, idle_days)
        if is_to_be_warned(unused, today, idle_days):
            warned[end].append(account)
        elif unused.warned_on is not None and end <= today:
            disabled.append(account)
    now = clock.now()
    for end, accounts in warned.items():
        for account in accounts:
            account.idle_warned_at = now
            audit.record(db, "account.idle_warn", "account", account.id, ends_on=end.isoformat())
        emit(db, AccountsIdle(tuple(account.person_id for account in accounts), end, "warned"))
    for account in disabled:
        account.disabled_at = account.idled_at = now
        audit.record(db, "account.idle_disable", "account", account.id, idle_days=idle_days)
        sign_out_everywhere(db, account.id)
    if disabled:
        emit(db, AccountsIdle(tuple(account.person_id for account in disabled), today, "disabled"))
    db.flush()
    return {"warned": sum(map(len, warned.values())), "disabled": len(disabled)}


def reopen(db: Session, account_id: int, by: int | None) -> None:
    """The account may be signed in to again, as it was; `by` is the account that did it, None for a command.

    Raises Conflict unless it is disabled for having been idle: who withdrew their consent or was erased stays away.
    """
    account = db.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    if account.idled_at is None:
        raise Conflict
    account.disabled_at = account.idled_at = None
    account.reopened_at = clock.now()
    audit.record(db, "account.reopen", "account", account.id, account_id=by)
    db.flush()


def _staff(db: Session, today: date) -> list[tuple[Account, Unused]]:
    """Accounts that hold a role today and may be signed in to. Made-up people of a trial are spared: their password is
    published, and who tries the platform knows no administrator."""
    seen = select(func.max(SignInSession.last_seen_at)).where(SignInSession.account_id == Account.id)
    rows = db.execute(
        select(Account, func.max(RoleGrant.granted_at), func.max(RoleGrant.starts_on), seen.scalar_subquery())
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(in_force_on(today), Account.disabled_at.is_(None), ~Account.is_demo)
        .group_by(Account.id)
        .order_by(Account.id)
    )
    found = []
    for account, granted_at, starts_on, seen_at in rows:
        # A role given long before its first day, or to somebody who never came, begins to be idle with that day.
        days = [clock.day_of(at) for at in (granted_at, seen_at, account.reopened_at) if at is not None]
        since = max(starts_on, *days)
        warned_on = clock.day_of(account.idle_warned_at) if account.idle_warned_at else date.min
        found.append((account, Unused(since, warned_on if warned_on > since else None)))
    return found
