"""Pages that explain: what this is, how to get on, what happens to personal data."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import __version__
from app.core.web import Config, render

router = APIRouter()


@router.get("/about")
def about(request: Request) -> Response:
    return render(request, "portal/about.html", version=__version__)


@router.get("/help")
def help_page(request: Request, config: Config) -> Response:
    return render(request, "portal/help.html", upload_limit_mb=config.upload_limit_mb)


@router.get("/privacy")
def privacy(request: Request, config: Config) -> Response:
    return render(request, "portal/privacy.html", session_days=config.session_days)
