"""Between HTTP and the domains: the request's session and actor, pages and fragments, and the one place for errors."""

import json
import logging
from collections.abc import Iterator
from typing import Annotated, Any, cast
from urllib.parse import quote, unquote

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.core import i18n, ids
from app.core.access import Actor
from app.core.csrf import SAFE_METHODS, SESSION_COOKIE, issue_token
from app.core.db import Database
from app.core.errors import AppError, Forbidden, Invalid, NotFound, SignInRequired, StorageFull, TooLarge, TooMany
from app.core.i18n import gettext as _
from app.core.keys import sign, signature_fits
from app.core.settings import Settings
from app.core.storage import Storage
from app.core.templating import render_block, render_template

log = logging.getLogger("hocso.web")

_FLASH_COOKIE = "hs_flash"


# --- what a route may ask for -------------------------------------------------------------------------------------


def _db(request: Request) -> Iterator[Session]:
    database: Database = request.app.state.database
    with database.reading() if request.method in SAFE_METHODS else database.writing() as session:
        yield session


# "function": the commit happens before the response is sent, so what we acknowledge is kept.
Db = Annotated[Session, Depends(_db, scope="function")]


def _settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def _storage(request: Request) -> Storage:
    return cast(Storage, request.app.state.storage)


def _database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


Config = Annotated[Settings, Depends(_settings)]
Files = Annotated[Storage, Depends(_storage)]
# For routes that must not hold a transaction while they receive a large body.
Databases = Annotated[Database, Depends(_database)]


def identify(request: Request, database: Databases) -> None:
    """Dependency of every page route: finds out who asks, once, and refuses oversized bodies.

    It reads in a session of its own, so that a writing request takes no lock before its body has arrived.
    """
    if getattr(request.state, "too_large", False):
        raise TooLarge
    request.state.actor = None
    if token := request.cookies.get(SESSION_COOKIE):
        with database.reading() as db:
            request.state.actor = request.app.state.load_actor(db, token)
    actor: Actor | None = request.state.actor
    if (
        actor
        and actor.must_change_password
        and not request.url.path.startswith(("/account/password", "/sign-out", "/settings/"))
    ):
        raise PasswordChangeRequired


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
    if fragment and wants_fragment(request):
        return HTMLResponse(render_block(template, fragment, full), status)
    response = HTMLResponse(render_template(template, full), status)
    response.headers["cache-control"] = "private, no-store" if full["actor"] else "no-cache"
    if full["flash"]:
        response.delete_cookie(_FLASH_COOKIE)
    return response


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
        "path": request.url.path,
        "flash": _read_flash(request),
    }


def redirect(request: Request, url: str, *, flash: tuple[str, str] | None = None) -> Response:
    """See other; htmx gets its own header so that the whole page moves. `flash` = (ok|warn|error, text)."""
    response: Response
    if wants_fragment(request):
        response = Response(status_code=204, headers={"hx-redirect": url})
    else:
        response = RedirectResponse(url, 303)
    if flash:
        value = quote(json.dumps(flash, ensure_ascii=False))
        response.set_cookie(_FLASH_COOKIE, f"{sign('flash', value)}.{value}", max_age=60, httponly=True, samesite="lax")
    return response


def local_url(url: str | None, otherwise: str = "/") -> str:
    """`url` if it stays on this site, for ?next=; else `otherwise`."""
    return url if url and url.startswith("/") and not url.startswith(("//", "/\\")) else otherwise


def _read_flash(request: Request) -> list[tuple[str, str]]:
    tag, _dot, value = request.cookies.get(_FLASH_COOKIE, "").partition(".")
    if not value or not signature_fits("flash", value, tag):
        return []
    kind, text = json.loads(unquote(value))
    return [(kind, text)]


# --- errors -------------------------------------------------------------------------------------------------------


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(AppError, cast(Any, _app_error))
    app.add_exception_handler(RequestValidationError, cast(Any, _bad_input))
    app.add_exception_handler(HTTPException, cast(Any, _http_error))
    app.add_exception_handler(OperationalError, cast(Any, _database_error))
    app.add_exception_handler(Exception, cast(Any, _unexpected))


def error_response(request: Request, error: AppError) -> Response:
    if isinstance(error, PasswordChangeRequired):
        return redirect(request, "/account/password")
    if isinstance(error, SignInRequired) and _wants_page(request):
        target = (
            quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
            if request.method == "GET"
            else ""
        )
        return redirect(request, f"/sign-in?next={target}" if target else "/sign-in")
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, TooMany) else {}
    if not wants_fragment(request) and not _wants_page(request):
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": str(error.title),
            "status": error.status,
            "detail": error.message,
        }
        if isinstance(error, Invalid) and error.fields:
            problem["errors"] = error.fields
        return JSONResponse(problem, error.status, headers, media_type="application/problem+json")
    context = page_context(request) | {
        "status": error.status, "title": str(error.title), "text": error.message, "action_url": "/",
        "action_text": _("Về trang chủ"),
    }  # fmt: skip
    if isinstance(error, SignInRequired):
        context |= {"action_url": "/sign-in", "action_text": _("Đăng nhập")}
    template = "errors/_fragment.html" if wants_fragment(request) else "errors/error.html"
    return HTMLResponse(render_template(template, context), error.status, headers)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not wants_fragment(request)


def _app_error(request: Request, error: AppError) -> Response:
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
    known: dict[int, type[AppError]] = {401: SignInRequired, 403: Forbidden, 404: NotFound, 413: TooLarge}
    problem = known.get(error.status_code, AppError)()
    problem.status = error.status_code
    if error.status_code == 405:
        problem = NotFound()
        problem.status = 405
    elif error.status_code == 400:
        problem = Invalid()
        problem.status = 400
    return error_response(request, problem)


def _database_error(request: Request, error: OperationalError) -> Response:
    if "disk is full" in str(error.orig) or "No space left" in str(error.orig):
        return error_response(request, StorageFull())
    return _unexpected(request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    reference = ids.readable_code(8)
    log.error("error %s at %s %s", reference, request.method, request.url.path, exc_info=error)
    return error_response(
        request,
        AppError(
            _("Hệ thống gặp lỗi và đã ghi lại với mã %(reference)s. Hãy thử lại sau ít phút."), reference=reference
        ),
    )


__all__ = [
    "Config", "Databases", "Db", "Files", "MaybeMe", "Me", "Response", "error_response", "having",
    "identify", "install_error_handlers", "local_url", "page_context", "redirect", "render", "wants_fragment",
]  # fmt: skip
