"""One's phone and email: whether each is verified, the code that verifies it, another one in its place."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core import limiting
from app.core.access import Actor
from app.core.errors import NotFound, TooMany
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.web import Config, Databases, Db, Me, Response, client_of, local_url, redirect, render
from app.identity.identifiers import email_address, phone_e164, phone_shown
from app.identity.models import ContactCheck, Person
from app.identity.sign_in import contacts
from app.identity.sign_in.contacts import Contact, ContactTaken, Kind
from app.identity.sign_in.own_password import password_error
from app.notices import contact_letters

router = APIRouter()

_KINDS: dict[str, Kind] = {"email": "email", "phone": "phone"}


class ContactForm(StrippedForm):
    """`contact` with one's password for another contact; both empty: another code for the one in question."""

    contact: str = ""
    password: str = ""
    next: str = ""


@dataclass(frozen=True)
class ContactPage:
    """`asked` is where a code was sent that is still awaited, "" if none is."""

    kind: Kind
    shown: str
    is_verified: bool
    asked: str
    is_ready: bool
    next: str
    typed: str = ""
    contact_error: str = ""
    password_error: str = ""
    code_error: str = ""
    problem: str = ""


@router.get("/account/contacts/{kind}")
def contact(request: Request, db: Db, actor: Me, kind: str, next: str = "") -> Response:
    return _page(request, db, actor, _kind(kind), local_url(next, ""))


@router.post("/account/contacts/{kind}/send")
def send(
    request: Request, databases: Databases, config: Config, actor: Me, kind: str,
    form: Annotated[ContactForm, Form()],
) -> Response:  # fmt: skip
    """Send a code: to the contact that is there, again to the one in question, or to a new one for one's password."""
    which, target = _kind(kind), local_url(form.next, "")
    with databases.reading() as db:
        wanted, errors = _wanted(db, actor, which, form)
        if errors or not contact_letters.can_reach(which):
            return _page(request, db, actor, which, target, 422, typed=form.contact, **errors)
    try:
        if form.contact and (error := password_error(databases, config, actor, form.password)):
            with databases.reading() as db:
                return _page(request, db, actor, which, target, 422, typed=form.contact, password_error=error)
        with databases.writing() as db:
            limiting.hit(db, "contact", config.contact_limit, f"person:{actor.person_id}", f"{which}:{wanted}")
            limiting.hit(db, "contact", config.sign_up_limit, f"address:{client_of(request).address}")
        with databases.writing() as db:
            contact_letters.ask(db, db.get_one(Person, actor.person_id), which, wanted)
    except TooMany as error:
        with databases.reading() as db:
            response = _page(request, db, actor, which, target, error.status, problem=error.message)
        response.headers["retry-after"] = str(error.retry_after_s)
        return response
    return _back(request, which, target)


@router.post("/account/contacts/{kind}/confirm")
def confirm(
    request: Request, db: Db, actor: Me, kind: str, code: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "",
) -> Response:  # fmt: skip
    which, target = _kind(kind), local_url(target, "")
    check = contacts.open_check(db, actor.person_id, which)
    if check is None:
        return _page(request, db, actor, which, target, 422, problem=_over())
    try:
        if not contacts.confirm_code(db, check, code):
            wrong = _("Mã chưa đúng. Hãy xem lại mã mới nhất đã gửi.")
            left = contacts.open_check(db, actor.person_id, which)
            return _page(
                request,
                db,
                actor,
                which,
                target,
                422,
                code_error=wrong if left else "",
                problem="" if left else _over(),
            )
    except ContactTaken as error:
        return _page(request, db, actor, which, target, 409, problem=error.message)
    return redirect(request, target or "/account", flash=("ok", _verified(which)))


@dataclass(frozen=True)
class LinkPage:
    """What the link of a letter would do; `name` and `username` say whose account gets the contact."""

    kind: Kind
    shown: str
    name: str
    username: str


@router.get("/contacts/{token}")
def link(request: Request, db: Db, token: str) -> Response:
    """Programs that look after mailboxes open links: nothing is confirmed before somebody presses the button."""
    return render(request, "notices/contact_link.html", page=_link_page(db, _checked(db, token)))


@router.post("/contacts/{token}")
def confirm_link(request: Request, db: Db, token: str) -> Response:
    """Whoever holds the letter confirms, signed in or not."""
    check = _checked(db, token)
    kind = contacts.kind_of(check)
    contacts.confirm(db, check)
    return redirect(request, "/account" if request.state.actor else "/", flash=("ok", _verified(kind)))


def _kind(text: str) -> Kind:
    if text not in _KINDS:
        raise NotFound
    return _KINDS[text]


def _checked(db: Session, token: str) -> ContactCheck:
    check = contacts.check_of_link(db, token)
    if check is None:
        raise NotFound(_over())
    return check


def _wanted(db: Session, actor: Actor, kind: Kind, form: ContactForm) -> tuple[str, dict[str, str]]:
    """The contact to send to, and what stands against it."""
    if form.contact:
        wanted = email_address(form.contact) if kind == "email" else phone_e164(form.contact)
        wrong = _("Địa chỉ email không đúng.") if kind == "email" else _("Số điện thoại không đúng.")
        return wanted or "", {} if wanted else {"contact_error": wrong}
    check = contacts.open_check(db, actor.person_id, kind)
    wanted = contacts.contact_of(db, check) if check else _contact(db, actor, kind).value
    missing = _("Hãy nhập email.") if kind == "email" else _("Hãy nhập số điện thoại.")
    return wanted, {} if wanted else {"contact_error": missing}


def _contact(db: Session, actor: Actor, kind: Kind) -> Contact:
    return contacts.contacts_of(db.get_one(Person, actor.person_id))[kind]


def _page(
    request: Request, db: Session, actor: Actor, kind: Kind, next: str, status: int = 200, **told: str
) -> Response:
    own, check = _contact(db, actor, kind), contacts.open_check(db, actor.person_id, kind)
    page = ContactPage(
        kind, _shown(kind, own.value), own.is_verified, _shown(kind, contacts.contact_of(db, check)) if check else "",
        contact_letters.can_reach(kind), next, **told,
    )  # fmt: skip
    return render(request, "notices/contact.html", status=status, page=page)


def _link_page(db: Session, check: ContactCheck) -> LinkPage:
    kind = contacts.kind_of(check)
    person, username = contacts.whose(db, check)
    return LinkPage(kind, _shown(kind, contacts.contact_of(db, check)), person.name, username)


def _shown(kind: Kind, value: str) -> str:
    return phone_shown(value) if kind == "phone" and value else value


def _back(request: Request, kind: Kind, target: str) -> Response:
    url = f"/account/contacts/{kind}"
    return redirect(request, f"{url}?{urlencode({'next': target})}" if target else url)


def _over() -> str:
    return _("Mã này đã hết hạn, đã dùng, hoặc nhập sai quá nhiều lần. Hãy gửi mã khác.")


def _verified(kind: Kind) -> str:
    return _("Đã xác minh email.") if kind == "email" else _("Đã xác minh số điện thoại.")
