"""Lessons from a Word document or a presentation: choose a file and a module; what it holds is in the draft at once."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile

from app.authoring import office_lessons, queries
from app.authoring.pages import Author, AuthoredCourse
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.stored import source_of
from app.core.db import Session
from app.core.errors import AppError, Invalid
from app.core.i18n import gettext as _
from app.core.web import Config, Databases, Db, Files, Response, redirect, render
from app.media.service import receive
from app.media.shelf import scratch_folder

router = APIRouter()


@dataclass(frozen=True)
class OfficePage:
    """`modules`: (folder, title) of those there are."""

    course: CourseView
    modules: list[tuple[str, str]]
    module: str
    limit_bytes: int
    errors: dict[str, str]


@router.get("/studio/{slug}/from-office")
def choose(
    request: Request, db: Db, course: AuthoredCourse, settings: Config, module: str = ""
) -> Response:  # fmt: skip
    return _page(request, db, course, module, settings.upload_limit_bytes)


@router.post("/studio/{slug}/from-office")
def take(
    slug: str, request: Request, actor: Author, databases: Databases, storage: Files, settings: Config,
    file: Annotated[UploadFile | None, File()] = None, module: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """No transaction while the file is read and its pictures are stored."""
    with databases.reading() as db:
        unit_id = queries.authored_course(db, actor, slug).unit_id
    try:
        if file is None or not file.filename:
            raise Invalid(_("Hãy chọn một tệp Word hoặc PowerPoint."))
        with scratch_folder("office") as scratch:
            path = scratch / "source"
            receive(file.file, path, file.filename, settings.upload_limit_bytes)
            taken = office_lessons.read(path, file.filename)
        with databases.reading() as db:
            office_lessons.must_have_room(db, settings, unit_id, taken)
        stored = office_lessons.store_pictures(storage, taken)
        with databases.writing() as db:
            course = queries.authored_course(db, actor, slug)
            made = office_lessons.add(db, storage, actor, course, module, stored)
    except AppError as error:
        with databases.reading() as db:
            course = queries.authored_course(db, actor, slug)
            errors = {"file": error.message} | (error.fields if isinstance(error, Invalid) else {})
            return _page(request, db, course, module, settings.upload_limit_bytes, errors, error.status)
    said = " ".join((_("Đã thêm %(count)s bài vào bản nháp.", count=len(made)), *stored.notes))
    place = f"/lessons/{made[0]}/edit" if len(made) == 1 else ""
    return redirect(request, f"/studio/{slug}{place}", flash=("warn" if stored.notes else "ok", said))


def _page(
    request: Request, db: Session, course: Course, module: str, limit_bytes: int,
    errors: dict[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    version = newest_version(db, course)
    modules = [(one.folder, one.title) for one in source_of(db, version.id).modules]
    chosen = module if module in dict(modules) else modules[-1][0] if modules else ""
    page = OfficePage(course_version(db, version.id), modules, chosen, limit_bytes, errors or {})
    return render(request, "authoring/from_office.html", status=status, page=page)
