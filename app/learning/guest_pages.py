"""What becomes of a guest's work: after a sign-in it is offered, on a shared device it can be cleared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core.csrf import BROWSER_COOKIE, SESSION_COOKIE
from app.core.i18n import gettext as _
from app.core.web import Db, Me, Response, local_url, redirect, render
from app.learning import guests
from app.learning.guest_adoption import adopt
from app.learning.guests import KeptCourse

router = APIRouter()

_MY = "/my"


@dataclass(frozen=True)
class KeepPage:
    courses: Sequence[KeptCourse]
    next: str


def after_sign_in(db: Session, browser: str, token: str) -> str:
    """The page to show before any other after a sign-in: the offer to keep what was done here, or none ("")."""
    if not guests.follow(db, browser, token):
        return ""
    guest = guests.guest_of(db, token)
    return "/guest/keep" if guest and guests.kept_courses(db, guest) else ""


@router.get("/guest/keep")
def offer(request: Request, db: Db, actor: Me, next: str = "") -> Response:
    guest = guests.guest_of(db, request.cookies.get(SESSION_COOKIE))
    courses = guests.kept_courses(db, guest) if guest else ()
    if not courses:
        return redirect(request, local_url(next, _MY))
    return render(request, "learning/keep.html", page=KeepPage(courses, local_url(next, "")))


@router.post("/guest/keep")
def keep(
    request: Request, db: Db, actor: Me, answer: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "",
) -> Response:  # fmt: skip
    """Mine, or somebody else's ("no"): then it is cleared. A second time there is nothing left to answer for."""
    guest = guests.guest_of(db, request.cookies.get(SESSION_COOKIE))
    flash = None
    if guest and answer == "no":
        guests.forget(db, [guest.id])
        flash = ("ok", _("Đã xóa phần học ấy khỏi máy này."))
    elif guest and adopt(db, guest, actor.person_id, actor.account_id):
        flash = ("ok", _("Đã giữ lại. Những gì đã học trên máy này nay thuộc về tài khoản này."))
    return redirect(request, local_url(target, _MY), flash=flash)


@router.post("/guest/forget")
def start_over(request: Request, db: Db) -> Response:
    """The next person at this device begins with nothing."""
    guest = guests.guest_of(db, request.cookies.get(BROWSER_COOKIE))
    if guest:
        guests.forget(db, [guest.id])
    return redirect(
        request, "/courses?access=open", flash=("ok", _("Đã xóa phần học trên máy này. Có thể bắt đầu lại từ đầu."))
    )
