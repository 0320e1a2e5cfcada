"""Letters on their way out: how many, what stands in the way, and a trial letter to oneself."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.core import audit, clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.web import Db, having, redirect, render
from app.notices import queries, service

router = APIRouter()

Operator = Annotated[Actor, having("jobs.view")]

_TRIAL = lazy("Thư thử của Học Số lúc %(at)s: nếu anh/chị đọc được thì đường gửi thư đã thông.")


@router.get("/admin/mail")
def mail(request: Request, db: Db, actor: Operator) -> Response:
    return render(request, "admin/mail.html", page=queries.mail_page(db))


@router.post("/admin/mail/retry")
def retry(request: Request, db: Db, actor: Operator) -> Response:
    count = service.retry_failed(db)
    audit.record(db, "mail.retry", "mail", "failed", account_id=actor.account_id, count=count)
    return redirect(request, "/admin/mail", flash=("ok", _("Đã xếp lại %(count)s thư vào hàng chờ.", count=count)))


@router.post("/admin/mail/trial")
def trial(request: Request, db: Db, actor: Operator) -> Response:
    """A notice to oneself, sent the way of all others."""
    now = clock.now()
    service.notify(
        db, [actor.person_id], category="message", key=f"trial:{now.isoformat()}", sentence=_TRIAL,
        at=now.astimezone(clock.VIETNAM).strftime("%H:%M:%S"),
    )  # fmt: skip
    return redirect(request, "/admin/mail", flash=("ok", _("Đã gửi một thông báo thử cho chính anh/chị.")))
