"""The course page and the lesson page, and what one does there: enrol, move to a newer version, "I have read it"."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.catalogue.queries import course_by_slug, retired_on
from app.core.access import Actor
from app.core.errors import SignInRequired
from app.core.i18n import gettext as _
from app.core.i18n import language
from app.core.middleware import allowing_frames
from app.core.web import Db, MaybeMe, Me, Response, redirect, render, wants_fragment
from app.learning import guests, stamps
from app.learning.addressed import EnrolmentHere, OwnEnrolment, learner_here
from app.learning.models import Enrolment
from app.learning.page_queries import course_page, find_enrolment, lesson_offer, lesson_page
from app.learning.practicals import LONGEST_TEXT, NobodyToConfirm, NoteMissing, report_done
from app.learning.rounds import begin_round
from app.learning.service import ReadTooSoon, enrol, finish_reading, move_to_published
from app.media.languages import LANGUAGES

router = APIRouter()


@router.get("/courses/{slug}")
def course(slug: str, request: Request, db: Db, actor: MaybeMe) -> Response:
    page = course_page(db, slug, learner_here(request, db, actor))
    return private(render(request, "learning/course.html", page=page))


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
    return redirect(request, f"/courses/{slug}", flash=("ok", _("Đang học bản mới. Những bài đã xong vẫn được tính.")))


@router.post("/courses/{slug}/again")
def learn_again(
    slug: str, request: Request, db: Db, actor: Me, enrolment: OwnEnrolment, round: Annotated[int, Form(ge=2)]
) -> Response:
    """Begin the round of that number; pressed twice, it is one."""
    now = begin_round(db, enrolment, round)
    return redirect(
        request, f"/courses/{slug}",
        flash=("ok", _("Đợt học %(number)s đã bắt đầu. Kết quả các đợt trước giữ nguyên.", number=now.round)),
    )  # fmt: skip


@router.get("/learn/{slug}/{lesson_key}")
def lesson(slug: str, lesson_key: str, request: Request, db: Db, actor: MaybeMe, stamp: str = "") -> Response:
    """The lesson, in an open course for anybody; else an offer to enrol for who has not.

    `stamp` is of the page that asks for a fresh part of itself.
    """
    learner = learner_here(request, db, actor)
    enrolment = find_enrolment(db, learner, slug) if learner else None
    if enrolment is None:
        course = course_by_slug(db, slug)
        is_retired = retired_on(db, course.course_id) is not None
        if course.access != "open" or is_retired:
            if actor is None and not is_retired:
                raise SignInRequired
            return render(request, "learning/offer.html", page=lesson_offer(db, slug, lesson_key))
        enrolment = guests.not_begun(course)
    return _lesson(request, db, actor, enrolment, lesson_key, stamp)


@router.post("/learn/{slug}/{lesson_key}/read")
def have_read(
    lesson_key: str, request: Request, db: Db, actor: MaybeMe, enrolment: EnrolmentHere, slug: str,
    stamp: Annotated[str, Form()] = "", measured: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take the reader's word, or say how long to read on; the page keeps its stamp, so the time so far counts.

    `measured`: the page reports how long it is read (player.js).
    """
    try:
        read = stamps.read(stamp, request.state.browser).of(enrolment.id, enrolment.course_id)
        finish_reading(db, enrolment, lesson_key, read, is_measured=bool(measured))
    except (ReadTooSoon, stamps.StampRefused) as error:
        return _lesson(request, db, actor, enrolment, lesson_key, stamp, status=422, problem=error.message)
    if wants_fragment(request):
        return _lesson(request, db, actor, enrolment, lesson_key, stamp)
    return redirect(request, f"/learn/{slug}/{lesson_key}#state")


@router.post("/learn/{slug}/{lesson_key}/practical")
def report_practical(
    lesson_key: str, request: Request, db: Db, actor: Me, enrolment: EnrolmentHere, slug: str,
    note: Annotated[str, Form(max_length=LONGEST_TEXT)] = "", stamp: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The practical task is done, says the learner; it goes to those who may confirm it."""
    try:
        report_done(db, enrolment, lesson_key, note)
    except (NoteMissing, NobodyToConfirm) as error:
        return _lesson(
            request, db, actor, enrolment, lesson_key, stamp, status=422, note=note, note_problem=error.message
        )
    if wants_fragment(request):
        return _lesson(request, db, actor, enrolment, lesson_key, stamp)
    return redirect(request, f"/learn/{slug}/{lesson_key}#state")


def language_of_lessons(request: Request) -> str:
    """What this browser chose to read lessons in (portal's /settings/look); the site's language until it chooses."""
    chosen = request.cookies.get("lessons", "")
    return chosen if chosen in LANGUAGES else language()


def private(response: Response) -> Response:
    """A guest's page is as much one's own as a page of somebody signed in: kept by no browser, no proxy."""
    response.headers["cache-control"] = "private, no-store"
    return response


def _lesson(
    request: Request, db: Session, actor: Actor | None, enrolment: Enrolment, lesson_key: str, stamp: str,
    *, status: int = 200, problem: str = "", note: str = "", note_problem: str = "",
) -> Response:  # fmt: skip
    kept = _kept(stamp, request.state.browser, enrolment, lesson_key)
    if not kept and (actor is None or not enrolment.id):
        kept = stamps.issue_in(request.state.browser, enrolment.course_id, lesson_key)
    page = lesson_page(db, enrolment, lesson_key, stamp=kept, language=language_of_lessons(request))
    response = render(
        request, "learning/lesson.html", status=status, fragment="state", page=page, problem=problem, note=note,
        note_problem=note_problem,
    )  # fmt: skip
    return private(allowing_frames(response, page.lesson.frame_hosts))


def _kept(stamp: str, browser: str, enrolment: Enrolment, lesson_key: str) -> str:
    """The stamp a page sent, if it is one of this lesson; else nothing."""
    try:
        known = stamps.read(stamp, browser).of(enrolment.id, enrolment.course_id)
    except stamps.StampRefused:
        return ""
    return stamp if (known.enrolment_id, known.lesson_key) == (enrolment.id, lesson_key) else ""
