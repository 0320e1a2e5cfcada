"""One's own second factor: setting it up, new recovery codes, switching it off."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core import clock, limiting, qr
from app.core.access import Actor
from app.core.db import Database
from app.core.errors import FormExpired, TooMany
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.keys import sign, signature_fits
from app.core.settings import Settings
from app.core.web import Config, Databases, Db, Me, Response, redirect, render
from app.identity.models import Account
from app.identity.second_factor import factors, totp
from app.identity.second_factor.second_step_pages import TRIES
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import sign_out_everywhere
from app.identity.sign_in.passwords import Verdict

router = APIRouter()


class SetUpForm(StrippedForm):
    """`secret` was made for the page, `tag` says by whom and for whom; nothing is stored before the digits fit."""

    secret: str = ""
    tag: str = ""
    password: str = ""
    code: str = ""


class ChangeForm(StrippedForm):
    """`act`: "recovery" for new codes, "remove"."""

    act: str = ""
    password: str = ""
    code: str = ""


@dataclass(frozen=True)
class FactorPage:
    """`left`: recovery codes not used yet, None while there is no second factor; `codes`: new ones, shown this once."""

    left: int | None
    is_required: bool  # of everybody who holds a role, and this one does
    is_kept_out: bool  # nothing else is open to them before
    username: str = ""
    secret: str = ""
    tag: str = ""
    codes: tuple[str, ...] = ()
    password_error: str = ""
    code_error: str = ""
    problem: str = ""

    @property
    def app_address(self) -> str:
        """What opens an authenticator app on this very telephone."""
        return totp.address(self.secret, self.username)

    @property
    def picture(self) -> str:
        """The same as a QR code."""
        return qr.data_uri(self.app_address)

    @property
    def secret_shown(self) -> str:
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


@router.get("/account/second-factor")
def factor(request: Request, actor: Me, db: Db) -> Response:
    return _page(request, db, actor)


@router.post("/account/second-factor")
def set_up(
    request: Request, actor: Me, databases: Databases, config: Config, form: Annotated[SetUpForm, Form()]
) -> Response:
    if not signature_fits("second-factor", f"{actor.account_id}.{form.secret}", form.tag):
        raise FormExpired
    kept: dict[str, Any] = {"secret": form.secret}
    try:
        if error := _password_error(databases, config, actor, form.password):
            with databases.reading() as db:
                return _page(request, db, actor, 422, password_error=error, **kept)
        _check_tries(databases, actor)
        with databases.writing() as db:
            codes = factors.set_up(db, actor.account_id, form.secret, form.code)
            if codes is not None:
                # Whoever else is signed in came without it.
                sign_out_everywhere(db, actor.account_id, but=actor.session_id)
        return _answer(request, databases, actor, codes, kept)
    except TooMany as error:
        return _too_many(request, databases, actor, error, kept)


@router.post("/account/second-factor/change")
def change(
    request: Request, actor: Me, databases: Databases, config: Config, form: Annotated[ChangeForm, Form()]
) -> Response:
    """New recovery codes, or off: for the password and a code."""
    try:
        if error := _password_error(databases, config, actor, form.password):
            with databases.reading() as db:
                return _page(request, db, actor, 422, password_error=error)
        _check_tries(databases, actor)
        codes: list[str] | None = None
        with databases.writing() as db:
            is_shown = factors.show(db, actor.account_id, form.code)
            if is_shown and form.act == "remove":
                factors.remove(db, actor.account_id, actor.account_id)
            elif is_shown:
                codes = factors.renew_recovery_codes(db, actor.account_id)
        if is_shown and codes is None:
            return redirect(request, "/account", flash=("ok", _("Đã tắt xác thực hai bước.")))
        return _answer(request, databases, actor, codes, {})
    except TooMany as error:
        return _too_many(request, databases, actor, error, {})


def _answer(
    request: Request, databases: Database, actor: Actor, codes: list[str] | None, kept: dict[str, Any]
) -> Response:
    """The codes, this once; without any the digits were wrong, and that counts."""
    if codes is None:
        with databases.writing() as db:
            limiting.hit(db, "second", TRIES, f"account:{actor.account_id}")
    with databases.reading() as db:
        if codes is None:
            wrong = _("Mã chưa đúng, hoặc vừa dùng rồi. Hãy chờ mã kế tiếp; nếu vẫn sai, hãy xem giờ của điện thoại.")
            return _page(request, db, actor, 422, code_error=wrong, **kept)
        return _page(request, db, actor, codes=tuple(codes))


def _too_many(request: Request, databases: Database, actor: Actor, error: TooMany, kept: dict[str, Any]) -> Response:
    with databases.reading() as db:
        response = _page(request, db, actor, error.status, problem=error.message, **kept)
    response.headers["retry-after"] = str(error.retry_after_s)
    return response


def _check_tries(databases: Database, actor: Actor) -> None:
    with databases.reading() as db:
        limiting.check(db, "second", TRIES, f"account:{actor.account_id}")


def _password_error(databases: Database, config: Settings, actor: Actor, password: str) -> str:
    """Whoever found a telephone lying signed in must not lock its owner out."""
    key = f"account:{actor.account_id}"
    with databases.reading() as db:
        limiting.check(db, "password", config.sign_in_limit, key)
        password_hash = db.get_one(Account, actor.account_id).password_hash
    if passwords.verify(password_hash, password) is not Verdict.WRONG:
        return ""
    with databases.writing() as db:
        limiting.hit(db, "password", config.sign_in_limit, key)
    return _("Mật khẩu hiện nay chưa đúng.")


def _page(request: Request, db: Session, actor: Actor, status: int = 200, *, secret: str = "", **said: Any) -> Response:
    left = factors.recovery_codes_left(db, actor.account_id)
    secret = secret or (totp.new_secret() if left is None else "")
    page = FactorPage(
        left=left,
        is_required=bool(actor.grants) and factors.is_required(clock.today()),
        is_kept_out=left is None and actor.must_set_up_factor,
        username=db.get_one(Account, actor.account_id).username,
        secret=secret,
        tag=sign("second-factor", f"{actor.account_id}.{secret}"),
        **said,
    )
    return render(request, "identity/second_factor.html", status=status, page=page)
