"""Form tokens: a request that changes something must come from a page we made for this browser and session."""

from urllib.parse import urlsplit

from fastapi import Request

from app.core import ids
from app.core.errors import FormExpired
from app.core.keys import sign, signature_fits

BROWSER_COOKIE = "hs_browser"
SESSION_COOKIE = "hs_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPE = "application/x-www-form-urlencoded"


def issue_token(request: Request) -> str:
    """A token for one page; a fresh nonce each time keeps it from being guessed out of compressed pages."""
    nonce = ids.token(64)
    return f"{nonce}.{sign('csrf', nonce + _holder(request))}"


async def check_token(request: Request) -> None:
    """Dependency of every page route: raises FormExpired unless header, query or form carries a fitting token.

    Uploads carry it in the query: it is checked before a byte of their body is read.
    """
    if request.method in SAFE_METHODS:
        return
    if _is_foreign(request.headers.get("origin"), request.headers.get("host", "")):
        raise FormExpired
    token = request.headers.get("x-csrf-token") or request.query_params.get("csrf_token")
    if not token and request.headers.get("content-type", "").startswith(_FORM_TYPE):
        token = str((await request.form()).get("csrf_token", ""))
    nonce, _, tag = (token or "").partition(".")
    if not tag or not request.cookies.get(BROWSER_COOKIE) or not signature_fits("csrf", nonce + _holder(request), tag):
        # Nobody else will close the files of a form that goes no further.
        await request.close()
        raise FormExpired


def _is_foreign(origin: str | None, host: str) -> bool:
    """Another site sent this; a browser that says nothing, or "null", is judged by its token alone."""
    if not origin or origin == "null":
        return False
    try:
        return urlsplit(origin).netloc.lower() != host.lower()
    except ValueError:
        return True


def _holder(request: Request) -> str:
    browser = getattr(request.state, "browser", None) or request.cookies.get(BROWSER_COOKIE, "")
    return f"|{browser}|{request.cookies.get(SESSION_COOKIE, '')}"
