"""Between the two steps of a sign-in: a cookie says that this browser knew the password of an account just now.

It opens the page of the second step and nothing else. It is signed for this browser, this password and ten minutes.
"""

from fastapi import Request
from sqlalchemy.orm import Session

from app.core import clock
from app.core.keys import sign, signature_fits
from app.core.settings import Settings
from app.core.web import Response
from app.identity.models import Account
from app.identity.sign_in.accounts import Candidate

_COOKIE = "hs_second"
_HOLDS_S = 600
_PURPOSE = "second-step"


def remember(request: Request, response: Response, candidate: Candidate, config: Settings) -> Response:
    until = int(clock.now().timestamp()) + _HOLDS_S
    tag = sign(_PURPOSE, _message(request, candidate.account_id, until, candidate.password_hash))
    response.set_cookie(
        _COOKIE, f"{candidate.account_id}.{until}.{tag}", max_age=_HOLDS_S, httponly=True, samesite="lax",
        secure=config.session_cookie_secure, path="/sign-in",
    )  # fmt: skip
    return response


def remembered(request: Request, db: Session) -> Candidate | None:
    """Whose password it was, if it still is and the ten minutes are not over."""
    account_id, _dot, rest = request.cookies.get(_COOKIE, "").partition(".")
    until, _dot, tag = rest.partition(".")
    if not (_is_number(account_id) and _is_number(until)) or int(until) < clock.now().timestamp():
        return None
    account = db.get(Account, int(account_id))
    if account is None or not signature_fits(
        _PURPOSE, _message(request, account.id, int(until), account.password_hash), tag
    ):
        return None
    return Candidate(account.id, account.password_hash, account.must_change_password)


def forget(response: Response) -> Response:
    response.delete_cookie(_COOKIE, httponly=True, samesite="lax", path="/sign-in")
    return response


def _message(request: Request, account_id: int, until: int, password_hash: str) -> str:
    return f"{account_id}.{until}.{request.state.browser}.{password_hash}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
