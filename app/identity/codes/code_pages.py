"""GET and POST /sign-in/code: a one-time code, then a password of one's own, and one is in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel

from app.core import limiting
from app.core.errors import Conflict, TooMany
from app.core.i18n import gettext as _
from app.core.web import Config, Databases, Response, client_of, redirect, render
from app.identity.codes.one_time_codes import FoundCode, find_code, spend
from app.identity.sign_in import passwords
from app.identity.sign_in.account_queries import PasswordFacts, password_facts
from app.identity.sign_in.accounts import AccountDisabled, AccountIdle
from app.identity.sign_in.beginning import begin, let_in

router = APIRouter()


class CodeForm(BaseModel):
    """`step`: "" brings the code, "password" the code again and the new password twice."""

    code: str = ""
    new: str = ""
    again: str = ""
    step: str = ""


@dataclass(frozen=True)
class CodePage:
    """The code as typed; once it is known to hold, whose it is and how long the new password must be."""

    code: str = ""
    code_error: str = ""
    username: str = ""
    name: str = ""
    least: int = 0
    new_error: str = ""
    again_error: str = ""


@router.get("/sign-in/code")
def code_form(request: Request, code: str = "") -> Response:
    """The address a slip's QR code opens; whether the code holds is told to who sends the form, and counted."""
    return _page(request, CodePage(code[: passwords.MAX_LENGTH]))


@router.post("/sign-in/code")
def use_code(request: Request, databases: Databases, config: Config, form: Annotated[CodeForm, Form()]) -> Response:
    client, log = client_of(request), request.app.state.access_log
    found: FoundCode | None = None
    try:
        with databases.reading() as db:
            limiting.check(db, "code", config.sign_in_limit, client.address)
            found = find_code(db, form.code)
            facts = password_facts(db, found.account_id) if found else None
        if found is None or facts is None:
            with databases.writing() as db:
                limiting.hit(db, "code", config.sign_in_limit, client.address)
            log.note("failed", None, client)
            return _page(request, CodePage(form.code, _wrong()), 422)
        if found.is_disabled:
            raise AccountIdle if found.is_idle else AccountDisabled
        if form.step != "password":
            return _page(request, _choosing(form, found, facts))
        new_error = passwords.password_problem(form.new, is_staff=facts.is_staff, names=facts.names) or ""
        again_error = _("Hai lần nhập mật khẩu mới chưa giống nhau.") if form.new != form.again else ""
        if new_error or again_error:
            return _page(request, _choosing(form, found, facts, new_error, "" if new_error else again_error), 422)
        new_hash = passwords.hash_password(form.new)
        with databases.writing() as db:
            begun = begin(request, db, spend(db, found, new_hash))
    except (TooMany, AccountDisabled) as error:
        log.note("failed", found and found.account_id, client)
        response = _page(request, CodePage(form.code, error.message), error.status)
        if isinstance(error, TooMany):
            response.headers["retry-after"] = str(error.retry_after_s)
        return response
    except Conflict:
        return redirect(request, "/sign-in", flash=("warn", _wrong()))
    done = _("Đã đặt mật khẩu mới. Lần sau hãy đăng nhập bằng tên %(username)s.", username=found.username)
    return let_in(request, config, begun, "", ("ok", done))


def _choosing(
    form: CodeForm, found: FoundCode, facts: PasswordFacts, new_error: str = "", again_error: str = ""
) -> CodePage:
    least = passwords.least_length(is_staff=facts.is_staff)
    return CodePage(form.code, "", found.username, found.name, least, new_error, again_error)


def _page(request: Request, page: CodePage, status: int = 200) -> Response:
    response = render(request, "identity/code.html", status=status, page=page)
    response.headers["cache-control"] = "private, no-store"
    return response


def _wrong() -> str:
    return _("Mã này không đúng, đã dùng rồi hoặc đã hết hạn. Hãy xem lại từng chữ, hoặc xin người phụ trách mã mới.")
