"""The one place for errors: what a person, htmx or a program is told when something went wrong."""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from app.core import ids
from app.core.csrf import SAFE_METHODS
from app.core.db import cannot_hold, met_another
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
from app.core.middleware import LastResort
from app.core.storage import StorageUnreachable, is_full
from app.core.templating import render_template
from app.core.web import FirstDo, find_actor, page_context, redirect, wants_fragment

log = logging.getLogger("hocso.web")


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
    if isinstance(error, FirstDo):
        return redirect(request, error.url)
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
            "action_text": _("Về trang chủ"), "page": error.page,
        }  # fmt: skip
        if isinstance(error, SignInRequired):
            context |= {"action_url": "/sign-in", "action_text": _("Đăng nhập")}
        template = "errors/_fragment.html" if wants_fragment(request) else error.template
        return HTMLResponse(render_template(template, context), error.status, headers)
    except Exception:
        # Whatever broke the page must not cost the reader the message.
        log.exception("the error page could not be shown")
        return PlainTextResponse(f"{error.title}\n\n{error.message}\n", error.status, headers)


def _recognise(request: Request) -> None:
    """An address no route knows passed no `identify`: its page must not look as if one had been signed out."""
    if getattr(request.state, "actor", None) is None:
        try:
            request.state.actor = find_actor(request, request.app.state.database)
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
    # Programs are answered as programs, whatever their library says it accepts.
    if request.scope["path"].startswith("/api/"):
        return False
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
