"""Pages of a review: send a course, decide on it, publish it, take it out of the catalogue again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.authoring import publishing, retiring
from app.authoring.pages import Author, AuthoredCourse, ReviewedCourse, Reviewer, with_videos
from app.authoring.queries import may_publish, may_write
from app.authoring.review import deciding
from app.authoring.review.queries import review_page
from app.catalogue.models import Course
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Response, having, redirect, render

router = APIRouter()

Publisher = Annotated[Actor, having("course.publish")]


@router.post("/studio/{slug}/review")
def send(
    request: Request, db: Db, actor: Author, course: AuthoredCourse, note: Annotated[str, Form()] = ""
) -> Response:
    deciding.send(db, actor, course, note)
    return redirect(
        request, f"/studio/{course.slug}",
        flash=("ok", _("Đã gửi thẩm định. Người thẩm định được báo; trong lúc chờ anh/chị vẫn sửa tiếp được.")),
    )  # fmt: skip


@router.get("/studio/{slug}/review")
def review(request: Request, db: Db, actor: Reviewer, course: ReviewedCourse) -> Response:
    return _review(request, db, actor, course)


@router.post("/studio/{slug}/review/decision")
def decide(
    request: Request,
    db: Db,
    actor: Reviewer,
    course: ReviewedCourse,
    number: Annotated[int, Form()],
    decision: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    approves = decision == "approve"
    try:
        deciding.decide(db, actor, course, number, approves=approves, reason=reason)
    except Invalid as error:
        return _review(request, db, actor, course, error.status, reason=reason, errors=error.fields)
    except Conflict as error:
        return _review(request, db, actor, course, error.status, reason=reason, problem=error.message)
    if not approves:
        return redirect(request, "/studio", flash=("ok", _("Đã gửi lời đề nghị sửa cho người soạn.")))
    if may_publish(db, actor, course):
        text = _("Đã duyệt bản %(number)s. Xem lần cuối rồi công bố.", number=number)
        return redirect(request, f"/studio/{course.slug}/publish", flash=("ok", text))
    text = _("Đã duyệt bản %(number)s. Người soạn và người công bố được báo.", number=number)
    return redirect(request, "/studio", flash=("ok", text))


@router.get("/studio/{slug}/publish")
def publication(request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    page = publishing.publication(db, actor, course)
    return with_videos(request, "authoring/publish.html", page, problem="", reason="", errors={})


@router.post("/studio/{slug}/publish")
def publish(
    request: Request,
    db: Db,
    actor: Author,
    course: AuthoredCourse,
    number: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    try:
        version = publishing.publish_reviewed(db, actor, course, number, reason)
    except (Conflict, Invalid) as error:
        page = publishing.publication(db, actor, course)
        problem = error.message if isinstance(error, Conflict) or not error.fields else ""
        fields = error.fields if isinstance(error, Invalid) else {}
        return render(
            request, "authoring/publish.html", status=error.status, page=page, problem=problem, reason=reason,
            errors=fields,
        )  # fmt: skip
    text = _(
        "Đã công bố bản %(number)s. Người ghi danh từ bây giờ học bản này; ai đang học giữ bản cũ đến khi tự chuyển.",
        number=version.number,
    )
    return redirect(request, f"/studio/{course.slug}", flash=("ok", text))


@router.get("/studio/{slug}/retire")
def leaving(request: Request, db: Db, actor: Publisher, course: ReviewedCourse) -> Response:
    return render(request, "authoring/retire.html", page=retiring.retire_page(db, actor, course), problem="")


@router.post("/studio/{slug}/retire")
def retire(request: Request, db: Db, actor: Publisher, course: ReviewedCourse) -> Response:
    try:
        retiring.retire(db, actor, course)
    except Conflict as error:
        page = retiring.retire_page(db, actor, course)
        return render(request, "authoring/retire.html", status=error.status, page=page, problem=error.message)
    text = _("Khóa học không còn trong danh mục. Ai đang học vẫn học tiếp được.")
    return redirect(request, f"/studio/{course.slug}", flash=("ok", text))


@router.post("/studio/{slug}/bring-back")
def bring_back(request: Request, db: Db, actor: Publisher, course: ReviewedCourse) -> Response:
    retiring.bring_back(db, actor, course)
    text = _("Khóa học trở lại danh mục và nhận người học mới.")
    return redirect(request, f"/studio/{course.slug}", flash=("ok", text))


def _review(
    request: Request,
    db: Session,
    actor: Actor,
    course: Course,
    status: int = 200,
    *,
    reason: str = "",
    errors: dict[str, str] | None = None,
    problem: str = "",
) -> Response:
    page = review_page(
        db, actor, course, may_write=may_write(db, actor, course), may_publish=may_publish(db, actor, course)
    )
    return render(
        request, "authoring/review.html", status=status, page=page, reason=reason, errors=errors or {}, problem=problem
    )
