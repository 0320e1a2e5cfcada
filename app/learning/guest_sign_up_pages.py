"""GET and POST /sign-up: an account of one's own, and with it everything done in this browser before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, limiting
from app.core.csrf import BROWSER_COOKIE
from app.core.errors import Conflict, Invalid, TooMany
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.web import Config, Databases, Db, MaybeMe, Response, client_of, local_url, redirect, render
from app.identity.identifiers import phone_shown
from app.identity.models import Account
from app.identity.openid.carried import ANSWER
from app.identity.openid.linking import link
from app.identity.openid.provider import NotProved, Told
from app.identity.second_factor.factors import has_factor
from app.identity.sign_in import accounts, passwords, sign_up
from app.identity.sign_in.accounts import Candidate, SecondFactorNeeded
from app.identity.sign_in.beginning import Begun, begin, let_in
from app.identity.sign_in.passwords import Verdict
from app.identity.sign_in.sign_up import NewLearner, SignUpForm
from app.identity.sign_in.sign_up_communes import Commune, began_on, commune_by_key, communes_like
from app.learning import guests
from app.learning.guest_adoption import adopt
from app.learning.guests import KeptCourse
from app.notices import contact_letters

router = APIRouter()

_MY = "/my"
_TRIES = 2


@dataclass(frozen=True)
class SignUpPage:
    """The form as typed, what to mend, the communes to choose from, and what the guest has to keep."""

    form: SignUpForm
    kept: Sequence[KeptCourse] = ()
    communes: Sequence[Commune] | None = None  # None: nothing was typed yet
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    is_taken: bool = False  # the phone or email is somebody's: sign in instead
    provider: str = ""  # the name of the other way in, if there is one
    told: Told | None = None  # whom the provider told of, where the account is to be linked to them

    @property
    def groups(self) -> Mapping[str, str]:
        return sign_up.group_choices()

    @property
    def purposes(self) -> Mapping[str, str]:
        return {purpose: str(words) for purpose, (_version, words) in sign_up.PURPOSES.items()}


@router.get("/sign-up")
def form(
    request: Request, db: Db, actor: MaybeMe, place: str = "", next: str = "", alone: bool = False
) -> Response:  # fmt: skip
    """The empty form; with `place` the communes of that name, for the page's own search.

    Whoever comes from the provider finds in it what was told of them, `alone` they are rid of that.
    """
    if actor:
        return redirect(request, local_url(next, _MY))
    told = None if alone else _told(request)
    filled = (
        {"name": told.name, "contact": told.email or (phone_shown(told.phone) if told.phone else ""), "provider": "1"}
        if told
        else {}
    )
    response = _page(request, db, SignUpForm(place=place, next=local_url(next, ""), **filled))
    if alone:
        ANSWER.drop(response)
    return response


@router.post("/sign-up")
def sign_up_here(
    request: Request, databases: Databases, config: Config, actor: MaybeMe, form: Annotated[SignUpForm, Form()]
) -> Response:
    """Open the account and move what the guest did into it, in one transaction.

    Whoever has an account and gives its password is simply signed in: so a double click opens one account, not two.
    """
    target = local_url(form.next, _MY)
    if actor:
        return redirect(request, target)
    form.next = local_url(form.next, "")
    with databases.reading() as db:
        if form.act == "find":
            return _page(request, db, form)
        commune = commune_by_key(db, form.commune, clock.today())
        try:
            learner = _checked(form, commune)
        except Invalid as error:
            return _page(request, db, form, 422, errors=error.fields)
    try:
        if form.provider and not _told(request):
            raise NotProved
        with databases.writing() as db:
            limiting.hit(db, "sign-up", config.sign_up_limit, client_of(request).address)
        entered = _come_in(request, databases, config, form, learner, commune.unit_id if commune else 0)
    except (TooMany, Conflict, NotProved, SecondFactorNeeded) as error:
        with databases.reading() as db:
            return _page(request, db, form, error.status, problem=error.message)
    if entered is None:
        with databases.reading() as db:
            return _page(request, db, form, 422, errors={"contact": _taken()}, is_taken=True)
    if entered.asked:
        target = f"/account/contacts/{learner.kind}?{urlencode({'next': target})}"
    done = _("Tài khoản đã sẵn sàng. Những gì đã học trên máy này được giữ lại ở đây.")
    response = let_in(request, config, entered.begun, target, ("ok", done))
    ANSWER.drop(response)
    return response


@dataclass(frozen=True)
class Entered:
    """`asked`: a code was sent that shows the contact to be theirs."""

    begun: Begun
    asked: bool


def _checked(form: SignUpForm, commune: Commune | None) -> NewLearner:
    problems = {} if commune else {"place": _("Hãy gõ tên xã, phường rồi chọn một nơi trong danh sách.")}
    if form.note:
        # A field people do not see was filled in: a program, or a browser too eager to help.
        problems["note"] = _("Hãy để trống ô này.")
    try:
        learner = sign_up.checked(form)
    except Invalid as error:
        raise Invalid(fields=problems | error.fields) from None
    if problems:
        raise Invalid(fields=problems)
    return learner


def _come_in(
    request: Request, databases: Databases, config: Settings, form: SignUpForm, learner: NewLearner, unit_id: int
) -> Entered | None:
    """None if the phone or email is somebody's with another password."""
    new_hash = ""
    for _try in range(_TRIES):
        with databases.reading() as db:
            is_taken, candidate = sign_up.is_taken(db, learner), accounts.find_candidate(db, learner.contact)
        if is_taken:
            if not _is_theirs(request, databases, config, candidate, form):
                return None
        elif not new_hash:
            new_hash = passwords.hash_password(form.password)
        try:
            with databases.writing() as db:
                return _settle(request, db, form, learner, candidate, new_hash, unit_id)
        except IntegrityError:
            # The other half of a double click was faster: next time round its account is there.
            continue
    raise Conflict


def _is_theirs(
    request: Request, databases: Databases, config: Settings, candidate: Candidate | None, form: SignUpForm
) -> bool:
    """The password opens the account that is there; guessing is limited as at the sign-in page."""
    keys = (
        f"account:{candidate.account_id}" if candidate else f"name:{form.contact}",
        f"address:{client_of(request).address}",
    )
    with databases.reading() as db:
        limiting.check(db, "sign-in", config.sign_in_limit, *keys)
    if passwords.verify(candidate.password_hash if candidate else None, form.password) is not Verdict.WRONG:
        return candidate is not None
    with databases.writing() as db:
        limiting.hit(db, "sign-in", config.sign_in_limit, *keys)
    request.app.state.access_log.note("failed", candidate and candidate.account_id, client_of(request))
    return False


def _settle(
    request: Request, db: Session, form: SignUpForm, learner: NewLearner, candidate: Candidate | None, new_hash: str,
    unit_id: int,
) -> Entered:  # fmt: skip
    guest, asked = guests.guest_of(db, request.cookies.get(BROWSER_COOKIE)), False
    if candidate is None:
        # Where somebody lives did not begin with the form: what they did before it counts for their commune too.
        began = clock.day_of(guest.created_at) if guest else clock.today()
        account = sign_up.open_account(db, learner, new_hash, unit_id, max(began, began_on(db, unit_id)))
        candidate = Candidate(account.id, account.password_hash, must_change_password=False)
        asked = contact_letters.can_reach(learner.kind)
        if asked:
            contact_letters.ask(db, account.person, learner.kind, learner.contact)
    else:
        account = db.get_one(Account, candidate.account_id)
        if has_factor(db, account.id):
            # The password alone opens nothing of it: nothing is adopted, nothing linked.
            raise SecondFactorNeeded
    if guest:
        adopt(db, guest, account.person_id, account.id)
    if form.provider and (told := _told(request)):
        link(db, account, told, "sign_up")
    return Entered(begin(request, db, candidate), asked)


def _told(request: Request) -> Told | None:
    """Whom the provider told of, if somebody came from there a while ago and is no account's yet."""
    answer = ANSWER.read(request)
    return answer.told if answer and answer.account_id is None else None


def _taken() -> str:
    return _(
        "Chưa mở được tài khoản mới với số điện thoại hoặc email này. Nếu anh/chị đã có tài khoản, kể cả do đơn vị"
        " lập, hãy đăng nhập; nếu chưa, hãy dùng số hoặc email khác."
    )


def _page(
    request: Request, db: Session, form: SignUpForm, status: int = 200, *, errors: Mapping[str, str] | None = None,
    problem: str = "", is_taken: bool = False,
) -> Response:  # fmt: skip
    communes = _choices(db, form)
    guest = guests.guest_of(db, request.cookies.get(BROWSER_COOKIE))
    config: Settings = request.app.state.settings
    page = SignUpPage(
        form, guests.kept_courses(db, guest) if guest else (), communes, errors or {}, problem, is_taken,
        config.oidc_label if config.oidc_issuer else "", _told(request) if form.provider else None,
    )  # fmt: skip
    response = render(request, "identity/sign_up.html", status=status, fragment="communes", page=page)
    response.headers["cache-control"] = "private, no-store"
    return response


def _choices(db: Session, form: SignUpForm) -> Sequence[Commune] | None:
    """What the typed place may mean; the one chosen before stays in the list."""
    today = clock.today()
    chosen = commune_by_key(db, form.commune, today)
    found = communes_like(db, form.place, today) if form.place.strip() else None
    if chosen and not any(one.key == chosen.key for one in found or ()):
        return [chosen, *(found or ())]
    return found
