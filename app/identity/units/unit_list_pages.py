"""Founding many units from a list: a file becomes lines that can be corrected, then a preview, which is confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid
from app.core.forms import not_a_day
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.core.web import Db, Response, having, redirect, render
from app.identity.policy import REORGANISE
from app.identity.units.plans import Plan
from app.identity.units.reorganisation_forms import LONGEST
from app.identity.units.reorganisation_queries import PlanView, plan_view
from app.identity.units.reorganising import carry_out, preview
from app.identity.units.unit_list import COLUMNS, MOST_LINES, lines_of_file, lines_of_text, wish_of
from app.identity.units.unit_pages import KIND_NAMES
from app.identity.units.wishes import Found

router = APIRouter()

Reorganiser = Annotated[Actor, having(REORGANISE)]
Text = Annotated[str, Form(max_length=300)]
_SHOWN = 20
_LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class ListPage:
    on: str
    decision: str
    lines: str
    errors: dict[str, str]
    problems: Sequence[str] = ()
    problem_count: int = 0
    plan: PlanView | None = None
    columns: tuple[str, ...] = COLUMNS
    kinds: tuple[lazy, ...] = tuple(KIND_NAMES.values())
    most: int = MOST_LINES
    shown: int = _SHOWN


@router.get("/units/list")
def blank(request: Request, actor: Reorganiser) -> Response:
    return render(request, "identity/unit_list.html", page=ListPage("", "", "", {}))


@router.post("/units/list")
def look_or_confirm(
    request: Request, actor: Reorganiser, db: Db, file: Annotated[UploadFile | None, File()] = None, on: Text = "",
    decision: Text = "", lines: Annotated[str, Form(max_length=_LONGEST_TEXT)] = "", seen: Text = "",
) -> Response:  # fmt: skip
    """What is wrong comes back with the lines as they are; what is right is shown, and once seen it is written.

    `seen` is the digest of the plan that was shown; without it the list is only looked at.
    """
    day, decision, errors = clock.parse_day(on), decision.strip(), {}
    if day is None:
        errors["on"] = not_a_day(on)
    if not decision or len(decision) > LONGEST["decision"]:
        errors["decision"] = _("Hãy ghi số văn bản, dài nhất %(most)s ký tự.", most=LONGEST["decision"])
    plan: Plan | None = None
    problems: list[str] = []
    try:
        if file is not None and file.filename:
            lines = lines_of_file(file.file.read(), file.filename)
        wish, problems = _wish(db, actor, lines, day or clock.today())
        if wish is not None and not errors and day is not None:
            plan = preview(db, wish, day)
            problems = list(plan.problems)
            if seen and not problems:
                carry_out(db, wish, day, decision, account_id=actor.account_id, seen=seen)
                said = _("Đã lập %(count)s đơn vị từ ngày %(day)s.", count=len(plan.made), day=format_date(day))
                return redirect(request, "/units/acts", flash=("ok", said))
    except Invalid as error:
        errors["lines"] = error.message
    except Conflict as error:
        problems = [error.message]
    view = plan_view(db, plan) if plan is not None and not problems else None
    page = ListPage(on, decision, lines, errors, problems[:_SHOWN], len(problems), view)
    return render(request, "identity/unit_list.html", status=422 if errors or problems else 200, page=page)


def _wish(db: Session, actor: Actor, text: str, on: date) -> tuple[Found | None, list[str]]:
    names = {kind: str(name) for kind, name in KIND_NAMES.items()}
    return wish_of(db, lines_of_text(text), on, db.scalars(actor.units_with(REORGANISE)), names)
