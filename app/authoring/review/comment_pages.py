"""The preview of a lesson with what is said of its blocks: comment, answer, settle."""

from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.authoring.pages import ReviewedCourse, Reviewer, with_videos
from app.authoring.queries import preview_page
from app.authoring.review import comments
from app.catalogue.models import Course
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Invalid
from app.core.middleware import allowing_frames
from app.core.web import Db, Response, RowId, redirect

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/studio/{slug}/lessons/{key}/preview")
def preview(
    key: str, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse, say: int | None = None, answer: int = 0
) -> Response:
    """`say`: the block to comment on, 0 for the lesson; `answer`: the comment to answer."""
    return _preview(request, db, actor, course, key, say=say, answer=answer)


@router.post("/studio/{slug}/lessons/{key}/comments")
def say(
    key: str,
    request: Request,
    db: Db,
    actor: Reviewer,
    course: ReviewedCourse,
    number: Annotated[int, Form()],
    passage: Annotated[int, Form(ge=0)] = 0,
    text: Text = "",
) -> Response:
    try:
        said = comments.say(db, actor, course, key, number=number, passage=passage, text=text)
    except Invalid as error:
        return _preview(request, db, actor, course, key, say=passage, typed=text, error=error)
    return redirect(request, _at(course, key, said.id))


@router.post("/studio/{slug}/lessons/{key}/comments/{comment_id}/answer")
def answer(
    key: str, comment_id: RowId, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse, text: Text = ""
) -> Response:
    title = preview_page(db, actor, course, key).doc.title
    try:
        comments.answer(db, actor, course, key, comment_id, title=title, text=text)
    except Invalid as error:
        return _preview(request, db, actor, course, key, answer=comment_id, typed=text, error=error)
    return redirect(request, _at(course, key, comment_id))


@router.post("/studio/{slug}/lessons/{key}/comments/{comment_id}/settle")
def settle(
    key: str,
    comment_id: RowId,
    request: Request,
    db: Db,
    actor: Reviewer,
    course: ReviewedCourse,
    settled: Annotated[bool, Form()] = True,
) -> Response:
    comments.settle(db, actor, course, key, comment_id, is_settled=settled)
    return redirect(request, _at(course, key, comment_id))


def _preview(
    request: Request,
    db: Session,
    actor: Actor,
    course: Course,
    key: str,
    *,
    say: int | None = None,
    answer: int = 0,
    typed: str = "",
    error: Invalid | None = None,
) -> Response:
    page = preview_page(db, actor, course, key)
    talk = comments.talk(db, course, key, page.passages)
    response = with_videos(
        request, "authoring/preview.html", page, status=error.status if error else 200, talk=talk, say=say,
        answer=answer, typed=typed, errors=error.fields if error else {},
    )  # fmt: skip
    return allowing_frames(response, page.doc.frame_hosts)


def _at(course: Course, key: str, comment_id: int) -> str:
    return f"/studio/{course.slug}/lessons/{key}/preview#c{comment_id}"
