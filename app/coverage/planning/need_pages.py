"""A unit says what it needs: by form, or for many units by a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.programmes import ProgrammePlan
from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.table_files import download
from app.core.text import nfc
from app.core.typed_lists import LinesWrong
from app.core.web import Databases, Db, RowId, form_fields, redirect, render
from app.coverage.planning.models import PlanLine, PlanYear
from app.coverage.planning.needs import (
    COLUMNS,
    MOST_LINES,
    Need,
    lines_of_file,
    people_typed,
    say_lines,
    say_needs,
    tasks_with_people,
    template,
)
from app.coverage.planning.plan_pages import Planner
from app.coverage.planning.policy import find_plan, unit_in_care
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay
from app.media.documents import MOST_BYTES

router = APIRouter()

Fields = Annotated[dict[str, list[str]], Depends(form_fields)]
_SHOWN = 20


@dataclass(frozen=True)
class NeedsPage:
    """`typed`: task code -> (number, note), as they were typed or are kept."""

    plan: PlanYear
    unit: UnitOnDay
    tasks: list[ProgrammePlan]
    typed: Mapping[str, tuple[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListPage:
    plan: PlanYear
    lines: str = ""
    error: str = ""
    problems: Sequence[str] = ()
    problem_count: int = 0
    columns: tuple[str, ...] = COLUMNS
    most: int = MOST_LINES


@router.get("/plan/{year}/needs")
def needs_page(request: Request, db: Db, actor: Planner, year: RowId, unit: str = "") -> Response:
    plan, found = find_plan(db, actor, year), unit_in_care(db, actor, unit)
    return _show(request, NeedsPage(plan, found, tasks_with_people(plan.year), _kept(db, plan, found.unit_id)))


@router.post("/plan/{year}/needs")
def say(request: Request, db: Db, actor: Planner, year: RowId, fields: Fields, unit: str = "") -> Response:
    """Every task of the form; an empty one takes back what was said."""
    plan, found = find_plan(db, actor, year, to_change=True), unit_in_care(db, actor, unit)
    tasks, typed, errors, needs = tasks_with_people(plan.year), {}, {}, {}
    for task in tasks:
        need, note = (nfc(next(iter(fields.get(f"{name}-{task.code}", ())), "")) for name in ("need", "note"))
        typed[task.code], people = (need, note), people_typed(need)
        if need and people is None:
            errors[task.code] = _("Hãy ghi số người, ví dụ 12; để trống nếu không cử ai.")
        needs[task.code] = Need(people, note)
    if errors:
        return _show(request, NeedsPage(plan, found, tasks, typed, errors), 422)
    say_needs(db, actor, plan, found.unit_id, needs)
    said = _("Đã ghi nhu cầu của %(unit)s.", unit=found.name)
    return redirect(request, f"/plan/{year}?unit={found.code}", flash=("ok", said))


@router.get("/plan/{year}/needs/list")
def blank_list(request: Request, db: Db, actor: Planner, year: RowId) -> Response:
    page = ListPage(find_plan(db, actor, year))
    return render(request, "coverage/planning/need_list.html", page=page)


@router.post("/plan/{year}/needs/list")
def say_list(
    request: Request, databases: Databases, actor: Planner, year: RowId,
    file: Annotated[UploadFile | None, File()] = None, lines: Annotated[str, Form(max_length=1_000_000)] = "",
) -> Response:  # fmt: skip
    """All lines are written or none; what is wrong comes back with the lines as they are."""
    error, problems = "", list[str]()
    try:
        if file is not None and file.filename:
            lines = lines_of_file(file.file.read(MOST_BYTES), file.filename)
        with databases.writing() as db:
            count = say_lines(db, actor, find_plan(db, actor, year, to_change=True), lines)
        said = ngettext("Đã ghi %(count)s dòng nhu cầu.", "Đã ghi %(count)s dòng nhu cầu.", count)
        return redirect(request, f"/plan/{year}", flash=("ok", said))
    except LinesWrong as wrong:
        problems = list(wrong.problems)
    except Invalid as wrong:
        error = wrong.message
    with databases.reading() as db:
        page = ListPage(find_plan(db, actor, year), lines, error, problems[:_SHOWN], len(problems))
        return render(request, "coverage/planning/need_list.html", status=422, page=page)


@router.get("/plan/{year}/needs/template.xlsx")
def template_file(db: Db, actor: Planner, year: RowId, unit: str = "") -> Response:
    """The unit's own tasks; of one with units below, theirs too."""
    plan, found = find_plan(db, actor, year), unit_in_care(db, actor, unit)
    units = [found, *unit_queries.children_on(db, found.unit_id, clock.today())]
    return download(template(plan, units), "xlsx", f"nhu-cau-{year}-{found.code}")


def _kept(db: Session, plan: PlanYear, unit_id: int) -> dict[str, tuple[str, str]]:
    rows = db.scalars(select(PlanLine).where(PlanLine.plan_id == plan.id, PlanLine.unit_id == unit_id))
    return {row.programme_code: ("" if row.need is None else str(row.need), row.note) for row in rows}


def _show(request: Request, page: NeedsPage, status: int = 200) -> Response:
    return render(request, "coverage/planning/needs.html", status=status, page=page)
