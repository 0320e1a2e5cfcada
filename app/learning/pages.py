"""The course page and the lesson page, and what one does there: enrol, move to a newer version, "I have read it"."""

from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.catalogue.queries import course_by_slug
from app.core.i18n import gettext as _
from app.core.web import Db, MaybeMe, Me, Response, redirect, render, wants_fragment
from app.learning import stamps
from app.learning.addressed import OwnEnrolment
from app.learning.models import Enrolment
from app.learning.page_queries import course_page, find_enrolment, lesson_offer, lesson_page
from app.learning.service import ReadTooSoon, enrol, finish_reading, move_to_published

router = APIRouter()


@router.get("/courses/{slug}")
def course(slug: str, request: Request, db: Db, actor: MaybeMe) -> Response:
    return render(request, "learning/course.html", page=course_page(db, slug, actor))


@router.post("/courses/{slug}/enrol")
def take_course(slug: str, request: Request, db: Db, actor: Me, lesson: Annotated[str, Form()] = "") -> Response:
    """Enrol and go to the lesson named, else to the one to begin or continue with."""
    enrol(db, actor.person_id, course_by_slug(db, slug).course_id)
    progress = course_page(db, slug, actor).progress
    known = {one.key for one in progress.outline.lessons}
    following = progress.next_lesson.key if progress.next_lesson else ""
    key = lesson if lesson in known else following
    return redirect(request, f"/learn/{slug}/{key}" if key else f"/courses/{slug}")


@router.post("/courses/{slug}/move")
def move(slug: str, request: Request, db: Db, enrolment: OwnEnrolment) -> Response:
    """Go on with the newest version of the course."""
    move_to_published(db, enrolment)
    return redirect(
        request, f"/courses/{slug}", flash=("ok", _("Anh/chị đang học bản mới. Những bài đã xong vẫn được tính."))
    )


@router.get("/learn/{slug}/{lesson_key}")
def lesson(slug: str, lesson_key: str, request: Request, db: Db, actor: Me, stamp: str = "") -> Response:
    """The lesson; an offer to enrol for who has not. `stamp` is of the page that asks for a fresh part of itself."""
    enrolment = find_enrolment(db, actor, slug)
    if enrolment is None:
        return render(request, "learning/offer.html", page=lesson_offer(db, slug, lesson_key))
    page = lesson_page(db, enrolment, lesson_key, stamp=_kept(stamp, enrolment, lesson_key))
    return render(request, "learning/lesson.html", fragment="state", page=page, problem="")


@router.post("/learn/{slug}/{lesson_key}/read")
def have_read(
    lesson_key: str, request: Request, db: Db, enrolment: OwnEnrolment, slug: str, stamp: Annotated[str, Form()] = ""
) -> Response:
    """Take the reader's word, or say how long to read on; the page keeps its stamp, so the time so far counts."""
    kept = _kept(stamp, enrolment, lesson_key)
    try:
        finish_reading(db, enrolment, lesson_key, stamps.read(stamp))
    except (ReadTooSoon, stamps.StampRefused) as error:
        page = lesson_page(db, enrolment, lesson_key, stamp=kept)
        return render(request, "learning/lesson.html", status=422, fragment="state", page=page, problem=error.message)
    if wants_fragment(request):
        page = lesson_page(db, enrolment, lesson_key, stamp=kept)
        return render(request, "learning/lesson.html", fragment="state", page=page, problem="")
    return redirect(request, f"/learn/{slug}/{lesson_key}#state")


def _kept(stamp: str, enrolment: Enrolment, lesson_key: str) -> str:
    """The stamp a page sent, if it is one of this lesson; else nothing."""
    try:
        known = stamps.read(stamp)
    except stamps.StampRefused:
        return ""
    return stamp if (known.enrolment_id, known.lesson_key) == (enrolment.id, lesson_key) else ""
