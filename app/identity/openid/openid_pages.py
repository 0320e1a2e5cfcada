"""To the provider and back: signing in, linking one's account, signing out there too."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Form, Request

from app.core import ids, limiting
from app.core.access import Actor
from app.core.db import Database
from app.core.errors import AppError, NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.web import (
    Config,
    Databases,
    MaybeMe,
    Me,
    Response,
    ReturnDatabases,
    client_of,
    local_url,
    redirect,
    render,
)
from app.identity.models import Account
from app.identity.openid import linking
from app.identity.openid.carried import ANSWER, ERRAND, Answer, Errand
from app.identity.openid.provider import Asked, NotProved, Provider, ProviderAway, Told
from app.identity.sign_in.accounts import Candidate
from app.identity.sign_in.beginning import begin, let_in
from app.identity.sign_in.own_password import password_error

router = APIRouter()
log = logging.getLogger("hocso.openid")

# Out, back and out of the provider, from one address: a whole office that comes at eight, and no more.
MOST_WAYS = "600/hour"
# A provider that answers slowly keeps these waiting and nobody else: they are no threads of the pages.
_ABROAD = CapacityLimiter(8)


def provider_of(request: Request) -> Provider:
    """The provider of the settings; without one, none of these pages exists."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound
    return provider


Configured = Annotated[Provider, Depends(provider_of)]


def _limit(request: Request) -> None:
    limiting.hit_here("provider", MOST_WAYS, client_of(request).address)


# --- out and back -------------------------------------------------------------------------------------------------


@router.get("/sign-in/provider")
async def set_out(
    request: Request, provider: Configured, config: Config, actor: MaybeMe, next: str = ""
) -> Response:  # fmt: skip
    """Off to the provider: to sign in, or, for who is signed in, to say which of its people they are."""
    _limit(request)
    errand = Errand(
        Asked(ids.token(), ids.token(), ids.token(384)), local_url(next, ""), actor.account_id if actor else None
    )
    url = await to_thread.run_sync(provider.authorization_url, errand.asked, limiter=_ABROAD)
    response = redirect(request, url)
    ERRAND.put(response, errand, config)
    return response


@dataclass(frozen=True)
class Return:
    """Somebody came back, with what the provider tells of them; None if they changed their mind, or it refused them."""

    errand: Errand
    told: Told | None


async def come_back(
    request: Request, provider: Configured, config: Config, code: str = "", state: str = "", iss: str = "",
    error: str = "",
) -> Return:  # fmt: skip
    """The network's part of the way back, before any turn or transaction is taken. Raises NotProved, ProviderAway."""
    _limit(request)
    errand = ERRAND.read(request)
    try:
        if errand is None or not state or errand.asked.state != state:
            raise NotProved
        if error:
            return Return(errand, None)  # access_denied, login_required …
        told = partial(provider.told, code, iss, errand.asked)
        return Return(errand, await to_thread.run_sync(told, limiter=_ABROAD))
    except (NotProved, ProviderAway) as problem:
        log.warning("sign-in at %s failed: %r", provider.issuer, problem.__cause__ or problem)
        request.app.state.access_log.note("failed", None, client_of(request))
        raise


@router.get("/sign-in/provider/back")
def back(
    request: Request, came: Annotated[Return, Depends(come_back)], provider: Configured, config: Config,
    actor: MaybeMe, databases: ReturnDatabases,
) -> Response:  # fmt: skip
    """In, where the provider's person has an account here; else on to linking it or to signing up."""
    errand, told = came.errand, came.told
    if told is None:
        response = redirect(
            request, "/account" if errand.account_id else "/sign-in", flash=("warn", _("Chưa đăng nhập."))
        )
    elif errand.account_id is not None:
        if actor is None or actor.account_id != errand.account_id:
            raise NotProved
        response = redirect(request, "/account/provider")
        ANSWER.put(response, Answer(told, actor.account_id), config)
    else:
        response = _enter(request, databases, config, told, errand.next)
    ERRAND.drop(response)
    return response


def _enter(request: Request, databases: Database, config: Settings, told: Told, target: str) -> Response:
    account_id = None
    try:
        with databases.writing() as db:
            account = linking.linked_account(db, told)
            if account is None and (account := linking.account_to_link(db, told)):
                linking.link(db, account, told, "verified")
            account_id = account and account.id
            begun = begin(request, db, _candidate(account)) if account else None
    except AppError:
        request.app.state.access_log.note("failed", account_id, client_of(request))
        raise
    if begun is None:
        return _to_sign_up(request, config, told, target)
    return let_in(request, config, begun, target)


def _to_sign_up(request: Request, config: Settings, told: Told, target: str) -> Response:
    response = redirect(request, f"/sign-up?{urlencode({'next': target})}" if target else "/sign-up")
    ANSWER.put(response, Answer(told), config)
    return response


def _candidate(account: Account) -> Candidate:
    return Candidate(account.id, account.password_hash, account.must_change_password)


# --- one's own link -----------------------------------------------------------------------------------------------


class LinkForm(StrippedForm):
    password: str = ""


@dataclass(frozen=True)
class LinkPage:
    """Whom the provider told of, to whom the account is to be linked."""

    label: str
    name: str
    email: str
    password_error: str = ""


@router.get("/account/provider")
def link_form(request: Request, actor: Me, provider: Configured) -> Response:
    """Nobody is linked by coming back alone: the person there may be whoever used this computer before."""
    return _link_page(request, provider, _answer_for(request, actor))


@router.post("/account/provider")
def link(
    request: Request, actor: Me, provider: Configured, databases: Databases, config: Config,
    form: Annotated[LinkForm, Form()],
) -> Response:  # fmt: skip
    answer = _answer_for(request, actor)
    if error := password_error(databases, config, actor, form.password):
        return _link_page(request, provider, answer, error)
    with databases.writing() as db:
        linking.link(db, db.get_one(Account, actor.account_id), answer.told, "asked")
    done = _("Đã liên kết. Lần sau có thể đăng nhập bằng %(label)s.", label=provider.label)
    response = redirect(request, "/account", flash=("ok", done))
    ANSWER.drop(response)
    return response


@router.post("/account/provider/unlink")
def unlink(
    request: Request, actor: Me, provider: Configured, databases: Databases, config: Config,
    form: Annotated[LinkForm, Form()],
) -> Response:  # fmt: skip
    """For one's password: whoever has none, or forgot it, would lock themselves out."""
    if password_error(databases, config, actor, form.password):
        wrong = _("Mật khẩu chưa đúng nên chưa bỏ liên kết. Quên hoặc chưa có mật khẩu thì hãy đặt lại trước.")
        return redirect(request, "/account", flash=("warn", wrong))
    with databases.writing() as db:
        linking.unlink(db, actor.account_id, provider.issuer)
    done = _("Đã bỏ liên kết. Từ nay chỉ đăng nhập bằng mật khẩu.")
    return redirect(request, "/account", flash=("ok", done))


@router.get("/signed-out")
def signed_out(request: Request, provider: Configured) -> Response:
    """The provider may still know this browser, and let the next person at it in."""
    return render(request, "identity/signed_out.html", label=provider.label)


@router.get("/sign-out/provider")
async def sign_out_there(request: Request, provider: Configured) -> Response:
    """On to the provider's own page for signing out; a link, for a form may not lead away from here (CSP)."""
    _limit(request)
    url = await to_thread.run_sync(provider.end_session_url, limiter=_ABROAD)
    return redirect(request, url or "/")


def _answer_for(request: Request, actor: Actor) -> Answer:
    answer = ANSWER.read(request)
    if answer is None or answer.account_id != actor.account_id:
        raise NotProved
    return answer


def _link_page(request: Request, provider: Provider, answer: Answer, error: str = "") -> Response:
    page = LinkPage(provider.label, answer.told.name, answer.told.email, error)
    return render(request, "identity/link_provider.html", status=422 if error else 200, page=page)
