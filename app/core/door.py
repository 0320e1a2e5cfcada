"""The door: what open pages ask by themselves, again and again, does not walk through the whole house.

Around every other request stand one after the other compression, surroundings, the limit of its body, the lane. Around
the few routes given here they cost more than the work inside, so the door does what these ask of the middleware (the
browser, the language, the security headers, errors as everywhere) in one go. It takes only what is usual: a small body
that came in one piece, or a wish for a part of a file, from a browser we know. All else goes on into the house, whose
routes have the same endpoints.
"""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import i18n
from app.core.csrf import BROWSER_COOKIE
from app.core.error_answers import answer_error
from app.core.middleware import add_security_headers

_MOST_BYTES = 64 * 1024


class Door:
    """Middleware, outside of all others; it answers the bare ones of `routes`: coroutines that check all they must."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self._routes = [route for route in routes if isinstance(route, Route) and not isinstance(route, APIRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._find(scope)
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        first = await receive()
        unread = [first]

        async def from_first() -> Message:
            return unread.pop() if unread else await receive()

        request = Request(scope, from_first)
        browser = request.cookies.get(BROWSER_COOKIE)
        is_in_parts = request.headers.get("content-type", "").lower().startswith("multipart/")
        if not browser or is_in_parts or not _came_whole(first):
            await self.app(scope, from_first, send)
            return
        i18n.speak(request.cookies.get("lang", i18n.DEFAULT))
        request.state.browser = browser

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(message)
            await send(message)

        try:
            response = await endpoint(request)
        except Exception as error:
            response = await run_in_threadpool(answer_error, request, error)
        await response(scope, from_first, send_with_headers)

    def _find(self, scope: Scope) -> Any:
        if scope["type"] == "http" and _is_hot(scope):
            for route in self._routes:
                if scope["method"] in (route.methods or ()) and (found := route.path_regex.fullmatch(scope["path"])):
                    scope["path_params"] = found.groupdict()
                    return route.endpoint
        return None


def _is_hot(scope: Scope) -> bool:
    """Whole files go into the house, where texts are compressed; a part of one is as it is."""
    return scope["method"] == "POST" or any(name == b"range" for name, _value in scope["headers"])


def _came_whole(message: Message) -> bool:
    return (
        message["type"] == "http.request"
        and not message.get("more_body", False)
        and len(message.get("body", b"")) <= _MOST_BYTES
    )
