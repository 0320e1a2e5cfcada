"""The studio: courses of an author, one course, preview, publication. The lesson form is in lesson_pages.py."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request

from app.authoring import queries, service
from app.authoring.queries import CoursePage, PreviewPage, Publication
from app.catalogue.models import Course
from app.core.access import Actor
from app.core.errors import AppError, Conflict
from app.core.i18n import gettext as _
from app.core.web import Db, Response, having, local_url, redirect, render, wants_fragment
from app.media.service import cancel, retry

router = APIRouter()

Author = Annotated[Actor, having("course.author")]
Reviewer = Annotated[Actor, having("course.review")]


def _authored(slug: str, actor: Author, db: Db) -> Course:
    return queries.authored_course(db, actor, slug)


def _reviewed(slug: str, actor: Reviewer, db: Db) -> Course:
    return queries.reviewed_course(db, actor, slug)


AuthoredCourse = Annotated[Course, Depends(_authored)]
ReviewedCourse = Annotated[Course, Depends(_reviewed)]


@router.get("/studio")
def studio(request: Request, db: Db, actor: Reviewer) -> Response:
    return render(request, "authoring/studio.html", page=queries.courses(db, actor))


@router.get("/studio/{slug}")
def course(request: Request, db: Db, actor: Reviewer, course: ReviewedCourse) -> Response:
    return _with_videos(request, "authoring/course.html", queries.course_page(db, actor, course))


@router.get("/studio/{slug}/lessons/{key}/preview")
def preview(key: str, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse) -> Response:
    return _with_videos(request, "authoring/preview.html", queries.preview_page(db, actor, course, key))


@router.get("/studio/{slug}/publish")
def review(request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    return _with_videos(request, "authoring/publish.html", queries.publication(db, actor, course))


@router.post("/studio/{slug}/publish")
def publish(
    request: Request, db: Db, actor: Author, course: AuthoredCourse, number: Annotated[int, Form()]
) -> Response:
    try:
        version = service.publish_reviewed(db, actor, course, number)
    except Conflict as error:
        page = queries.publication(db, actor, course)
        return render(request, "authoring/publish.html", status=error.status, page=page, problem=error.message)
    text = _(
        "Đã công bố bản %(number)s. Người ghi danh từ bây giờ học bản này; ai đang học giữ bản cũ đến khi tự chuyển.",
        number=version.number,
    )
    return redirect(request, f"/studio/{course.slug}", flash=("ok", text))


@router.post("/studio/{slug}/videos/{public_id}/cancel")
def stop_video(
    public_id: str, request: Request, db: Db, course: AuthoredCourse, back: Annotated[str, Form()] = ""
) -> Response:
    """Stop a transcode; one that is over already stays as it is."""
    cancel(db, queries.course_video(db, course, public_id))
    return redirect(request, _back(course, back))


@router.post("/studio/{slug}/videos/{public_id}/retry")
def retry_video(
    public_id: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, back: Annotated[str, Form()] = ""
) -> Response:
    """Queue a failed transcode again; pressing twice is no error."""
    try:
        retry(db, queries.course_video(db, course, public_id), by=actor.account_id)
    except AppError as error:
        return redirect(request, _back(course, back), flash=("warn", error.message))
    return redirect(request, _back(course, back))


def _back(course: Course, url: str) -> str:
    own = f"/studio/{course.slug}"
    return local_url(url, own) if url.startswith(own) else own


def _with_videos(request: Request, template: str, page: CoursePage | PreviewPage | Publication) -> Response:
    """A page with the progress of its videos, which htmx asks for alone until there is nothing more to wait for."""
    response = render(request, template, fragment="videos", page=page, problem="")
    if wants_fragment(request) and all(video.is_over for video in page.videos):
        response.headers["HX-Refresh"] = "true"
    return response
