"""A course as a ZIP file: taken home, and brought in."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from starlette.datastructures import UploadFile
from starlette.responses import StreamingResponse

from app.authoring import queries, starting
from app.authoring.course_queries import NewCoursePage, new_course_page
from app.authoring.folder import CourseProblems, Problem, export_course, read_course
from app.authoring.folder.zipped import unpack_course, write_zip
from app.authoring.pages import Author, AuthoredCourse
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version_id
from app.catalogue.service import save_version
from app.catalogue.source import CourseSource, FileSource, LessonSource
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import AppError, Conflict, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.storage import Storage
from app.core.text import whole
from app.core.web import Config, Databases, Db, Files, Response, redirect, render
from app.media.quota import must_fit
from app.media.service import StoredFile, add_asset, known_asset, store_local
from app.media.shelf import scratch_folder

router = APIRouter()
_CHUNK = 256 * 1024
# What to do when there is a course of this address already.
STOP, DRAFT, COPY = "", "draft", "copy"


@dataclass(frozen=True)
class ZipForm:
    """The form as it came. `existing`: STOP, DRAFT or COPY."""

    file: tuple[str, BinaryIO] | None = None
    existing: str = STOP
    unit: str = ""


async def _receive(request: Request) -> AsyncIterator[ZipForm]:
    form = await request.form(max_files=1, max_fields=20)
    file, existing, unit = form.get("file"), form.get("existing"), form.get("unit")
    try:
        yield ZipForm(
            (file.filename, file.file) if isinstance(file, UploadFile) and file.filename else None,
            existing if isinstance(existing, str) else STOP,
            unit if isinstance(unit, str) else "",
        )
    finally:
        await form.close()


@router.get("/studio/{slug}/zip")
def download(db: Db, course: AuthoredCourse, storage: Files) -> Response:
    """The newest version, drafts included, as `courses export` writes it."""
    # Gone when it is closed, whatever becomes of the request.
    out = tempfile.TemporaryFile()  # noqa: SIM115
    with scratch_folder("zip") as scratch:
        write_zip(export_course(db, storage, course.slug, scratch), out)
    size = out.tell()
    out.seek(0)

    def parts() -> Iterator[bytes]:
        with out:
            while chunk := out.read(_CHUNK):
                yield chunk

    headers = {
        "content-disposition": f'attachment; filename="{course.slug}.zip"', "content-length": str(size),
        "cache-control": "private, no-store",
    }  # fmt: skip
    return StreamingResponse(parts(), media_type="application/zip", headers=headers)


@router.get("/studio/upload")
def form(request: Request, db: Db, actor: Author, existing: str = STOP) -> Response:
    return _form(request, new_course_page(db, actor), ZipForm(existing=existing))


@router.post("/studio/upload")
def upload(
    request: Request, actor: Author, sent: Annotated[ZipForm, Depends(_receive)], database: Databases, storage: Files,
    settings: Config,
) -> Response:  # fmt: skip
    """Unpacked, read and stored before the database is locked; kept whole or not at all."""
    with database.reading() as db:
        page = new_course_page(db, actor)
    if sent.file is None:
        return _form(request, page, sent, _("Hãy chọn tệp ZIP."))
    chosen = whole(sent.unit) or 0
    if chosen not in dict(page.units):
        return _form(request, page, sent, _("Hãy chọn đơn vị chủ quản."))
    try:
        with scratch_folder("course") as scratch:
            name, stream = sent.file
            source = read_course(unpack_course(stream, name, scratch, most_bytes=settings.upload_limit_bytes))
            with database.reading() as db:
                source = _named(db, actor, source, sent.existing)
                unit_id = db.scalar(select(Course.unit_id).where(Course.slug == source.slug)) or chosen
                files = _files(source)
                new = [file for file in files if file.path and known_asset(db, file.path) is None]
                must_fit(db, settings, unit_id, sum(file.path.stat().st_size for file in new if file.path), name)
            stored = {file: store_local(storage, file.path) for file in new if file.path}
            with database.writing() as db:
                before = newest_version_id(db, source.slug)
                version = _keep(db, storage, actor, _named(db, actor, source, sent.existing), unit_id, stored)
                is_new = version.id != before
                slug, number = db.get_one(Course, version.course_id).slug, version.number
    except CourseProblems as error:
        return _form(request, page, sent, error.message, error.problems)
    except AppError as error:
        return _form(request, page, sent, error.message, status=error.status)
    text = _("Đã nạp khóa học thành bản nháp số %(number)s.", number=number)
    if not is_new:
        text = _("Tệp ZIP không có gì mới so với bản số %(number)s.", number=number)
    return redirect(request, f"/studio/{slug}", flash=("ok", text))


def _named(db: Session, actor: Actor, source: CourseSource, existing: str) -> CourseSource:
    """The course under the address and code it will have. Raises Conflict where there is one and nobody said what then.

    What this actor may not write is told of only by its address, which anybody may try.
    """
    course = db.scalar(select(Course).where(Course.slug == source.slug))
    other = db.scalar(select(Course.id).where(Course.code == source.code, Course.slug != source.slug))
    if course is None and other is None:
        return source
    if existing == COPY:
        taken = db.execute(select(Course.slug, Course.code)).all()
        slug = starting.free_slug(source.title, {slug for slug, _code in taken})
        code = starting.free_code(source.title, {code for _slug, code in taken})
        return starting.new_course(source, slug, code, source.title)
    if course is None:
        raise Conflict(
            lazy("Mã %(code)s đã dùng cho một khóa học khác. Chọn “Lập thành khóa học khác” nếu vẫn muốn nạp."),
            code=source.code,
        )
    try:
        queries.authored_course(db, actor, course.slug)
    except NotFound:
        raise Conflict(
            lazy("Địa chỉ “%(slug)s” là của khóa học một đơn vị khác. Muốn nạp thì chọn “Lập thành khóa học khác”."),
            slug=course.slug,
        ) from None
    if existing != DRAFT:
        raise Conflict(
            lazy(
                "Khóa học “%(slug)s” đã có. Hãy chọn ở dưới: ghi thành bản nháp mới của khóa ấy, hay lập thành khóa"
                " học khác."
            ),
            slug=course.slug,
        )
    if course.code != source.code and course.published_version_id is not None:
        raise Conflict(
            lazy("Khóa học “%(slug)s” mang mã %(code)s; khóa đã công bố thì mã không đổi được nữa."),
            slug=course.slug,
            code=course.code,
        )
    return source


def _keep(
    db: Session,
    storage: Storage,
    actor: Actor,
    source: CourseSource,
    unit_id: int,
    stored: dict[FileSource, StoredFile],
) -> CourseVersion:
    """The course as a draft; its files are in the storage already and only written down here."""
    assets: dict[str, int] = {}
    kept: dict[FileSource, FileSource] = {}
    for file, what in stored.items():
        if what.sha256 not in assets:
            assets[what.sha256] = add_asset(db, what, by=actor.account_id, unit_id=unit_id).id
        kept[file] = FileSource(file.name, asset_id=assets[what.sha256])

    def lesson(one: LessonSource) -> LessonSource:
        return replace(one, files=tuple(kept.get(file, file) for file in one.files))

    modules = tuple(replace(one, lessons=tuple(map(lesson, one.lessons))) for one in source.modules)
    extras = tuple(replace(one, file=kept.get(one.file, one.file)) if one.file else one for one in source.extra_files)
    cover = kept.get(source.cover, source.cover) if source.cover else None
    source = replace(source, modules=modules, extra_files=extras, cover=cover)
    return save_version(db, storage, source, unit_id, actor.account_id)


def _files(source: CourseSource) -> list[FileSource]:
    shown = [file for module in source.modules for lesson in module.lessons for file in lesson.files]
    others = [source.cover, *(extra.file for extra in source.extra_files)]
    return list(dict.fromkeys([*shown, *(file for file in others if file)]))


def _form(
    request: Request, page: NewCoursePage, sent: ZipForm, problem: str = "", problems: list[Problem] | None = None,
    status: int = 422,
) -> Response:  # fmt: skip
    return render(
        request, "authoring/course_upload.html", status=status if problem else 200, page=page, sent=sent,
        problem=problem, problems=problems or [],
    )  # fmt: skip
