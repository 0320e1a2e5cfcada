"""Under a lesson: one's note, questions and answers, a call for help. Beside a course: its rating."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.community import discussion, helping, notes, rating
from app.community.places import CoursePlace, LessonHere, LessonPlace, course_place
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.text import whole
from app.core.web import Db, Me, RowId, having, redirect, render

router = APIRouter()

Text = Annotated[str, Form()]
Helper = Annotated[Actor, having(helping.ANSWER)]


# --- notes --------------------------------------------------------------------------------------------------------


@router.get("/learn/{slug}/{lesson_key}/note")
def note(request: Request, db: Db, actor: Me, place: LessonHere) -> Response:
    return render(request, "community/note.html", lesson=place, note=notes.note_of(db, actor.person_id, place))


@router.post("/learn/{slug}/{lesson_key}/note")
def keep_note(request: Request, db: Db, actor: Me, place: LessonHere, text: Text = "", bookmark: Text = "") -> Response:
    notes.keep_note(db, actor.person_id, place, text, is_bookmarked=bookmark == "1")
    return redirect(request, f"{place.url}/note", flash=("ok", _("Đã lưu ghi chú.")))


@router.get("/my/notes")
def my_notes(request: Request, db: Db, actor: Me) -> Response:
    return render(request, "community/my_notes.html", courses=notes.my_notes(db, actor.person_id))


# --- questions and answers ----------------------------------------------------------------------------------------


@router.get("/learn/{slug}/{lesson_key}/discussion")
def discuss(request: Request, db: Db, actor: Me, place: LessonHere, page: int = 1) -> Response:
    return _discussion(request, db, actor, place, page=page)


@router.post("/learn/{slug}/{lesson_key}/discussion")
def post(request: Request, db: Db, actor: Me, place: LessonHere, text: Text = "", parent: Text = "") -> Response:
    """Ask, or with `parent` answer."""
    parent_id = whole(parent)
    try:
        said = discussion.post(db, actor, place, text, parent_id)
    except Invalid as error:
        return _discussion(request, db, actor, place, 422, text=text, parent_id=parent_id, errors=error.fields)
    done = _("Đã gửi câu trả lời.") if parent_id else _("Đã gửi câu hỏi.")
    return redirect(request, f"{place.url}/discussion#p{said.id}", flash=("ok", done))


@router.post("/learn/{slug}/{lesson_key}/discussion/{post_id}/report")
def report(request: Request, db: Db, actor: Me, place: LessonHere, post_id: RowId) -> Response:
    discussion.report(db, actor, place, post_id)
    done = _("Đã báo cho người phụ trách khóa học. Cảm ơn.")
    return redirect(request, f"{place.url}/discussion", flash=("ok", done))


@router.post("/learn/{slug}/{lesson_key}/discussion/{post_id}/hide")
def hide(request: Request, db: Db, actor: Me, place: LessonHere, post_id: RowId, reason: Text = "") -> Response:
    try:
        discussion.hide(db, actor, place, post_id, reason)
    except Invalid as error:
        return _discussion(request, db, actor, place, 422, hiding=post_id, errors=error.fields)
    return redirect(request, f"{place.url}/discussion", flash=("ok", _("Tin đã được ẩn.")))


@router.post("/learn/{slug}/{lesson_key}/discussion/{post_id}/show")
def show_again(request: Request, db: Db, actor: Me, place: LessonHere, post_id: RowId) -> Response:
    discussion.show_again(db, actor, place, post_id)
    return redirect(request, f"{place.url}/discussion#p{post_id}", flash=("ok", _("Tin đã hiện lại.")))


def _discussion(
    request: Request, db: Db, actor: Actor, place: LessonPlace, status: int = 200, *, page: int = 1, text: str = "",
    parent_id: int | None = None, hiding: int | None = None, errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    found = discussion.discussion_page(db, actor, place, page)
    return render(
        request, "community/discussion.html", status=status, page=found, text=text, parent_id=parent_id,
        hiding=hiding, errors=errors or {},
    )  # fmt: skip


# --- help ---------------------------------------------------------------------------------------------------------


@router.get("/learn/{slug}/{lesson_key}/help")
def help_here(request: Request, db: Db, actor: Me, place: LessonHere) -> Response:
    return render(request, "community/help.html", page=helping.help_page(db, actor, place), text="", errors={})


@router.post("/learn/{slug}/{lesson_key}/help")
def ask_for_help(request: Request, db: Db, actor: Me, place: LessonHere, text: Text = "") -> Response:
    try:
        helping.ask(db, actor, place, text)
    except Invalid as error:
        page = helping.help_page(db, actor, place)
        return render(request, "community/help.html", status=422, page=page, text=text, errors=error.fields)
    return redirect(request, f"{place.url}/help", flash=("ok", _("Đã gửi. Khi có trả lời sẽ có thông báo.")))


@router.get("/help-requests")
def help_requests(request: Request, db: Db, actor: Helper) -> Response:
    return _help_requests(request, db, actor)


@router.post("/help-requests/{request_id}/answer")
def answer(request: Request, db: Db, actor: Helper, request_id: RowId, answer: Text = "") -> Response:
    try:
        helping.answer(db, actor, request_id, answer)
    except Invalid as error:
        return _help_requests(request, db, actor, 422, answering=request_id, errors=error.fields)
    return redirect(request, "/help-requests", flash=("ok", _("Đã trả lời.")))


def _help_requests(
    request: Request, db: Db, actor: Actor, status: int = 200, answering: int | None = None,
    errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    waiting, answered = helping.waiting_and_answered(db, actor)
    return render(
        request, "community/help_requests.html", status=status, waiting=waiting, answered=answered,
        answering=answering, errors=errors or {},
    )  # fmt: skip


# --- ratings ------------------------------------------------------------------------------------------------------


@router.get("/courses/{slug}/rating")
def rating_of(slug: str, request: Request, db: Db, actor: Me) -> Response:
    return _rating(request, db, actor, course_place(db, actor, slug))


@router.post("/courses/{slug}/rating")
def rate(slug: str, request: Request, db: Db, actor: Me, stars: Text = "", text: Text = "") -> Response:
    place = course_place(db, actor, slug)
    try:
        rating.rate(db, actor, place, stars, text)
    except Invalid as error:
        return _rating(request, db, actor, place, 422, text=text, errors=error.fields)
    return redirect(request, f"/courses/{slug}/rating", flash=("ok", _("Cảm ơn lời góp ý.")))


def _rating(
    request: Request, db: Db, actor: Actor, place: CoursePlace, status: int = 200, text: str | None = None,
    errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    page = rating.rating_page(db, actor, place)
    return render(request, "community/rating.html", status=status, page=page, text=text, errors=errors or {})
