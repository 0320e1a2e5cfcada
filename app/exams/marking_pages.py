"""Marking the papers of a sitting: its answers that wait, and one of them with its rubric."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Response, RowId, form_fields, having, redirect, render
from app.exams.marking import mark as give_mark
from app.exams.marking_queries import exam_answer, exam_queue, find_paper
from app.exams.models import ExamSitting
from app.exams.policy import find_marked
from app.learning.policy import MARK

router = APIRouter()

Marker = Annotated[Actor, having(MARK)]
# First among a route's parameters, so that no transaction waits for a slow body.
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]


def _marked(request: Request, actor: Marker, db: Db, sitting_id: RowId) -> ExamSitting:
    return find_marked(db, actor, sitting_id, to_change=request.method == "POST")


# One whose papers the actor may mark; 404 for others.
Marked = Annotated[ExamSitting, Depends(_marked)]


@router.get("/exams/{sitting_id}/marking")
def queue(request: Request, actor: Marker, db: Db, sitting: Marked, done: bool = False) -> Response:
    return render(request, "exams/marking.html", page=exam_queue(db, actor, sitting, done=done), done=done)


@router.get("/exams/{sitting_id}/marking/{candidate_id}/{question_id}")
def answer(
    request: Request, actor: Marker, db: Db, sitting: Marked, candidate_id: RowId, question_id: str
) -> Response:  # fmt: skip
    page = exam_answer(db, actor, sitting, find_paper(db, sitting, candidate_id), question_id)
    return render(request, "learning/marking_answer.html", page=page)


@router.post("/exams/{sitting_id}/marking/{candidate_id}/{question_id}")
def mark(
    fields: Fields, request: Request, actor: Marker, db: Db, sitting: Marked, candidate_id: RowId, question_id: str
) -> Response:  # fmt: skip
    """Mark it, or correct the mark."""
    candidate = find_paper(db, sitting, candidate_id, to_change=True)
    points = fields.get("points", [])
    comment = next(iter(fields.get("comment", [])), "")
    try:
        give_mark(db, actor, sitting, candidate, question_id, points, comment)
    except Invalid as error:
        if not error.fields:
            raise
        page = exam_answer(
            db, actor, sitting, candidate, question_id, points=points, comment=comment, errors=error.fields
        )  # fmt: skip
        return render(request, "learning/marking_answer.html", status=422, page=page)
    flash = ("ok", _("Đã lưu điểm. Bài kế tiếp đang chờ ở đầu danh sách."))
    return redirect(request, f"/exams/{sitting.id}/marking", flash=flash)
