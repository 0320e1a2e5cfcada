"""Whole courses in the studio: beginning one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.authoring.course_form import NewCourseFields
from app.authoring.course_queries import new_course_page
from app.authoring.making import begin_course
from app.authoring.pages import Author
from app.authoring.starting import STARTS
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.text import nfc
from app.core.web import Db, Files, Response, redirect, render

router = APIRouter()


@router.get("/studio/new")
def new(request: Request, db: Db, actor: Author, copy: str = "") -> Response:
    """`copy`: the address of the course to be copied."""
    page = new_course_page(db, actor)
    chosen = {one.slug: one for one in page.copyable}.get(copy)
    fields = NewCourseFields(unit=str(page.units[0][0]) if page.units else "")
    if chosen:
        title = _("%(title)s (bản sao)", title=chosen.title)
        fields = NewCourseFields(title=title, start="copy", copy_of=copy, unit=fields.unit)
    return render(request, "authoring/course_new.html", page=page, fields=fields, starts=STARTS, errors={})


@router.post("/studio/new")
def begin(
    request: Request, db: Db, actor: Author, storage: Files, title: Annotated[str, Form()] = "",
    start: Annotated[str, Form()] = "", copy_of: Annotated[str, Form()] = "", unit: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    fields = NewCourseFields(nfc(title), start, copy_of, unit, audience)
    try:
        course = begin_course(db, storage, actor, fields)
    except Invalid as error:
        if not error.fields:
            raise
        page = new_course_page(db, actor)
        return render(
            request, "authoring/course_new.html", status=422, page=page, fields=fields, starts=STARTS,
            errors=error.fields,
        )  # fmt: skip
    text = _("Đã lập khóa học, còn là bản nháp. Giờ viết bài đầu tiên; tên bài và học phần đổi được ở trang này.")
    return redirect(request, f"/studio/{course.slug}", flash=("ok", text))
