"""What is typed in the lesson form, kept while it is typed (js/draft.js), and thrown away when it is not wanted."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from app.authoring import drafting, service
from app.authoring.lesson_upload import Upload
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.presence import others_writing
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.stored import source_of
from app.core import clock
from app.core.access import Actor
from app.core.db import Session
from app.core.i18n import gettext as _
from app.core.limiting import hit
from app.core.web import Db, Response, redirect

router = APIRouter()

# One every two seconds is more than js/draft.js sends.
_LIMIT = "30/minute"


@router.post("/studio/{slug}/lessons/new/draft")
def keep_new(db: Db, actor: Author, course: AuthoredCourse, upload: Upload) -> Response:
    return _keep(db, actor, course, None, upload)


@router.post("/studio/{slug}/lessons/{key}/draft")
def keep(key: str, db: Db, actor: Author, course: AuthoredCourse, upload: Upload) -> Response:
    """Answers with the words to show beside the button, and who else is writing."""
    service.lesson_in(source_of(db, newest_version(db, course).id), key)
    return _keep(db, actor, course, key, upload)


@router.post("/studio/{slug}/lessons/new/draft/forget")
def forget_new(request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    drafting.forget(db, actor, course, None)
    return redirect(request, f"/studio/{course.slug}/lessons/new")


@router.post("/studio/{slug}/lessons/{key}/draft/forget")
def forget(key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    drafting.forget(db, actor, course, key)
    return redirect(request, f"/studio/{course.slug}/lessons/{key}/edit")


def _keep(db: Session, actor: Actor, course: Course, key: str | None, upload: Upload) -> Response:
    hit(db, "lesson-draft", _LIMIT, str(actor.account_id))
    at = drafting.keep(db, actor, course, key, upload)
    said = _("Đã giữ lúc %(time)s", time=at.astimezone(clock.VIETNAM).strftime("%H:%M"))
    others = others_writing(db, actor, course, key) if key else ()
    return JSONResponse({"kept": said, "others": " ".join(one.said for one in others)})
