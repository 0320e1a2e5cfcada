"""Signing in and out, one's own account, changing the password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core import limiting
from app.core.access import Actor
from app.core.csrf import SESSION_COOKIE
from app.core.errors import TooMany
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.text import fold
from app.core.web import Config, Databases, Db, MaybeMe, Me, Response, client_of, local_url, redirect, render
from app.identity.codes.one_time_codes import find_code
from app.identity.demo import DEMO_PASSWORD, PERSONAS, Persona
from app.identity.openid.linking import link_of
from app.identity.openid.provider import Provider
from app.identity.shared_phone.seats import seats_on
from app.identity.sign_in import accounts, passwords
from app.identity.sign_in.account_queries import PasswordFacts, account_page, password_facts
from app.identity.sign_in.accounts import AccountDisabled
from app.identity.sign_in.beginning import HOME, PHONE_COOKIE, begin, let_in
from app.identity.sign_in.passwords import Verdict

router = APIRouter()

Text = Annotated[str, Form()]
Next = Annotated[str, Form(alias="next")]


@dataclass(frozen=True)
class SignInPage:
    next: str
    name: str = ""
    name_error: str = ""
    password_error: str = ""
    problem: str = ""
    provider: str = ""  # the name of the other way in, if there is one
    is_shared_phone: bool = False
    personas: tuple[Persona, ...] = ()
    demo_password: str = DEMO_PASSWORD


@router.get("/sign-in")
def sign_in_form(request: Request, actor: MaybeMe, config: Config, next: str = "") -> Response:
    if actor:
        return redirect(request, local_url(next, HOME))
    return _sign_in_page(request, config, next=local_url(next, ""))


@router.post("/sign-in")
def sign_in(
    request: Request, databases: Databases, config: Config, name: Text = "", password: Text = "", target: Next = ""
) -> Response:
    target = local_url(target, "")
    if not name.strip() or not password:
        return _sign_in_page(
            request, config, 422, next=target, name=name,
            name_error="" if name.strip() else _("Hãy nhập số điện thoại, email hoặc tên đăng nhập."),
            password_error="" if password else _("Hãy nhập mật khẩu."),
        )  # fmt: skip
    client, log, candidate = client_of(request), request.app.state.access_log, None
    try:
        with databases.reading() as db:
            candidates = accounts.find_candidates(db, name)
            candidate = candidates[0] if candidates else None
            known_as = f"account:{candidate.account_id}" if candidate else f"name:{fold(name)}"
            # Only failures count: a whole office signing in at eight behind one address must not lock itself out.
            keys = (known_as, f"address:{client.address}")
            limiting.check(db, "sign-in", config.sign_in_limit, *keys)
        verdict = passwords.verify(candidate.password_hash if candidate else None, password)
        for other in candidates[1:]:
            if verdict is Verdict.WRONG:
                candidate, verdict = other, passwords.verify(other.password_hash, password)
        if candidate is None or verdict is Verdict.WRONG:
            with databases.writing() as db:
                if find_code(db, password):
                    # Told to enter a code, people look for a field to enter it into.
                    return redirect(request, f"/sign-in/code?code={quote(password)}")
                limiting.hit(db, "sign-in", config.sign_in_limit, *keys)
            log.note("failed", candidate and candidate.account_id, client)
            problem = _("Tên đăng nhập hoặc mật khẩu chưa đúng. Hãy kiểm tra lại, chú ý chữ hoa và bộ gõ tiếng Việt.")
            return _sign_in_page(request, config, 422, next=target, name=name, problem=problem)
        better_hash = passwords.hash_password(password) if verdict is Verdict.RIGHT_BUT_OLD else None
        with databases.writing() as db:
            begun = begin(request, db, candidate, better_hash)
    except (TooMany, AccountDisabled) as error:
        log.note("failed", candidate and candidate.account_id, client)
        response = _sign_in_page(request, config, error.status, next=target, name=name, problem=error.message)
        if isinstance(error, TooMany):
            response.headers["retry-after"] = str(error.retry_after_s)
        return response
    return let_in(request, config, begun, target)


@router.post("/sign-out")
def sign_out(request: Request, actor: MaybeMe, db: Db) -> Response:
    accounts.sign_out(db, request.cookies.get(SESSION_COOKIE, ""))
    if actor:
        request.app.state.access_log.note("sign_out", actor.account_id, client_of(request))
    is_linked = actor and _linked_at(request, db, actor)
    # A shared phone is handed on.
    is_shared = seats_on(db, request.cookies.get(PHONE_COOKIE, ""))
    target = "/signed-out" if is_linked else "/switch" if is_shared else "/"
    return _signed_out(request, _("Đã đăng xuất."), target)


@router.post("/sign-out/everywhere")
def sign_out_everywhere(request: Request, actor: Me, db: Db) -> Response:
    accounts.sign_out_everywhere(db, actor.account_id)
    request.app.state.access_log.note("sign_out", actor.account_id, client_of(request))
    return _signed_out(request, _("Đã đăng xuất khỏi mọi thiết bị."))


@router.get("/account")
def account(request: Request, actor: Me, db: Db) -> Response:
    provider: Provider | None = request.app.state.provider
    return render(
        request, "identity/account.html", page=account_page(db, actor), provider=provider and provider.label,
        linked_at=_linked_at(request, db, actor),
    )  # fmt: skip


def _linked_at(request: Request, db: Session, actor: Actor) -> datetime | None:
    provider: Provider | None = request.app.state.provider
    return link_of(db, actor.account_id, provider.issuer) if provider else None


@dataclass(frozen=True)
class PasswordPage:
    next: str
    username: str
    is_first: bool
    least: int
    old_error: str = ""
    new_error: str = ""
    again_error: str = ""


@router.get("/account/password")
def password_form(request: Request, actor: Me, db: Db, next: str = "") -> Response:
    return _password_page(request, actor, password_facts(db, actor.account_id), local_url(next, ""))


@router.post("/account/password")
def change_password(
    request: Request, actor: Me, databases: Databases, config: Config, old: Text = "", new: Text = "", again: Text = "",
    target: Next = "",
) -> Response:  # fmt: skip
    target = local_url(target, "")
    key = f"account:{actor.account_id}"
    with databases.reading() as db:
        limiting.check(db, "password", config.sign_in_limit, key)
        facts = password_facts(db, actor.account_id)
    old_error = again_error = ""
    new_error = passwords.password_problem(new, is_staff=facts.is_staff, names=facts.names) or ""
    if passwords.verify(facts.password_hash, old) is Verdict.WRONG:
        with databases.writing() as db:
            limiting.hit(db, "password", config.sign_in_limit, key)
        old_error = _("Mật khẩu hiện nay chưa đúng.")
    elif not new_error and passwords.verify(facts.password_hash, new) is not Verdict.WRONG:
        new_error = _("Mật khẩu mới phải khác mật khẩu hiện nay.")
    if not new_error and new != again:
        again_error = _("Hai lần nhập mật khẩu mới chưa giống nhau.")
    if old_error or new_error or again_error:
        return _password_page(request, actor, facts, target, 422, old_error, new_error, again_error)
    new_hash = passwords.hash_password(new)
    with databases.writing() as db:
        accounts.change_password(db, actor, old_hash=facts.password_hash, new_hash=new_hash)
    done = _("Đã đổi mật khẩu. Các thiết bị khác đã được đăng xuất.")
    return redirect(request, target or (HOME if actor.must_change_password else "/account"), flash=("ok", done))


def _sign_in_page(
    request: Request, config: Settings, status: int = 200, *, next: str, name: str = "", name_error: str = "",
    password_error: str = "", problem: str = "",
) -> Response:  # fmt: skip
    page = SignInPage(
        next, name, name_error, password_error, problem, config.oidc_label if config.oidc_issuer else "",
        PHONE_COOKIE in request.cookies, PERSONAS if config.demo else (),
    )  # fmt: skip
    return render(request, "identity/sign_in.html", status=status, page=page)


def _password_page(
    request: Request, actor: Actor, facts: PasswordFacts, next: str, status: int = 200, old_error: str = "",
    new_error: str = "", again_error: str = "",
) -> Response:  # fmt: skip
    least = passwords.least_length(is_staff=facts.is_staff)
    page = PasswordPage(next, facts.username, actor.must_change_password, least, old_error, new_error, again_error)
    return render(request, "identity/password.html", status=status, page=page)


def _signed_out(request: Request, text: str, target: str = "/") -> Response:
    response = redirect(request, target, flash=("ok", text))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response
