"""One's own data: see what is held, take a copy, have it corrected or erased, withdraw a consent."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.csrf import SESSION_COOKIE
from app.core.errors import Invalid, NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.web import Db, Files, Me, Response, RowId, redirect, render
from app.identity import sealing
from app.identity.models import Consent
from app.privacy import service
from app.privacy.clocks import answer_due
from app.privacy.models import PrivacyRequest
from app.privacy.queries import my_data
from app.privacy.wording import KINDS, STATES

router = APIRouter()

_PAGE = "/my/data"
_ZIP = "application/zip"


class RequestForm(StrippedForm):
    """As typed. `understood`: the tick that says one knows what an erasure does."""

    kind: str = "correct"
    text: str = ""
    understood: str = ""


@router.get(_PAGE)
def my_data_page(request: Request, db: Db, actor: Me) -> Response:
    return _page(request, db, actor, RequestForm(), {})


@router.post(f"{_PAGE}/requests")
def ask(request: Request, db: Db, actor: Me, form: Annotated[RequestForm, Form()]) -> Response:
    """To see, to have corrected, to have erased: somebody answers."""
    try:
        if form.kind == "erase" and not form.understood:
            raise Invalid(fields={"understood": _("Hãy đánh dấu rằng anh/chị đã đọc điều sẽ xảy ra.")})
        match form.kind:
            case "see" | "correct" | "erase":
                service.ask(db, actor.person_id, form.kind, form.text)
            case _:
                raise NotFound
    except Invalid as error:
        return _page(request, db, actor, form, error.fields, 422)
    due = format_date(answer_due(clock.today()))
    return redirect(request, _PAGE, flash=("ok", _("Đã gửi yêu cầu. Sẽ có trả lời trước hết ngày %(due)s.", due=due)))


@router.post(f"{_PAGE}/requests/{{request_id}}/cancel")
def cancel(request: Request, db: Db, actor: Me, request_id: RowId) -> Response:
    service.cancel(db, _own(db, actor, request_id))
    return redirect(request, _PAGE, flash=("ok", _("Đã thôi yêu cầu.")))


@router.post(f"{_PAGE}/copy")
def order_copy(request: Request, db: Db, actor: Me) -> Response:
    service.order_copy(db, actor)
    return redirect(request, _PAGE, flash=("ok", _("Đang lập bản sao. Khi xong, nút tải về hiện ở trang này.")))


@router.get(f"{_PAGE}/copies/{{request_id}}")
def download(db: Db, actor: Me, files: Files, request_id: RowId) -> Response:
    """For the person alone, until it expires."""
    wish = _own(db, actor, request_id, to_change=False)
    if wish.kind != "copy" or wish.size is None or not wish.files:
        raise NotFound
    content = sealing.unseal_file(b"".join(files.read(wish.files[0])))
    return attachment(content, f"du-lieu-ca-nhan-{clock.day_of(wish.asked_at):%Y%m%d}.zip", _ZIP)


@router.post(f"{_PAGE}/consents/{{consent_id}}/withdraw")
def withdraw(request: Request, db: Db, actor: Me, consent_id: RowId) -> Response:
    """At once; without the consent to have an account there is none, and an erasure is asked for."""
    consent = db.get(Consent, consent_id)
    if consent is None or consent.person_id not in actor.records:
        raise NotFound
    if service.withdraw_consent(db, actor, consent) is None:
        return redirect(request, _PAGE, flash=("ok", _("Đã rút sự đồng ý, và những gì dựa trên nó đã bị xóa.")))
    said = _("Đã rút sự đồng ý: tài khoản đã đóng, yêu cầu xóa dữ liệu của anh/chị đã được gửi đi.")
    response = redirect(request, "/", flash=("ok", said))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


def _own(db: Session, actor: Actor, request_id: int, *, to_change: bool = True) -> PrivacyRequest:
    """One's own request; somebody else's is not to be seen."""
    found = db.get(PrivacyRequest, request_id, with_for_update=to_change or None)
    if found is None or found.person_id not in actor.records:
        raise NotFound
    return found


def _page(
    request: Request, db: Session, actor: Actor, form: RequestForm, errors: dict[str, str], status: int = 200
) -> Response:
    return render(
        request, "privacy/my_data.html", status=status, fragment="copy", page=my_data(db, actor.person_id), form=form,
        errors=errors, kinds=KINDS, states=STATES,
    )  # fmt: skip
