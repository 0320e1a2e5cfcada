"""Marking: what waits, one answer with its rubric, and attempts to grant."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request

from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Response, RowId, form_fields, having, redirect, render
from app.learning import marking
from app.learning.marking_queries import (
    answer_page,
    find_attempt,
    handed_in,
    learner_attempts,
    marked_answers,
    waiting_answers,
)  # fmt: skip
from app.learning.policy import MARK

router = APIRouter()

Marker = Annotated[Actor, having(MARK)]
# First among a route's parameters, so that no transaction waits for a slow body.
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]


@router.get("/marking")
def queue(
    request: Request, actor: Marker, db: Db, done: bool = False, names: bool = False, page: int = 1
) -> Response:  # fmt: skip
    """What waits in courses, page by page; and where else something does, which main.py knows."""
    find = marked_answers if done else waiting_answers
    elsewhere = () if done else request.app.state.waiting_elsewhere(db, actor)
    return render(
        request, "learning/marking.html", page=find(db, actor, page, names=names), elsewhere=elsewhere, done=done,
        names=names,
    )  # fmt: skip


@router.get("/marking/attempts")
def attempts(request: Request, actor: Marker, db: Db, q: str = "", page: int = 1) -> Response:
    return render(request, "learning/marking_attempts.html", page=handed_in(db, actor, q, page), q=q)


@router.get("/marking/attempts/{attempt_id}")
def learner(attempt_id: RowId, request: Request, actor: Marker, db: Db) -> Response:
    page = learner_attempts(db, actor, find_attempt(db, actor, attempt_id))
    return render(request, "learning/marking_learner.html", page=page)


@router.post("/marking/attempts/{attempt_id}/grants")
def grant(
    attempt_id: RowId, request: Request, actor: Marker, db: Db, kind: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Another attempt, or all of them anew."""
    attempt = find_attempt(db, actor, attempt_id, to_change=True)
    try:
        marking.grant(db, actor, attempt, kind, reason)
    except Invalid as error:
        page = learner_attempts(db, actor, attempt, kind=kind, reason=reason, errors=error.fields)
        return render(request, "learning/marking_learner.html", status=422, page=page)
    flash = ("ok", _("Đã cho làm tiếp. Người học nhận được thông báo."))
    return redirect(request, f"/marking/attempts/{attempt_id}", flash=flash)


@router.get("/marking/{attempt_id}/{question_id}")
def answer(attempt_id: RowId, question_id: str, request: Request, actor: Marker, db: Db) -> Response:
    page = answer_page(db, actor, find_attempt(db, actor, attempt_id), question_id)
    return render(request, "learning/marking_answer.html", page=page)


@router.post("/marking/{attempt_id}/{question_id}")
def mark(
    fields: Fields, attempt_id: RowId, question_id: str, request: Request, actor: Marker, db: Db
) -> Response:  # fmt: skip
    """Mark it, or correct the mark."""
    attempt = find_attempt(db, actor, attempt_id, to_change=True)
    points = fields.get("points", [])
    comment = next(iter(fields.get("comment", [])), "")
    try:
        marking.mark(db, actor, attempt, question_id, points, comment)
    except Invalid as error:
        page = answer_page(db, actor, attempt, question_id, points=points, comment=comment, errors=error.fields)
        return render(request, "learning/marking_answer.html", status=422, page=page)
    return redirect(request, "/marking", flash=("ok", _("Đã lưu điểm. Bài kế tiếp đang chờ ở đầu danh sách.")))
