"""GET and POST /sign-in/second: the second step of signing in. Until it is done there is no session."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.core import limiting
from app.core.errors import TooMany
from app.core.i18n import gettext as _
from app.core.web import Config, Databases, Db, Response, client_of, local_url, render
from app.identity.second_factor import factors, pending
from app.identity.sign_in.accounts import AccountDisabled
from app.identity.sign_in.beginning import begin, let_in

router = APIRouter()

# Of a million codes, three fit at a time; whoever tries knows the password already.
TRIES = "10/hour"


@dataclass(frozen=True)
class SecondStepPage:
    """`is_over`: the first step was never done here, or more than ten minutes ago."""

    next: str
    code_error: str
    is_over: bool


@router.get("/sign-in/second")
def second_step(request: Request, db: Db, next: str = "") -> Response:
    return _page(request, local_url(next, ""), is_over=pending.remembered(request, db) is None)


@router.post("/sign-in/second")
def show_factor(
    request: Request, databases: Databases, config: Config, code: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "",
) -> Response:  # fmt: skip
    target, log = local_url(target, ""), request.app.state.access_log
    with databases.reading() as db:
        candidate = pending.remembered(request, db)
    if candidate is None:
        return _page(request, target, 422, is_over=True)
    key = f"account:{candidate.account_id}"
    try:
        with databases.reading() as db:
            limiting.check(db, "second", TRIES, key)
        with databases.writing() as db:
            begun = None
            if factors.show(db, candidate.account_id, code):
                begun = begin(request, db, candidate, has_shown_factor=True)
            else:
                limiting.hit(db, "second", TRIES, key)
    except (TooMany, AccountDisabled) as error:
        log.note("failed", candidate.account_id, client_of(request))
        response = _page(request, target, error.status, error.message)
        if isinstance(error, TooMany):
            response.headers["retry-after"] = str(error.retry_after_s)
        return response
    if begun is None:
        log.note("failed", candidate.account_id, client_of(request))
        wrong = _("Mã chưa đúng, hoặc vừa dùng rồi. Hãy chờ mã kế tiếp; nếu vẫn sai, hãy xem giờ của điện thoại.")
        return _page(request, target, 422, wrong)
    return pending.forget(let_in(request, config, begun, target))


def _page(request: Request, target: str, status: int = 200, code_error: str = "", *, is_over: bool = False) -> Response:
    page = SecondStepPage(target, code_error, is_over)
    response = render(request, "identity/second_step.html", status=status, page=page)
    response.headers["cache-control"] = "private, no-store"
    return response
