"""What the account pages show."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.identity import sealing
from app.identity.identifiers import phone_shown
from app.identity.models import Account, Person, RoleGrant, SignInSession
from app.identity.people.people_queries import audience_names, posts_of
from app.identity.policy import ROLES, not_over_on, words_of
from app.identity.roles.grants import is_staff
from app.identity.second_factor.factors import has_factor, recovery_codes_left
from app.identity.sign_in.accounts import living_sessions
from app.identity.sign_in.contacts import contacts_of
from app.identity.sign_in.sign_up import group_name, needs_confirming
from app.identity.units.unit_queries import full_names


@dataclass(frozen=True)
class PostView:
    title: str
    unit: str
    started_on: date
    ended_on: date | None
    is_current: bool
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class SessionView:
    device: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


@dataclass(frozen=True)
class RoleView:
    """A role held now or later, with all it allows in words."""

    title: str
    words: tuple[str, ...]
    unit: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class AccountPage:
    """One's own account: how one signs in, where one works, what one may do, where one is signed in."""

    name: str
    username: str
    phone: str
    email: str
    is_phone_verified: bool
    is_email_verified: bool
    declared: str  # what one said one does when signing up; mostly empty
    waits_for_office: bool
    has_signed_up: bool
    posts: list[PostView]
    roles: list[RoleView]
    sessions: list[SessionView]
    recovery_left: int | None  # recovery codes of the second factor; None without one


def account_page(db: Session, actor: Actor) -> AccountPage:
    account = db.get_one(Account, actor.account_id)
    person = db.get_one(Person, actor.person_id)
    contacts = contacts_of(person)
    today = clock.today()
    posts = posts_of(db, [actor.person_id])[actor.person_id]
    grants = db.scalars(
        select(RoleGrant).where(RoleGrant.account_id == account.id, not_over_on(today)).order_by(RoleGrant.id)
    ).all()
    units = full_names(db, {post.unit_id for post in posts} | {grant.unit_id for grant in grants}, today)
    audiences = audience_names(db)
    sessions = db.scalars(
        select(SignInSession)
        .where(SignInSession.account_id == account.id, living_sessions())
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    )
    return AccountPage(
        name=actor.name,
        username=account.username,
        phone=phone_shown(contacts["phone"].value) if contacts["phone"].value else "",
        email=contacts["email"].value,
        is_phone_verified=contacts["phone"].is_verified,
        is_email_verified=contacts["email"].is_verified,
        declared=group_name(person.declared_group),
        waits_for_office=needs_confirming(person.declared_group),
        has_signed_up=person.signed_up_at is not None,
        posts=[
            PostView(
                post.title, units[post.unit_id], post.started_on, post.ended_on, post.held_on(today),
                tuple(audiences[code] for code in post.audiences),
            )
            for post in reversed(posts)
        ],
        roles=[
            RoleView(
                str(ROLES[grant.role].title), words_of(grant.role), units[grant.unit_id], grant.starts_on, grant.ends_on
            )
            for grant in grants
            if grant.role in ROLES
        ],
        sessions=[
            SessionView(
                device_name(session.agent), session.address, session.created_at, session.last_seen_at,
                is_this=session.id == actor.session_id,
            )
            for session in sessions
        ],
        recovery_left=recovery_codes_left(db, account.id),
    )  # fmt: skip


@dataclass(frozen=True)
class PasswordFacts:
    """What changing the password needs to know, read before anything slow is computed."""

    username: str
    password_hash: str
    # What the new password must not be.
    names: tuple[str, ...]
    # Holds a role and has no second factor: longer passwords apply (DESIGN 9).
    is_staff: bool


def password_facts(db: Session, account_id: int) -> PasswordFacts:
    account = db.get_one(Account, account_id)
    fields = sealing.unseal(account.person)
    names = (account.username, fields.phone, fields.phone.replace("+84", "0"), fields.email)
    needs_long = is_staff(db, account.id) and not has_factor(db, account.id)
    return PasswordFacts(account.username, account.password_hash, names, needs_long)


# In order: the names of browsers and systems contain each other (Edge says Chrome, Chrome says Safari).
_BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "coc_coc": "Cốc Cốc", "SamsungBrowser": "Samsung Internet", "Zalo": "Zalo",
    "Firefox": "Firefox", "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def device_name(agent: str) -> str:
    """`Chrome · Windows` out of a browser's own description."""
    found = [next((name for sign, name in names.items() if sign in agent), "") for names in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name) or _("Thiết bị không rõ")
