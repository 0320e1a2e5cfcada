"""Who may have a code made for whom, and the account of a person as those see it who look after it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import clock, limiting
from app.core.access import Actor
from app.core.errors import Forbidden, NotFound
from app.core.events import emit
from app.core.i18n import lazy
from app.identity.codes.one_time_codes import KINDS, issue, open_code
from app.identity.events import AccountReopened, ResetCodeIssued, SecondFactorRemoved
from app.identity.models import Account, Person, RoleGrant, SignInSession
from app.identity.policy import MANAGE, MANAGE_STAFF, visible_people
from app.identity.records import holder_of
from app.identity.roles.grants import may_decide, units_above
from app.identity.second_factor import factors
from app.identity.second_factor.factors import has_factor
from app.identity.sign_in.accounts import sign_out_everywhere
from app.identity.sign_in.idling import reopen

# A whole office that forgot in its holidays, and no more.
_BY_ONE, _FOR_ONE = "60/hour", "6/day"


class OwnAccount(Forbidden):
    text = lazy("Đây là tài khoản của anh/chị: hãy đổi mật khẩu ở trang Tài khoản.")


class StaffAccount(Forbidden):
    text = lazy(
        "Tài khoản này có vai trò. Chỉ quản trị viên được làm mọi việc mà vai trò ấy được làm mới cấp mã được; hãy nhờ"
        " quản trị cấp tỉnh."
    )


@dataclass(frozen=True)
class PersonAccount:
    """Somebody's account. `refusal`: why the reader may not have a code made, "" if they may."""

    ref: str
    name: str
    username: str
    is_disabled: bool
    is_idle: bool  # disabled for not being used, and only then
    is_new: bool  # has never set a password
    last_seen_at: datetime | None
    code_until: datetime | None  # of the code that holds now
    days: int  # how long a new one would hold
    refusal: str
    has_factor: bool
    may_remove_factor: bool


def person_account(db: Session, actor: Actor, ref: str) -> PersonAccount:
    """Raises NotFound outside of the actor's scope, and for people without an account."""
    account = _account(db, actor, ref)
    seen = select(SignInSession.last_seen_at).where(SignInSession.account_id == account.id)
    code = open_code(db, account.id, "reset")
    try:
        require_may_issue(db, actor, account)
        refusal = ""
    except Forbidden as error:
        refusal = error.message
    return PersonAccount(
        ref=ref,
        name=account.person.name,
        username=account.username,
        is_disabled=account.disabled_at is not None,
        is_idle=account.idled_at is not None,
        is_new=account.must_change_password,
        last_seen_at=db.scalar(seen.order_by(SignInSession.last_seen_at.desc()).limit(1)),
        code_until=code.expires_at if code else None,
        days=KINDS["reset"].holds.days,
        refusal=refusal,
        has_factor=has_factor(db, account.id),
        may_remove_factor=not refusal and actor.can(MANAGE_STAFF),
    )


def issue_reset(db: Session, actor: Actor, ref: str) -> str:
    """A code for the person to set a new password with; they are told that it was made, and by whom.

    Raises NotFound outside of the actor's scope, Forbidden (OwnAccount, StaffAccount), TooMany.
    """
    account = _account(db, actor, ref)
    require_may_issue(db, actor, account)
    limiting.hit(db, "issue-code", _BY_ONE, f"by:{actor.account_id}")
    limiting.hit(db, "issue-code", _FOR_ONE, f"for:{account.id}")
    code = issue(db, [account.id], "reset", actor.account_id)[account.id]
    emit(db, ResetCodeIssued(account.person_id, actor.name, clock.now()))
    return code


def remove_factor(db: Session, actor: Actor, ref: str) -> None:
    """For somebody who lost their telephone; they are told, and have to sign in again.

    Raises NotFound outside of the actor's scope, Forbidden as for a code and for who may not manage staff: with both, a
    code and this, one could come in as somebody else.
    """
    account = _account(db, actor, ref)
    actor.require(MANAGE_STAFF)
    require_may_issue(db, actor, account)
    factors.remove(db, account.id, actor.account_id)
    sign_out_everywhere(db, account.id)
    emit(db, SecondFactorRemoved(account.person_id, actor.name, clock.now()))


def reopen_idle(db: Session, actor: Actor, ref: str) -> None:
    """For somebody whose account is disabled for not being used: they sign in as before, and are told.

    Raises NotFound outside of the actor's scope, Forbidden as for a code, Conflict if it is not disabled for that.
    """
    account = _account(db, actor, ref)
    require_may_issue(db, actor, account)
    reopen(db, account.id, actor.account_id)
    emit(db, AccountReopened(account.person_id, actor.name, clock.now()))


def require_may_issue(db: Session, actor: Actor, account: Account) -> None:
    """Raises OwnAccount or StaffAccount."""
    if account.person_id in actor.records:
        raise OwnAccount
    if beyond_own(db, actor, [account.id]):
        raise StaffAccount


def beyond_own(db: Session, actor: Actor, account_ids: Collection[int]) -> set[int]:
    """Which of these accounts the actor may not have opened: nobody takes over one that may do more than they.

    An account without a role is for whoever looks after its holder, any other for an administrator who holds all that
    each of its roles allows, today's and later ones.
    """
    grants = db.scalars(
        select(RoleGrant).where(
            RoleGrant.account_id.in_(account_ids),
            or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= clock.today()),
        )
    ).all()
    above = units_above(db, {grant.unit_id for grant in grants})
    staff = actor.grants.get(MANAGE_STAFF, frozenset())
    return {
        grant.account_id
        for grant in grants
        if staff.isdisjoint(above[grant.unit_id]) or not may_decide(actor, grant.role, above[grant.unit_id])
    }


def _account(db: Session, actor: Actor, ref: str) -> Account:
    """Of a person who holds a post where the actor looks after people: a role given here to somebody who works
    elsewhere is no reason."""
    account = db.scalars(
        select(Account)
        .join(Person, Person.id == holder_of(Account.person_id))
        .where(Person.ref == ref, visible_people(actor, MANAGE))
        .order_by(Account.person_id != Person.id, Account.id)
        .limit(1)
    ).one_or_none()
    if account is None:
        raise NotFound
    return account
