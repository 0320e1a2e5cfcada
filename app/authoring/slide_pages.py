"""The studio's page for a slide video of a lesson: choose a voice, see how far it is, look at it, put it in or not."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.authoring import slide_videos
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.service import lesson_in
from app.authoring.slide_videos import SlideVideo
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.stored import source_of
from app.core.db import Session
from app.core.errors import Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Files, Response, redirect, render, wants_fragment
from app.media.lesson_deck import scenes

router = APIRouter()


@dataclass(frozen=True)
class SlideVideoPage:
    """`slide_count`: how many slides the lesson's text makes."""

    course: CourseView
    key: str
    title: str
    made: SlideVideo
    voices: list[tuple[str, str]]
    slide_count: int
    problem: str = ""


@router.get("/studio/{slug}/lessons/{key}/slides")
def look(key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    page = _page(db, course, key)
    response = render(request, "authoring/slide_video.html", fragment="making", page=page)
    if wants_fragment(request) and not page.made.is_under_way:
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/studio/{slug}/lessons/{key}/slides")
def make(
    key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, voice: Annotated[str, Form()] = "silence"
) -> Response:
    slide_videos.order(db, actor, course, key, voice)
    return redirect(request, f"/studio/{course.slug}/lessons/{key}/slides")


@router.post("/studio/{slug}/lessons/{key}/slides/stop")
def stop(key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    slide_videos.stop(db, course, key)
    return redirect(request, f"/studio/{course.slug}/lessons/{key}/slides")


@router.post("/studio/{slug}/lessons/{key}/slides/keep")
def keep(key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files) -> Response:
    """Into the draft, by the author's own press; the lesson's other files and words stay."""
    try:
        slide_videos.keep(db, storage, actor, course, key)
    except (Conflict, Invalid) as error:
        problem = " ".join([error.message, *(str(text) for text in getattr(error, "fields", {}).values())])
        page = _page(db, course, key, problem)
        return render(request, "authoring/slide_video.html", status=error.status, page=page)
    text = _("Đã đặt video vào cuối bài, trong bản nháp. Muốn đổi chỗ, chuyển dòng của nó trong nội dung bài.")
    return redirect(request, f"/studio/{course.slug}/lessons/{key}/preview", flash=("ok", text))


def _page(db: Session, course: Course, key: str, problem: str = "") -> SlideVideoPage:
    version = newest_version(db, course)
    _module, lesson = lesson_in(source_of(db, version.id), key)
    return SlideVideoPage(
        course=course_version(db, version.id),
        key=key,
        title=lesson.title,
        made=slide_videos.newest(db, course, lesson),
        voices=slide_videos.voices(),
        slide_count=len(scenes(lesson.title, lesson.objectives, lesson.markdown)),
        problem=problem,
    )
