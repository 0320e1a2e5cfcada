"""The last steps of every way in: the session begins in the transaction of what earned it, and then one is let in."""

from dataclasses import dataclass, replace
from urllib.parse import quote

from fastapi import Request
from sqlalchemy.orm import Session

from app.core.csrf import SESSION_COOKIE
from app.core.settings import Settings
from app.core.web import Response, client_of, redirect
from app.identity.second_factor import pending
from app.identity.shared_phone.seats import is_shared
from app.identity.sign_in import accounts
from app.identity.sign_in.accounts import Candidate, SecondFactorNeeded

HOME = "/my"
# Of a phone that several people share (shared_phone/).
PHONE_COOKIE = "hs_phone"
# The server decides when a session ends (settings.session_days after its last use); the cookie must not end before.
_COOKIE_AGE_S = 400 * 24 * 3600


@dataclass(frozen=True)
class Begun:
    """A session that began, or none yet (token ""): the account has a second factor, which has to be shown first.

    `detour` is the page to ask about what was begun without an account, mostly empty.
    """

    candidate: Candidate
    token: str = ""
    detour: str = ""


def begin(
    request: Request, db: Session, candidate: Candidate, better_hash: str | None = None, *,
    has_shown_factor: bool = False,
) -> Begun:  # fmt: skip
    """As accounts.sign_in, for this browser; whoever has to show a second factor is led there by `let_in`."""
    try:
        token = accounts.sign_in(
            db, candidate, address=client_of(request).address, agent=request.headers.get("user-agent", ""),
            better_hash=better_hash, replaces=request.cookies.get(SESSION_COOKIE, ""),
            is_shared=is_shared(db, request.cookies.get(PHONE_COOKIE, "")), has_shown_factor=has_shown_factor,
        )  # fmt: skip
    except SecondFactorNeeded:
        return Begun(replace(candidate, password_hash=better_hash or candidate.password_hash))
    # What was begun without an account in this browser may have to be asked about first.
    return Begun(candidate, token, request.app.state.after_sign_in(db, request.state.browser, token))


def let_in(
    request: Request, config: Settings, begun: Begun, target: str, flash: tuple[str, str] | None = None
) -> Response:
    """After the commit: noted in the access log, and on to `target`, by way of what has to be done first."""
    if not begun.token:
        second = f"/sign-in/second?next={quote(target)}" if target else "/sign-in/second"
        return pending.remember(request, redirect(request, second, flash=flash), begun.candidate, config)
    request.app.state.access_log.note("sign_in", begun.candidate.account_id, client_of(request))
    if begun.detour:
        target = f"{begun.detour}?next={quote(target)}"
    if begun.candidate.must_change_password:
        target = f"/account/password?next={quote(target)}" if target else "/account/password"
    return with_session(redirect(request, target or HOME, flash=flash), begun.token, config)


def with_session(response: Response, token: str, config: Settings) -> Response:
    """The answer that signs this browser in."""
    response.set_cookie(
        SESSION_COOKIE, token, max_age=_COOKIE_AGE_S, httponly=True, samesite="lax", secure=config.session_cookie_secure
    )
    return response
