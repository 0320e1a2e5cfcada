"""Sharing a phone: taking and leaving a seat with a PIN, and the page on which the phone is handed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core import ids, limiting
from app.core.access import Actor
from app.core.errors import Conflict, TooMany
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.web import Config, Databases, Db, Me, Response, client_of, redirect, render
from app.identity.shared_phone import seats
from app.identity.shared_phone.seats import Seat
from app.identity.sign_in import passwords
from app.identity.sign_in.account_queries import password_facts
from app.identity.sign_in.accounts import AccountDisabled
from app.identity.sign_in.beginning import PHONE_COOKIE, begin, let_in
from app.identity.sign_in.passwords import Verdict

router = APIRouter()

Text = Annotated[str, Form()]
_COOKIE_AGE_S = 400 * 24 * 3600


@dataclass(frozen=True)
class SharingPage:
    """`elsewhere`: on how many other phones one has a PIN."""

    may_take: bool
    has_seat: bool
    elsewhere: int
    people: Sequence[Seat]
    errors: Mapping[str, str]  # by field
    length: int = seats.PIN_LENGTH
    most_tries: int = seats.MOST_TRIES


@dataclass(frozen=True)
class SwitchPage:
    people: Sequence[Seat]
    chosen: int = 0
    problem: str = ""
    length: int = seats.PIN_LENGTH


@router.get("/account/shared-phone")
def sharing(request: Request, actor: Me, db: Db) -> Response:
    return _sharing_page(request, db, actor)


@router.post("/account/shared-phone")
def take(
    request: Request, actor: Me, databases: Databases, config: Config, password: Text = "", pin: Text = "",
    again: Text = "",
) -> Response:  # fmt: skip
    """The password is asked for, so that nobody makes themselves a PIN on a phone somebody left open."""
    key = f"account:{actor.account_id}"
    with databases.reading() as db:
        limiting.check(db, "password", config.sign_in_limit, key)
        facts = password_facts(db, actor.account_id)
    errors = {}
    if problem := seats.pin_problem(pin):
        errors["pin"] = problem
    elif pin != again:
        errors["again"] = _("Hai lần nhập mã PIN chưa giống nhau.")
    if passwords.verify(facts.password_hash, password) is Verdict.WRONG:
        errors["password"] = _("Mật khẩu hiện nay chưa đúng.")
        with databases.writing() as db:
            limiting.hit(db, "password", config.sign_in_limit, key)
    if errors:
        with databases.reading() as db:
            return _sharing_page(request, db, actor, errors)
    phone = request.cookies.get(PHONE_COOKIE, "") or ids.token()
    pin_hash = passwords.hash_password(pin)
    with databases.writing() as db:
        seats.take_seat(db, actor, phone, pin_hash)
    done = _("Đã đặt mã PIN. Bấm “Đổi người học” khi đưa máy cho người khác.")
    return _with_phone(redirect(request, "/account/shared-phone", flash=("ok", done)), phone, config)


@router.post("/account/shared-phone/leave")
def leave(request: Request, actor: Me, db: Db, everywhere: Annotated[bool, Form()] = False) -> Response:
    seats.leave(db, actor, None if everywhere else request.cookies.get(PHONE_COOKIE, ""))
    return redirect(request, "/account/shared-phone", flash=("ok", _("Đã bỏ mã PIN.")))


@router.get("/switch")
def people_here(request: Request, db: Db) -> Response:
    """Whom the phone may be handed to; on one that is not shared the page says so and leads to the way in for all."""
    people = seats.seats_on(db, request.cookies.get(PHONE_COOKIE, ""))
    return render(request, "identity/switch.html", page=SwitchPage(people))


@router.post("/switch")
def switch(
    request: Request, databases: Databases, config: Config, seat: Annotated[int, Form()] = 0, pin: Text = ""
) -> Response:
    phone, client, log = request.cookies.get(PHONE_COOKIE, ""), client_of(request), request.app.state.access_log
    key = f"address:{client.address}"
    try:
        with databases.reading() as db:
            limiting.check(db, "pin", config.sign_in_limit, key)
            found = seats.open_seat(db, phone, seat)
        if found is None:
            return _switch_page(request, databases, phone, 0, _("Hãy chọn tên của anh/chị."))
        if passwords.verify(found.pin_hash, pin) is Verdict.WRONG:
            with databases.writing() as db:
                left = seats.note_wrong(db, found)
                limiting.hit(db, "pin", config.sign_in_limit, key)
            log.note("failed", found.candidate.account_id, client)
            return _switch_page(request, databases, phone, seat, _wrong(left))
        with databases.writing() as db:
            seats.note_right(db, found)
            begun = begin(request, db, found.candidate)
    except (TooMany, AccountDisabled, Conflict) as error:
        return _switch_page(request, databases, phone, seat, error.message, error.status)
    return let_in(request, config, begun, "")


def _wrong(left: int) -> str:
    if left:
        return _("Mã PIN chưa đúng. Còn %(left)s lần thử.", left=left)
    return _("Sai mã PIN quá nhiều lần nên mã này không dùng được nữa. Hãy đăng nhập bằng mật khẩu rồi đặt mã mới.")


def _switch_page(
    request: Request, databases: Databases, phone: str, chosen: int, problem: str, status: int = 422
) -> Response:
    with databases.reading() as db:
        people = seats.seats_on(db, phone)
    return render(request, "identity/switch.html", status=status, page=SwitchPage(people, chosen, problem))


def _sharing_page(request: Request, db: Session, actor: Actor, errors: Mapping[str, str] | None = None) -> Response:
    phone = request.cookies.get(PHONE_COOKIE, "")
    here = seats.has_seat(db, actor, phone)
    page = SharingPage(
        seats.may_take(db, actor.account_id), here, seats.count_of(db, actor) - int(here), seats.seats_on(db, phone),
        errors or {},
    )  # fmt: skip
    return render(request, "identity/shared_phone.html", status=422 if errors else 200, page=page)


def _with_phone(response: Response, phone: str, config: Settings) -> Response:
    response.set_cookie(
        PHONE_COOKIE, phone, max_age=_COOKIE_AGE_S, httponly=True, samesite="lax", secure=config.session_cookie_secure
    )
    return response
