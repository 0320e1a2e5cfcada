"""Practical tasks: the learner's report on the lesson page, and the list of whoever confirms."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.errors import Forbidden
from app.core.i18n import gettext as _
from app.core.web import Db, Me, Response, RowId, redirect, render
from app.learning.practical_queries import may_confirm, report_for, waiting_page
from app.learning.practicals import LONGEST_TEXT, ReasonMissing, decide

router = APIRouter()


@router.get("/practicals")
def waiting(request: Request, db: Db, actor: Me) -> Response:
    """What waits for me to confirm."""
    return _list(request, db, actor)


@router.post("/practicals/{report_id}/confirm")
def confirm(report_id: RowId, request: Request, db: Db, actor: Me) -> Response:
    _must_be_confirming(actor)
    decide(db, report_for(db, actor, report_id), actor, is_confirmed=True)
    return redirect(request, "/practicals", flash=("ok", _("Đã xác nhận. Người học được báo ngay.")))


@router.post("/practicals/{report_id}/return")
def send_back(
    report_id: RowId, request: Request, db: Db, actor: Me,
    reason: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
) -> Response:  # fmt: skip
    """Back to the learner, with the reason."""
    _must_be_confirming(actor)
    try:
        decide(db, report_for(db, actor, report_id), actor, is_confirmed=False, reason=reason)
    except ReasonMissing as error:
        return _list(request, db, actor, status=422, returning=report_id, problem=error.message)
    return redirect(request, "/practicals", flash=("ok", _("Đã trả lại kèm lý do. Người học được báo ngay.")))


def _list(
    request: Request, db: Session, actor: Actor, *, status: int = 200, returning: int = 0, problem: str = ""
) -> Response:  # fmt: skip
    _must_be_confirming(actor)
    page = waiting_page(db, actor)
    return render(request, "learning/practicals.html", status=status, page=page, returning=returning, problem=problem)


def _must_be_confirming(actor: Actor) -> None:
    if not may_confirm(actor):
        raise Forbidden
