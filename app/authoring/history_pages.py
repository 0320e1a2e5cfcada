"""The history of a course and of a lesson: who saved what, two versions side by side, an older one brought back."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request

from app.authoring import history_queries, service
from app.authoring.comparing import PART_NAMES
from app.authoring.pages import Author, AuthoredCourse, ReviewedCourse, Reviewer
from app.core.errors import Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Files, Response, redirect, render

router = APIRouter()

Number = Annotated[int, Form(ge=1, le=2**31 - 1)]
_MOST = 2**31 - 1


@router.get("/studio/{slug}/history")
def course(
    request: Request, db: Db, course: ReviewedCourse, page: Annotated[int, Query(ge=1, le=_MOST)] = 1
) -> Response:
    return render(request, "authoring/course_history.html", page=history_queries.course_history(db, course, page))


@router.get("/studio/{slug}/lessons/{key}/history")
def lesson(
    key: str,
    request: Request,
    db: Db,
    actor: Reviewer,
    course: ReviewedCourse,
    old: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
    new: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
) -> Response:
    page = history_queries.lesson_history(db, actor, course, key, old, new)
    return render(request, "authoring/lesson_history.html", page=page, problem="", names=_names())


@router.post("/studio/{slug}/lessons/{key}/history")
def bring_back(
    key: str,
    request: Request,
    db: Db,
    actor: Author,
    course: AuthoredCourse,
    storage: Files,
    number: Number,
    base_version: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
) -> Response:
    """The lesson as it was in version `number` becomes part of a new draft."""
    try:
        with db.begin_nested():
            service.bring_back(db, storage, actor, course, key, number, base_version)
    except (Conflict, Invalid) as error:
        page = history_queries.lesson_history(db, actor, course, key, number)
        return render(
            request, "authoring/lesson_history.html", status=error.status, page=page, problem=error.message,
            names=_names(),
        )  # fmt: skip
    return redirect(
        request, f"/studio/{course.slug}/lessons/{key}/preview",
        flash=("ok", _("Đã lấy lại bài như ở bản %(number)s, trong một bản nháp mới.", number=number)),
    )  # fmt: skip


def _names() -> dict[str, str]:
    return {name: str(said) for name, said in PART_NAMES.items()}
