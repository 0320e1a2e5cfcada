"""GET and POST /sign-in/forgot: a letter for who forgot their password and has a verified email."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.core import limiting
from app.core.errors import TooMany
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.text import fold
from app.core.web import Config, Databases, Response, client_of, render
from app.notices import reset_letters

router = APIRouter()


class ForgotForm(StrippedForm):
    name: str = ""


@dataclass(frozen=True)
class ForgotPage:
    """`is_ready`: whether letters can be sent at all; `is_sent`: the form was taken, whoever it named."""

    is_ready: bool
    name: str = ""
    error: str = ""
    is_sent: bool = False


@router.get("/sign-in/forgot")
def forgot_form(request: Request) -> Response:
    return _page(request, ForgotPage(reset_letters.can_send()))


@router.post("/sign-in/forgot")
def forgot(request: Request, databases: Databases, config: Config, form: Annotated[ForgotForm, Form()]) -> Response:
    """Every try counts, and every name gets the same answer."""
    is_ready, name = reset_letters.can_send(), form.name[:254]
    if not is_ready:
        return _page(request, ForgotPage(is_ready), 422)
    if not name:
        return _page(request, ForgotPage(is_ready, "", _("Hãy nhập số điện thoại, email hoặc tên đăng nhập.")), 422)
    try:
        with databases.writing() as db:
            limiting.hit(db, "forgot", config.contact_limit, f"name:{fold(name)}")
            limiting.hit(db, "forgot", config.sign_up_limit, f"address:{client_of(request).address}")
        with databases.writing() as db:
            reset_letters.ask(db, name)
    except TooMany as error:
        response = _page(request, ForgotPage(is_ready, name, error.message), error.status)
        response.headers["retry-after"] = str(error.retry_after_s)
        return response
    return _page(request, ForgotPage(is_ready, name, is_sent=True))


def _page(request: Request, page: ForgotPage, status: int = 200) -> Response:
    return render(request, "notices/forgot.html", status=status, page=page)
