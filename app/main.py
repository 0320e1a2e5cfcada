"""create_app(), and the only list of all domains: routers, event handlers, jobs, crons, body limits."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio.to_thread
from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app import __version__
from app.core import events
from app.core.csrf import check_token
from app.core.jobs import Cron, JobFunction, Worker
from app.core.middleware import BodyLimit, Surroundings
from app.core.settings import Settings, get_settings
from app.core.static import StaticFiles
from app.core.templating import STATIC_DIR
from app.core.web import identify, install_error_handlers
from app.runtime import Runtime


# TEMPORARY while the domains are being written side by side.
def _get(module: str, name: str, default: Any) -> Any:
    try:
        return getattr(importlib.import_module(module), name, default)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            return default
        raise


PAGES = [
    router
    for module in (
        "app.portal.pages", "app.identity.account_pages", "app.identity.unit_pages", "app.identity.people_pages",
        "app.catalogue.pages", "app.learning.pages", "app.learning.quiz_pages", "app.certificates.pages", "app.authoring.pages",
        "app.coverage.pages", "app.coverage.export_pages", "app.admin.pages",
    )
    if (router := _get(module, "router", None)) is not None
]  # fmt: skip
# No form tokens here: delivery of files, health, and the hot route, which checks its own.
BARE = [
    router
    for module in ("app.media.pages", "app.learning.api", "app.admin.health")
    if (router := _get(module, "router", None)) is not None
]

HANDLERS: list[tuple[type[events.Event], events.Handler]] = []


def _wire() -> None:
    from app.identity.events import AffiliationsChanged, UnitsReorganised
    from app.learning.events import CompletionAnnulled, CourseCompleted

    for event, module, name in (
        (CourseCompleted, "app.certificates.handlers", "issue_on_completion"),
        (CourseCompleted, "app.coverage.handlers", "count_completion"),
        (CompletionAnnulled, "app.certificates.handlers", "revoke_on_annulment"),
        (CompletionAnnulled, "app.coverage.handlers", "count_annulment"),
        (AffiliationsChanged, "app.coverage.handlers", "count_affiliations"),
        (UnitsReorganised, "app.coverage.handlers", "count_reorganisation"),
    ):
        if handler := _get(module, name, None):
            HANDLERS.append((event, handler))


_wire()

JOBS: dict[str, JobFunction] = {}
for _module in ("app.identity.jobs", "app.media.jobs", "app.learning.jobs", "app.certificates.jobs", "app.coverage.jobs"):
    JOBS |= _get(_module, "JOBS", {})

CRONS: list[Cron] = []
if "learning.forget_progress_clients" in JOBS:
    CRONS.append(Cron("learning.forget_progress_clients", every=timedelta(days=1), at=timedelta(hours=3)))
if "coverage.rebuild" in JOBS:
    CRONS.append(Cron("coverage.rebuild", every=timedelta(days=1), at=timedelta(hours=2)))
if "coverage.retry_pending" in JOBS:
    CRONS.append(Cron("coverage.retry_pending", every=timedelta(minutes=10)))
if "certificates.order_missing" in JOBS:
    CRONS.append(Cron("certificates.order_missing", every=timedelta(minutes=15)))

_FORM_BYTES = 2 * 1024 * 1024


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application; `app.state` carries settings, database, storage and the committers."""
    settings = settings or get_settings()
    runtime = Runtime(settings)
    events.wire(HANDLERS)
    app = FastAPI(title="Học Số", version=__version__, lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.database = runtime.database
    app.state.storage = runtime.storage
    app.state.load_actor = _get("app.identity.accounts", "load_actor", lambda db, token: None)
    for router in PAGES:
        app.include_router(router, dependencies=[Depends(identify), Depends(check_token)], include_in_schema=True)
    for router in BARE:
        app.include_router(router)
    app.mount("/static", StaticFiles(STATIC_DIR), name="static")
    install_error_handlers(app)
    uploads = settings.upload_limit_bytes + _FORM_BYTES
    app.add_middleware(
        BodyLimit,
        limits=[
            ("/studio/", uploads),
            ("/people/imports", 20 * _FORM_BYTES),
            ("/verify/file", 2 * _FORM_BYTES),
            ("/", _FORM_BYTES),
        ],
    )
    app.add_middleware(Surroundings, secure_cookies=settings.session_cookie_secure)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    # More threads than connections would wait for each other (TECH, traps).
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.db_pool_size
    committers = [
        committer
        for module, name in (("app.learning.saving", "progress_committer"), ("app.identity.last_seen", "last_seen_committer"))
        if (make := _get(module, name, None)) is not None and (committer := make(app.state.database))
        and (setattr(app.state, name, committer) or True)
    ]  # fmt: skip
    for committer in committers:
        committer.start()
    worker = Worker(app.state.database, app.state.storage, JOBS, CRONS)
    worker.start(settings.workers)
    try:
        yield
    finally:
        worker.stop()
        for committer in committers:
            committer.stop()
        app.state.database.dispose()
