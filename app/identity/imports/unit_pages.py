"""The page that asks which units a list means, and takes the answers."""

from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.core.access import Actor
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.web import Db, Files, Response, RowId, having, redirect, render
from app.identity.imports.unit_questions import UnitQuestions, answer_units, unit_questions
from app.identity.units.units_named import UnknownUnit, unit_named

router = APIRouter()

Importer = Annotated[Actor, having("people.import")]


class AnswersForm(StrippedForm):
    """In the order of the questions: the key of each, the candidate chosen, and what was typed instead."""

    key: list[str] = []
    choice: list[str] = []
    unit: list[str] = []


@router.get("/people/imports/{import_id}/units")
def units(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    return _page(request, unit_questions(db, actor, import_id), AnswersForm(), {})


@router.post("/people/imports/{import_id}/units")
def answer(
    request: Request, actor: Importer, db: Db, files: Files, import_id: RowId, form: Annotated[AnswersForm, Form()]
) -> Response:
    """Every answer counts for all rows that say the same; a question left open is asked again."""
    page = unit_questions(db, actor, import_id)
    candidates = {one.question.key: {unit.code for unit in one.question.candidates} for one in page.asked}
    answers: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for key, choice, typed in zip(form.key, form.choice, form.unit, strict=False):
        if typed and key in candidates:
            try:
                answers[key] = unit_named(db, actor, "people.import", typed).code
            except UnknownUnit as problem:
                wrong[key] = str(problem)
        elif choice in candidates.get(key, ()):
            answers[key] = choice
    if not answers and not wrong:
        wrong[""] = _("Hãy chọn đơn vị cho ít nhất một tên.")
    if wrong:
        return _page(request, page, form, wrong, status=422)
    return redirect(request, f"/people/imports/{answer_units(db, files, actor, import_id, answers).id}")


def _page(
    request: Request, page: UnitQuestions, form: AnswersForm, wrong: dict[str, str], status: int = 200
) -> Response:
    nothing = dict.fromkeys(["", *(one.question.key for one in page.asked)], "")
    chosen = nothing | dict(zip(form.key, form.choice, strict=False))
    typed = nothing | dict(zip(form.key, form.unit, strict=False))
    return render(
        request,
        "identity/people_units.html",
        status=status,
        page=page,
        chosen=chosen,
        typed=typed,
        wrong=nothing | wrong,
    )
