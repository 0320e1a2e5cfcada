"""The inbox, what is sent by email, and the way to stop that from the letter itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.web import Db, Me, RowId, form_fields, redirect, render
from app.notices import queries, service
from app.notices.categories import CATEGORIES
from app.notices.sending import read_stop_token

router = APIRouter()


@router.get("/notices")
def inbox(request: Request, db: Db, actor: Me, page: int = 1) -> Response:
    return render(request, "notices/inbox.html", page=queries.inbox_page(db, actor.person_id, page))


@router.post("/notices/{notice_id}/open")
def open_notice(request: Request, db: Db, actor: Me, notice_id: RowId) -> Response:
    """Read, and on to what it is about."""
    notice = service.mark_read(db, actor.person_id, notice_id)
    return redirect(request, notice.url or "/notices")


@router.post("/notices/read")
def read_all(request: Request, db: Db, actor: Me, until: Annotated[int, Form(ge=0, le=2**63 - 1)]) -> Response:
    service.mark_all_read(db, actor.person_id, until=until)
    return redirect(request, "/notices", flash=("ok", _("Đã đánh dấu đã đọc.")))


@router.get("/notices/settings")
def settings(request: Request, db: Db, actor: Me) -> Response:
    return render(request, "notices/settings.html", page=queries.settings_page(db, actor.person_id))


@router.post("/notices/settings")
def choose(
    request: Request, db: Db, actor: Me, fields: Annotated[dict[str, list[str]], Depends(form_fields)]
) -> Response:
    wanted = set(fields.get("wanted", []))
    service.choose(db, actor.person_id, {(category, "email"): category in wanted for category in CATEGORIES})
    return redirect(request, "/notices/settings", flash=("ok", _("Đã lưu lựa chọn của anh/chị.")))


@router.get("/notices/stop/{token}")
def stop_form(request: Request, token: str) -> Response:
    if read_stop_token(token) is None:
        raise NotFound
    return render(request, "notices/stop.html", token=token, is_done=False)


@router.post("/notices/stop/{token}")
def stop(request: Request, db: Db, token: str) -> Response:
    """Whoever holds the letter may stop further ones; nothing else opens by it."""
    whose = read_stop_token(token)
    if whose is None:
        raise NotFound
    person_id, channel = whose
    service.choose(db, person_id, {(category, channel): False for category in CATEGORIES})
    return render(request, "notices/stop.html", token=token, is_done=True)
