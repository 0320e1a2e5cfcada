"""The studio: courses of an author, one course, its videos. The lesson form is in lesson_pages.py."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Form, Request

from app.authoring import queries
from app.authoring.review.queries import waiting_for
from app.catalogue.models import Course
from app.core.access import Actor
from app.core.errors import AppError
from app.core.web import Db, Response, having, local_url, redirect, render, wants_fragment
from app.media.queries import AssetProgress
from app.media.service import cancel, retry

router = APIRouter()

Author = Annotated[Actor, having("course.author")]
Reviewer = Annotated[Actor, having("course.review")]


class WithVideos(Protocol):
    """A page that shows how far its videos are."""

    @property
    def videos(self) -> tuple[AssetProgress, ...]: ...


def _authored(slug: str, actor: Author, db: Db) -> Course:
    return queries.authored_course(db, actor, slug)


def _reviewed(slug: str, actor: Reviewer, db: Db) -> Course:
    return queries.reviewed_course(db, actor, slug)


AuthoredCourse = Annotated[Course, Depends(_authored)]
ReviewedCourse = Annotated[Course, Depends(_reviewed)]


@router.get("/studio")
def studio(request: Request, db: Db, actor: Reviewer) -> Response:
    return render(request, "authoring/studio.html", page=queries.courses(db, actor), waiting=waiting_for(db, actor))


@router.get("/studio/{slug}")
def course(request: Request, db: Db, actor: Reviewer, course: ReviewedCourse) -> Response:
    return with_videos(request, "authoring/course.html", queries.course_page(db, actor, course), typed={})


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


def with_videos(request: Request, template: str, page: WithVideos, *, status: int = 200, **context: Any) -> Response:
    """A page with the progress of its videos, which htmx asks for alone until there is nothing more to wait for."""
    response = render(request, template, status=status, fragment="videos", page=page, **context)
    if wants_fragment(request) and all(video.is_over for video in page.videos):
        response.headers["HX-Refresh"] = "true"
    return response
