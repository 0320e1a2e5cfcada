"""What a course says of itself, in the studio: its form."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from starlette.datastructures import UploadFile

from app.authoring import info_form, queries
from app.authoring.course_queries import audiences_offered
from app.authoring.info_form import LEVELS, TAGS, InfoFields
from app.authoring.making import rearrange
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.starting import required_hours
from app.catalogue.models import Course, Programme
from app.catalogue.queries import CourseView, course_version, cover_url, newest_version
from app.catalogue.skills import frameworks
from app.catalogue.source import CourseSource, FileSource
from app.catalogue.stored import source_of
from app.core.db import Session
from app.core.errors import AppError, Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.web import Config, Databases, Db, Files, Response, redirect, render
from app.media.quota import must_fit
from app.media.service import add_asset, store

router = APIRouter()
# A phone shows the cover 360 points wide; the folder takes no picture above 1 MB, and what is kept is smaller.
COVER_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class InfoPage:
    """The form with all it offers. `is_published`: the code stays; `minutes`: what the required lessons take."""

    course: CourseView
    is_published: bool
    cover: str | None
    required_hours: str
    programmes: tuple[tuple[str, str], ...]
    audiences: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sent:
    """The form as it came, and the picture chosen in it."""

    fields: InfoFields
    cover: tuple[str, BinaryIO, int] | None


async def _receive(request: Request) -> AsyncIterator[Sent]:
    form = await request.form(max_files=1, max_fields=200)
    chosen = form.get("cover")
    values = {name: [one for one in form.getlist(name) if isinstance(one, str)] for name in form}
    has_file = isinstance(chosen, UploadFile) and chosen.filename
    try:
        yield Sent(
            info_form.of_form({name: found for name, found in values.items() if found}),
            (chosen.filename or "", chosen.file, chosen.size or 0)
            if has_file and isinstance(chosen, UploadFile)
            else None,
        )
    finally:
        await form.close()


SentForm = Annotated[Sent, Depends(_receive)]


@router.get("/studio/{slug}/info")
def info(request: Request, db: Db, course: AuthoredCourse) -> Response:
    version = newest_version(db, course)
    fields = info_form.of_course(source_of(db, version.id), version.id)
    return _form(request, _page(db, course), fields)


@router.post("/studio/{slug}/info")
def tell(
    slug: str, request: Request, actor: Author, sent: SentForm, database: Databases, storage: Files, settings: Config
) -> Response:
    """The picture is stored before the database is locked."""
    with database.reading() as db:
        course = queries.authored_course(db, actor, slug)
        source = source_of(db, newest_version(db, course).id)
        page = _page(db, course)
        errors = _problems(db, course, source, sent.fields)
        stored = None
        if sent.cover and not errors:
            name, stream, size = sent.cover
            try:
                must_fit(db, settings, course.unit_id, size, name)
                stored = store(storage, stream, name, only="image", limit_bytes=COVER_LIMIT_BYTES)
            except AppError as error:
                errors = {"cover": error.message}
    if errors:
        return _form(request, page, sent.fields, errors, status=422)
    try:
        with database.writing() as db:
            course = queries.authored_course(db, actor, slug)
            is_published = course.published_version_id is not None
            cover = None
            if stored:
                asset = add_asset(db, stored, by=actor.account_id, unit_id=course.unit_id)
                cover = FileSource(f"cover{PurePath(asset.file_name).suffix}", asset_id=asset.id)
            rearrange(
                db, storage, actor, course,
                lambda source: info_form.told(source, sent.fields, is_published=is_published, cover=cover),
                base_version=sent.fields.base_version, untouched=info_form.head, hours_follow=False,
            )  # fmt: skip
    except Conflict as error:
        # Whoever saves once more after a warning has seen the newest version.
        fields = replace(sent.fields, base_version=page.course.version_id)
        return _form(request, page, fields, {"": error.message}, status=409)
    except Invalid as error:
        return _form(request, page, sent.fields, {"": error.message}, status=422)
    return redirect(request, f"/studio/{slug}", flash=("ok", _("Đã lưu thông tin khóa học vào bản nháp.")))


def _problems(db: Session, course: Course, source: CourseSource, fields: InfoFields) -> dict[str, str]:
    others = db.execute(select(Course.code, Course.slug).where(Course.id != course.id)).all()
    return info_form.info_problems(
        fields, source, is_published=course.published_version_id is not None,
        codes={code for code, _slug in others}, slugs={slug for _code, slug in others},
    )  # fmt: skip


def _page(db: Session, course: Course) -> InfoPage:
    version = newest_version(db, course)
    view = course_version(db, version.id)
    others = db.execute(select(Course.slug, Course.code).where(Course.id != course.id).order_by(Course.code)).all()
    tasks = db.execute(select(Programme.code, Programme.task_no, Programme.title).order_by(Programme.code)).all()
    return InfoPage(
        course=view,
        is_published=course.published_version_id is not None,
        cover=cover_url(db, view),
        required_hours=info_form.written(required_hours(source_of(db, version.id))),
        programmes=tuple((code, f"{number}. {title}") for code, number, title in tasks),
        audiences=audiences_offered(db),
        others=tuple((slug, f"{code} · {slug}") for slug, code in others),
    )


def _form(
    request: Request, page: InfoPage, fields: InfoFields, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    response = render(
        request, "authoring/course_info.html", status=status, page=page, fields=fields, errors=errors or {},
        tags=TAGS, levels=LEVELS, frameworks=frameworks(),
    )  # fmt: skip
    # Back from an error page without scripts, the browser must still have what was typed.
    response.headers["cache-control"] = "private, no-cache"
    return response
