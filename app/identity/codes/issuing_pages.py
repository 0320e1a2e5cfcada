"""A person's account as those see it who look after it, and a code to set a new password with."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.web import Db, Response, having, redirect, render
from app.identity.codes.issuing import issue_reset, person_account, remove_factor, reopen_idle
from app.identity.policy import MANAGE

router = APIRouter()

Manager = Annotated[Actor, having(MANAGE)]


@router.get("/people/{ref}/account")
def account_of_person(request: Request, actor: Manager, db: Db, ref: str) -> Response:
    return render(request, "identity/person_account.html", page=person_account(db, actor, ref), code="")


@router.post("/people/{ref}/account/code")
def give_code(request: Request, actor: Manager, db: Db, ref: str) -> Response:
    """The answer itself shows the code: it is stored nowhere, so no later page could."""
    code = issue_reset(db, actor, ref)
    return render(request, "identity/person_account.html", page=person_account(db, actor, ref), code=code)


@router.post("/people/{ref}/account/second-factor/remove")
def remove_second_factor(request: Request, actor: Manager, db: Db, ref: str) -> Response:
    remove_factor(db, actor, ref)
    said = _("Đã tắt xác thực hai bước của người này; mọi thiết bị của họ phải đăng nhập lại.")
    return redirect(request, f"/people/{ref}/account", flash=("ok", said))


@router.post("/people/{ref}/account/reopen")
def reopen_account(request: Request, actor: Manager, db: Db, ref: str) -> Response:
    reopen_idle(db, actor, ref)
    said = _("Đã mở lại tài khoản. Người này đăng nhập như trước và nhận được thông báo.")
    return redirect(request, f"/people/{ref}/account", flash=("ok", said))
