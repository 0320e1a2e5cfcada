"""Between HTTP and the domains: the request's session and actor, pages and fragments (errors: error_answers.py)."""

import json
import logging
import re
from collections.abc import AsyncIterator, Hashable
from functools import lru_cache
from typing import Annotated, Any, cast
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.core import i18n
from app.core.access import Actor, Client
from app.core.csrf import SAFE_METHODS, SESSION_COOKIE, issue_token
from app.core.db import Database
from app.core.errors import (
    AppError,
    SignInRequired,
    TooLarge,
)
from app.core.keys import sign, signature_fits
from app.core.settings import Settings
from app.core.storage import Storage
from app.core.templating import render_block, render_template

log = logging.getLogger("hocso.web")

_FLASH_COOKIE = "hs_flash"
# To whoever must do something first, too.
_ALWAYS_OPEN = ("/sign-out", "/settings/")
_LOCAL_URL = re.compile(r"/(?!/)[^\\\x00-\x1f\x7f]*")


# --- what a route may ask for -------------------------------------------------------------------------------------


async def session_in_turn(request: Request) -> AsyncIterator[Session]:
    """The request's one transaction: read-only for what only looks (DESIGN 4.1)."""
    database: Database = request.app.state.database
    if request.method in SAFE_METHODS:
        async with contextmanager_in_threadpool(database.reading()) as session:
            yield session
    else:
        async with request.app.state.turns.writers, contextmanager_in_threadpool(database.writing()) as session:
            yield session


# "function": the commit happens before the response is sent, so what we acknowledge is kept.
Db = Annotated[Session, Depends(session_in_turn, scope="function")]


def _settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def _storage(request: Request) -> Storage:
    return cast(Storage, request.app.state.storage)


async def database_in_turn(request: Request) -> AsyncIterator[Database]:
    """The database, for who opens transactions of his own."""
    database: Database = request.app.state.database
    if request.method in SAFE_METHODS:
        yield database
    else:
        async with request.app.state.turns.others:
            yield database


async def database_on_return(request: Request) -> AsyncIterator[Database]:
    async with request.app.state.turns.others:
        yield cast(Database, request.app.state.database)


Config = Annotated[Settings, Depends(_settings)]
Files = Annotated[Storage, Depends(_storage)]
# For routes that open transactions of their own, such as those that must hold none while they receive a large body.
Databases = Annotated[Database, Depends(database_in_turn, scope="function")]
# For the one GET that writes: the way back from a provider of sign-ins, whose protocol chose the method. What it brings
# is bound to this browser, as the token of a form is.
ReturnDatabases = Annotated[Database, Depends(database_on_return, scope="function")]
# An id in an address. What no database could hold as one names nothing: 404, as for any other that is not there.
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def identify(request: Request) -> None:
    """Dependency of every page route: finds out who asks, once, and refuses oversized bodies.

    In the lane (lane.py) it reads in the request's session: the body is there already. Elsewhere in one of its own, so
    that a writing request takes no lock before its body has arrived.
    """
    if getattr(request.state, "too_large", False):
        raise TooLarge
    actor = request.state.actor = find_actor(request, request.app.state.database)
    if actor and (first := _first_to_do(actor)) and not request.scope["path"].startswith((first, *_ALWAYS_OPEN)):
        raise FirstDo(first)


def _first_to_do(actor: Actor) -> str:
    """The page of what somebody must do before anything else, mostly none."""
    if actor.must_change_password:
        return "/account/password"
    return "/account/second-factor" if actor.must_set_up_factor else ""


def find_actor(request: Request, database: Database) -> Actor | None:
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    if session := getattr(request.state, "session", None):
        return cast("Actor | None", request.app.state.load_actor(session, token, client_of(request)))
    with database.reading() as db:
        return cast("Actor | None", request.app.state.load_actor(db, token, client_of(request)))


def client_of(request: Request) -> Client:
    """Behind a proxy of TRUSTED_PROXIES the one it names in X-Forwarded-For, else whoever is connected."""
    host, port = request.client or ("", 0)
    return Client(host[:60], port or None)


def _maybe_me(request: Request) -> Actor | None:
    return cast("Actor | None", request.state.actor)


def _me(request: Request) -> Actor:
    if request.state.actor is None:
        raise SignInRequired
    return cast(Actor, request.state.actor)


MaybeMe = Annotated[Actor | None, Depends(_maybe_me)]
Me = Annotated[Actor, Depends(_me)]


def having(permission: str) -> Any:
    """`Author = Annotated[Actor, having("course.author")]`: signed in and allowed somewhere, else 401 or 403."""

    def check(actor: Me) -> Actor:
        actor.require(permission)
        return actor

    return Depends(check)


async def form_fields(request: Request) -> dict[str, list[str]]:
    """All values of a form by field, files left out: where what is shown decides which fields there are."""
    form = await request.form()
    return {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}


def answer_head(router: APIRouter) -> None:
    """What can be fetched can be asked about: HEAD for every GET, as HTTP wants; the server leaves out the body."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")


class FirstDo(AppError):
    """Nothing else is open before this page's business is done."""

    status = 303

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


# --- pages and fragments ------------------------------------------------------------------------------------------


def wants_fragment(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def render(
    request: Request, template: str, *, status: int = 200, fragment: str | None = None, **context: Any
) -> Response:
    """A page, or just its block `fragment` when htmx asks for one."""
    full = page_context(request) | context
    as_fragment = bool(fragment) and wants_fragment(request)
    body = render_block(template, fragment or "", full) if as_fragment else render_template(template, full)
    response = HTMLResponse(body, status)
    response.headers["cache-control"] = "private, no-store" if full["actor"] else "no-cache"
    if fragment:
        # One address, two answers: a browser must not show the fragment as the page.
        response.headers["vary"] = "HX-Request"
    if full["flash"] and not as_fragment:
        response.delete_cookie(_FLASH_COOKIE)
    return response


def render_part(template: str, block: str, **context: Hashable) -> Response:
    """A block that shows nothing of the page around it: no name, no token, so that none has to be found or signed.

    It is drawn once for the same values, which it must show as they are: a date as text, not as “today”.
    """
    body = _part(template, block, i18n.language(), tuple(context.items()))
    return HTMLResponse(body, headers={"vary": "HX-Request"})


@lru_cache(maxsize=2000)
def _part(template: str, block: str, _language: str, context: tuple[tuple[str, Hashable], ...]) -> str:
    return render_block(template, block, dict(context))


def page_context(request: Request) -> dict[str, Any]:
    """What every template may use (templates/base.html names them)."""
    theme = request.cookies.get("theme", "auto")
    return {
        "actor": getattr(request.state, "actor", None),
        "csrf_token": issue_token(request),
        "lang": i18n.language(),
        "theme": theme if theme in ("light", "dark") else "auto",
        "text_size": "large" if request.cookies.get("text") == "large" else "normal",
        "demo": request.app.state.settings.demo,
        "path": request.scope["path"],
        "flash": _read_flash(request),
    }


def redirect(request: Request, url: str, *, flash: tuple[str, str] | None = None) -> Response:
    """See other; htmx gets its own header so that the whole page moves. `flash` = (ok|warn|error, text)."""
    response: Response = RedirectResponse(url, 303)
    if wants_fragment(request):
        # The escaped address: a header takes neither Vietnamese letters nor line breaks.
        response = Response(status_code=204, headers={"hx-redirect": response.headers["location"]})
    if flash:
        value = quote(json.dumps(flash, ensure_ascii=False))
        response.set_cookie(
            _FLASH_COOKIE,
            f"{sign('flash', value)}.{value}",
            max_age=60,
            httponly=True,
            samesite="lax",
            secure=request.app.state.settings.session_cookie_secure,
        )
    return response


def local_url(url: str | None, otherwise: str = "/") -> str:
    """`url` if it stays on this site, for ?next=; else `otherwise`.

    Browsers read a backslash as a slash and drop tabs and line breaks, so any of these could hide a "//elsewhere".
    """
    return url if url and _LOCAL_URL.fullmatch(url) else otherwise


def _read_flash(request: Request) -> list[tuple[str, str]]:
    tag, _dot, value = request.cookies.get(_FLASH_COOKIE, "").partition(".")
    if not value or not signature_fits("flash", value, tag):
        return []
    kind, text = json.loads(unquote(value))
    return [(kind, text)]


__all__ = [
    "Config", "Databases", "Db", "Files", "FirstDo", "MaybeMe", "Me", "Response", "ReturnDatabases", "RowId",
    "answer_head", "client_of", "find_actor", "form_fields", "having", "identify", "local_url", "page_context",
    "redirect", "render", "render_part", "wants_fragment",
]  # fmt: skip
