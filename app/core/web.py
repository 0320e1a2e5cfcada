"""Between HTTP and the domains: the request's session and actor, pages and fragments, and the one place for errors."""

import json
import logging
import re
from collections.abc import AsyncIterator, Hashable, Mapping
from functools import lru_cache
from typing import Annotated, Any, cast
from urllib.parse import quote, unquote, urlsplit

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from app.core import i18n, ids
from app.core.access import Actor
from app.core.csrf import SAFE_METHODS, SESSION_COOKIE, issue_token
from app.core.db import Database, cannot_hold, met_another
from app.core.errors import (
    AppError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    SignInRequired,
    StorageAway,
    StorageFull,
    TooLarge,
    TooMany,
)
from app.core.i18n import gettext as _
from app.core.keys import sign, signature_fits
from app.core.middleware import LastResort
from app.core.settings import Settings
from app.core.storage import Storage, StorageUnreachable, is_full
from app.core.templating import render_block, render_template

log = logging.getLogger("hocso.web")

_FLASH_COOKIE = "hs_flash"
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


Config = Annotated[Settings, Depends(_settings)]
Files = Annotated[Storage, Depends(_storage)]
# For routes that open transactions of their own, such as those that must hold none while they receive a large body.
Databases = Annotated[Database, Depends(database_in_turn, scope="function")]
# An id in an address. What no database could hold as one names nothing: 404, as for any other that is not there.
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def identify(request: Request) -> None:
    """Dependency of every page route: finds out who asks, once, and refuses oversized bodies.

    In the lane (lane.py) it reads in the request's session: the body is there already. Elsewhere in one of its own, so
    that a writing request takes no lock before its body has arrived.
    """
    if getattr(request.state, "too_large", False):
        raise TooLarge
    actor = request.state.actor = _find_actor(request, request.app.state.database)
    if (
        actor
        and actor.must_change_password
        and not request.scope["path"].startswith(("/account/password", "/sign-out", "/settings/"))
    ):
        raise PasswordChangeRequired


def _find_actor(request: Request, database: Database) -> Actor | None:
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    if session := getattr(request.state, "session", None):
        return cast("Actor | None", request.app.state.load_actor(session, token))
    with database.reading() as db:
        return cast("Actor | None", request.app.state.load_actor(db, token))


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


class PasswordChangeRequired(AppError):
    status = 303


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


# --- errors -------------------------------------------------------------------------------------------------------


def install_error_handlers(app: FastAPI) -> None:
    """To be called before other middleware is added, so that `LastResort` stands directly around the routes."""
    app.add_middleware(LastResort, answer=answer_error)
    for kind in (AppError, RequestValidationError, HTTPException, DBAPIError, Exception):
        app.add_exception_handler(kind, answer_error)


def answer_error(request: Request, error: Exception) -> Response:
    """The one place that turns an error into an answer."""
    match error:
        case AppError():
            return _app_error(request, error)
        case RequestValidationError():
            return _bad_input(request, error)
        case HTTPException():
            return _http_error(request, error)
        case DBAPIError() if met_another(error):
            return _app_error(request, Conflict())
        case DBAPIError() if cannot_hold(error):
            return _app_error(request, NotFound() if request.method in SAFE_METHODS else Invalid())
        case OperationalError():
            return _database_error(request, error)
        case _:
            return _unexpected(request, error)


def error_response(request: Request, error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """A redirect to sign in, a page, a fragment or problem+json: whatever the asker understands."""
    if isinstance(error, PasswordChangeRequired):
        return redirect(request, "/account/password")
    if isinstance(error, SignInRequired) and _wants_page(request):
        target = quote(_page_to_return_to(request))
        return redirect(request, f"/sign-in?next={target}" if target else "/sign-in")
    headers = {"cache-control": "no-store"} | dict(headers or {})
    if isinstance(error, TooMany):
        headers["retry-after"] = str(error.retry_after_s)
    if wants_fragment(request) or _wants_page(request):
        return _error_page(request, error, headers)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": str(error.title),
        "status": error.status,
        "detail": error.message,
    }
    if isinstance(error, Invalid) and error.fields:
        problem["errors"] = error.fields
    return JSONResponse(problem, error.status, headers, media_type="application/problem+json")


def _error_page(request: Request, error: AppError, headers: Mapping[str, str]) -> Response:
    try:
        _recognise(request)
        context = page_context(request) | {
            "status": error.status, "title": str(error.title), "text": error.message, "action_url": "/",
            "action_text": _("Về trang chủ"),
        }  # fmt: skip
        if isinstance(error, SignInRequired):
            context |= {"action_url": "/sign-in", "action_text": _("Đăng nhập")}
        template = "errors/_fragment.html" if wants_fragment(request) else "errors/error.html"
        return HTMLResponse(render_template(template, context), error.status, headers)
    except Exception:
        # Whatever broke the page must not cost the reader the message.
        log.exception("the error page could not be shown")
        return PlainTextResponse(f"{error.title}\n\n{error.message}\n", error.status, headers)


def _recognise(request: Request) -> None:
    """An address no route knows passed no `identify`: its page must not look as if one had been signed out."""
    if getattr(request.state, "actor", None) is None:
        try:
            request.state.actor = _find_actor(request, request.app.state.database)
        except Exception:
            log.warning("who asked could not be found out", exc_info=True)


def _page_to_return_to(request: Request) -> str:
    """The page that was asked for, or the one whose form was sent; empty if neither is known to be ours."""
    if request.method in SAFE_METHODS:
        query = request.scope["query_string"].decode("latin-1")
        return quote(request.scope["path"]) + (f"?{query}" if query else "")
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if not referer.netloc or referer.netloc != request.headers.get("host"):
        return ""
    return referer.path + (f"?{referer.query}" if referer.query else "")


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not wants_fragment(request)


def _app_error(request: Request, error: AppError) -> Response:
    if error.status >= 500:
        log.error("%s at %s %s", type(error).__name__, request.method, request.scope["path"], exc_info=error)
    return error_response(request, error)


def _bad_input(request: Request, error: RequestValidationError) -> Response:
    # A path or query that does not parse names nothing we have; a body that does not parse is a bad form.
    if all(item["loc"][0] in ("path", "query") for item in error.errors()):
        return error_response(request, NotFound())
    if getattr(request.state, "too_large", False):
        return error_response(request, TooLarge())
    fields = {str(item["loc"][-1]): str(_("Thiếu hoặc sai dữ liệu.")) for item in error.errors()}
    return error_response(request, Invalid(fields=fields))


def _http_error(request: Request, error: HTTPException) -> Response:
    # FastAPI calls everything that goes wrong while a body arrives a 400; what it was is the cause.
    if isinstance(error.__cause__, AppError):
        return error_response(request, error.__cause__)
    if is_full(error.__cause__):
        return error_response(request, StorageFull())
    known: dict[int, type[AppError]] = {
        400: Invalid, 401: SignInRequired, 403: Forbidden, 404: NotFound, 405: NotFound, 413: TooLarge,
    }  # fmt: skip
    problem = known.get(error.status_code, AppError)()
    problem.status = error.status_code
    return error_response(request, problem, error.headers)


def _database_error(request: Request, error: OperationalError) -> Response:
    if "disk is full" in str(error.orig) or "No space left" in str(error.orig):
        return _app_error(request, StorageFull())
    return _unexpected(request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    if is_full(error):
        return _app_error(request, StorageFull())
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)
    if isinstance(error, StorageUnreachable):
        log.error("storage at %s %s: %s (%s)", request.method, request.scope["path"], error.strerror, error.filename)
        return _app_error(request, StorageAway())
    reference = ids.readable_code(8)
    log.error("error %s at %s %s", reference, request.method, request.scope["path"], exc_info=error)
    return error_response(
        request,
        AppError(
            _("Hệ thống gặp lỗi và đã ghi lại với mã %(reference)s. Hãy thử lại sau ít phút."), reference=reference
        ),
    )


__all__ = [
    "Config", "Databases", "Db", "Files", "MaybeMe", "Me", "Response", "RowId", "answer_error", "answer_head",
    "error_response", "form_fields", "having", "identify", "install_error_handlers", "local_url", "page_context",
    "redirect", "render", "render_part", "wants_fragment",
]  # fmt: skip
