"""What happens around every request: language, browser cookie, security headers, the size of the body."""

import re
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import i18n, ids
from app.core.csrf import BROWSER_COOKIE
from app.core.errors import TooLarge

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
# For a page that one of ours shows in a frame, to be looked at and no more: nothing runs, nothing is sent.
SHOWN_IN_A_FRAME = (
    _POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    .replace("script-src 'self'", "script-src 'none'")
    .replace("form-action 'self'", "form-action 'none'")
    + "; sandbox allow-same-origin"
)
# The same for a form in a frame: it can be filled in and sent to us, and still nothing runs.
ANSWERED_IN_A_FRAME = SHOWN_IN_A_FRAME.replace("form-action 'none'", "form-action 'self'") + " allow-forms"
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
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
        # The parser of Request.cookies: the two must agree, and other people's odd cookies must not trip us.
        cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
        i18n.speak(cookies.get("lang", i18n.DEFAULT))
        known = cookies.get(BROWSER_COOKIE, "")
        browser = known or ids.token(96)
        scope.setdefault("state", {})["browser"] = browser
        _forget_charset(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(message)
                headers = MutableHeaders(raw=message["headers"])
                if not known and headers.get("content-type", "").startswith("text/html"):
                    secure = "; Secure" if self.secure else ""
                    headers.append(
                        "set-cookie",
                        f"{BROWSER_COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax; Max-Age={_YEAR_S}{secure}",
                    )
            await send(message)

        await self.app(scope, receive, send_with_headers)


def add_security_headers(start: Message) -> None:
    """To the start of an answer; what it says itself stays."""
    given = {name for name, _value in start["headers"]}
    start["headers"] = [*start["headers"], *(header for header in _RAW_HEADERS if header[0] not in given)]


def allowing_frames(response: Response, hosts: Sequence[str]) -> Response:
    """The same page, which may show these hosts in frames; a host is plain letters, digits, dots and hyphens."""
    if hosts:
        places = " ".join(f"https://{host}" for host in hosts)
        response.headers["content-security-policy"] = f"{_POLICY}; frame-src {places}"
    return response


def _forget_charset(scope: Scope) -> None:
    """Forms are UTF-8, and a form in parts has no charset of its own (RFC 7578, 4.6 and 5.1).

    Whoever could choose one could choose "unicode_escape", and make texts that no page and no database takes.
    """
    for index, (name, value) in enumerate(scope["headers"]):
        if name == b"content-type" and value.lower().startswith(b"multipart/") and b"charset" in value.lower():
            scope["headers"][index] = name, re.sub(rb"(?i);\s*charset\s*=[^;]*", b"", value)


class LastResort:
    """Turns an error nobody foresaw into `answer(request, error)`, inside our own headers and language.

    It stands directly around the routes: the answer of the framework itself comes too late for `Surroundings`.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if started:
                raise
            response = await run_in_threadpool(self.answer, Request(scope), error)
            await response(scope, receive, send)


class BodyLimit:
    """Refuses bodies over a limit with 413: `limits` lists (path prefix, bytes), the first that fits counts.

    What is over the limit is read and thrown away up to four times the limit, since a browser that is still sending
    shows "connection reset" instead of our answer. Bodies of undeclared length are counted as they come.
    """

    def __init__(self, app: ASGIApp, limits: Sequence[tuple[str, int]]) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((size for prefix, size in self.limits if scope["path"].startswith(prefix)), self.limits[-1][1])
        if _declared_bytes(scope) > limit:
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
                scope.setdefault("state", {})["too_large"] = True
                if message.get("more_body"):
                    await _drain(receive, 3 * limit)
                raise TooLarge
            return message

        await self.app(scope, counted, send)


def _declared_bytes(scope: Scope) -> int:
    """What Content-Length claims; 0 for nonsense, since the bytes that really come are counted anyway."""
    text = Headers(scope=scope).get("content-length", "")
    # Longer ones are more than anybody stores, and int() refuses the absurd.
    return int(text[:18]) if text.isascii() and text.isdigit() else 0


async def _drain(receive: Receive, at_most: int) -> None:
    read = 0
    while read < at_most:
        message = await receive()
        read += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


async def _empty() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
