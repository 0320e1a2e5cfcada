"""What happens around every request: language, browser cookie, security headers, the size of the body."""

from collections.abc import Sequence
from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import i18n, ids
from app.core.csrf import BROWSER_COOKIE

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_YEAR_S = 365 * 24 * 3600


class Surroundings:
    """Sets the language, gives every browser a random cookie (for form tokens), and adds the security headers."""

    def __init__(self, app: ASGIApp, secure_cookies: bool) -> None:
        self.app = app
        self.secure = secure_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        i18n.speak(cookies["lang"].value if "lang" in cookies else i18n.DEFAULT)
        known = cookies[BROWSER_COOKIE].value if BROWSER_COOKIE in cookies else ""
        browser = known or ids.token(96)
        scope.setdefault("state", {})["browser"] = browser

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not known and headers.get("content-type", "").startswith("text/html"):
                    secure = "; Secure" if self.secure else ""
                    headers.append(
                        "set-cookie",
                        f"{BROWSER_COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax; Max-Age={_YEAR_S}{secure}",
                    )
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies over a limit with 413: `limits` lists (path prefix, bytes), the first that fits counts.

    What is over the limit is read and thrown away up to four times the limit, since a browser that is still sending
    shows "connection reset" instead of our answer.
    """

    def __init__(self, app: ASGIApp, limits: Sequence[tuple[str, int]]) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next(size for prefix, size in self.limits if scope["path"].startswith(prefix))
        declared = int(Headers(scope=scope).get("content-length") or 0)
        if declared > limit:
            await _drain(receive, 4 * limit)
            scope.setdefault("state", {})["too_large"] = True
            await self.app(scope, _empty, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, send)


async def _drain(receive: Receive, at_most: int) -> None:
    read = 0
    while read < at_most:
        message = await receive()
        read += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


async def _empty() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
