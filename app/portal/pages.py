"""The front door, my own page, and how one likes the site to look."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.catalogue.shelf import shelf
from app.core.attachments import PDF, attachment
from app.core.errors import NotFound
from app.core.i18n import LANGUAGES
from app.core.web import Config, Db, Me, Response, local_url, redirect, render
from app.media import languages
from app.portal.queries import my_page
from app.portal.record import learning_record, render_record

router = APIRouter()

_CARDS_AT_HOME = 6
_YEAR_S = 365 * 24 * 3600
# Cookie -> the values it may hold; templates/base.html offers them.
_CHOICES: dict[str, Collection[str]] = {
    "theme": ("auto", "light", "dark"), "text": ("normal", "large"), "lang": LANGUAGES, "lessons": languages.LANGUAGES,
}  # fmt: skip


@router.get("/")
def home(request: Request, db: Db) -> Response:
    return render(request, "portal/home.html", cards=shelf(db).cards[:_CARDS_AT_HOME])


@router.get("/my")
def my(request: Request, db: Db, actor: Me) -> Response:
    return render(request, "portal/my.html", page=my_page(db, actor))


@router.get("/my/record.pdf")
def record(db: Db, actor: Me, config: Config) -> Response:
    """The learning record for the personnel file."""
    content = render_record(learning_record(db, actor.person_id), config.public_url)
    return attachment(content, "phieu-ket-qua-hoc-tap.pdf", PDF, is_shown=True)


@router.post("/settings/look")
def choose_look(
    request: Request,
    theme: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    lang: Annotated[str, Form()] = "",
    lessons: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Theme, size of the text, language of the site or of lessons, whichever was pressed; kept in this browser."""
    return _chosen(request, next, theme=theme, text=text, lang=lang, lessons=lessons)


@router.post("/settings/language")
def choose_language(request: Request, lang: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "") -> Response:
    return _chosen(request, next, lang=lang)


@router.get("/look")
def gallery(request: Request, config: Config) -> Response:
    """Every part of the look in use, for who builds pages; in a demo only."""
    if not config.demo:
        raise NotFound
    return render(request, "ui/gallery.html")


def _chosen(request: Request, next: str, **choices: str) -> Response:
    response = redirect(request, local_url(next))
    for cookie, value in choices.items():
        if value in _CHOICES[cookie]:
            response.set_cookie(cookie, value, max_age=_YEAR_S, httponly=True, samesite="lax")
    return response
