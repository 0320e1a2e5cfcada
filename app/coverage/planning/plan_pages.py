"""The plans by year; one plan at a unit and below; one task of it by unit; moving a plan on."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.programmes import ProgrammePlan, plans
from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.forms import not_a_day
from app.core.i18n import gettext as _
from app.core.table_files import Table, download
from app.core.tables import Cell, Column
from app.core.templating import format_date, format_datetime
from app.core.text import whole
from app.core.web import Config, Db, RowId, having, redirect, render
from app.coverage.planning import nominating, years
from app.coverage.planning.models import PlanYear
from app.coverage.planning.money import MILLION, million_words
from app.coverage.planning.plan_queries import (
    DecisionRow,
    PlanFigures,
    PlanTable,
    QuotaStep,
    UnitRow,
    decisions,
    history,
    plan_table,
    units_below,
)
from app.coverage.planning.policy import MANAGE, UNIT, find_plan, unit_in_care, visible_plans
from app.coverage.planning.years import STATES, STEPS
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

router = APIRouter()

Planner = Annotated[Actor, having(UNIT)]
Manager = Annotated[Actor, having(MANAGE)]
Text = Annotated[str, Form(max_length=400)]


@dataclass(frozen=True)
class YearsPage:
    """`year` and `due` as they were typed or are proposed."""

    plans: list[PlanYear]
    year: str
    due: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanPage:
    """`prepared`: lines that wait for a decision, told to whoever may decide."""

    plan: PlanYear
    table: PlanTable
    decisions: list[DecisionRow]
    prepared: int
    steps: tuple[str, ...]


@dataclass(frozen=True)
class TaskPage:
    """`course`: title, and the assignment behind it; `above`: the unit one came from, if it may be seen."""

    plan: PlanYear
    task: ProgrammePlan
    unit: UnitOnDay
    above: UnitOnDay | None
    rows: list[UnitRow]
    whole: PlanFigures
    history: list[QuotaStep]
    course: tuple[str, int] | None
    courses: list[tuple[int, str]]
    errors: dict[str, str] = field(default_factory=dict)


def task_named(code: str) -> ProgrammePlan:
    """Raises NotFound."""
    found = next((one for one in plans() if one.code == code), None)
    if found is None:
        raise NotFound(_("Không có nhiệm vụ đào tạo %(code)s.", code=code[:30]))
    return found


@router.get("/plan")
def plan_years(request: Request, db: Db, actor: Planner) -> Response:
    return _years(request, db, actor, str(clock.today().year), "")


@router.post("/plan")
def begin(request: Request, db: Db, actor: Manager, year: Text = "", due: Text = "") -> Response:
    """A plan for a year, seen by the province alone until it asks for needs."""
    due_on = clock.parse_day(due) if due.strip() else None
    errors = {"due": not_a_day(due)} if due.strip() and due_on is None else {}
    try:
        if errors:
            raise Invalid(fields=errors)
        made = years.begin(db, actor, whole(year.strip()) or 0, due_on)
    except Invalid as error:
        return _years(request, db, actor, year, due, dict(error.fields))
    return redirect(request, f"/plan/{made.year}", flash=("ok", _("Đã lập kế hoạch năm %(year)s.", year=made.year)))


@router.get("/plan/{year}")
def plan_page(request: Request, db: Db, actor: Planner, config: Config, year: RowId, unit: str = "") -> Response:
    plan = find_plan(db, actor, year)
    table = plan_table(db, plan, unit_in_care(db, actor, unit), config.province_code)
    is_manager = actor.can(MANAGE)
    waiting = len(years.prepared(db, plan)) if is_manager and years.may_share(plan) else 0
    page = PlanPage(plan, table, decisions(db, plan), waiting, STEPS[plan.state] if is_manager else ())
    return render(request, "coverage/planning/plan.html", page=page, states=STATES, money=million_words)


@router.get("/plan/{year}/table.{format}")
def plan_file(db: Db, actor: Planner, config: Config, year: RowId, format: str, unit: str = "") -> Response:
    """The same table as a file."""
    plan = find_plan(db, actor, year)
    table = plan_table(db, plan, unit_in_care(db, actor, unit), config.province_code)
    return download(_file(table, is_manager=actor.can(MANAGE)), format, f"hocso-ke-hoach-{year}-{table.unit.code}")


@router.post("/plan/{year}/state")
def move(request: Request, db: Db, actor: Manager, year: RowId, state: Text = "") -> Response:
    """On to the next state, or back."""
    plan = find_plan(db, actor, year, to_change=True)
    if state not in STATES:
        raise Invalid
    years.move(db, actor, plan, state)
    return redirect(request, f"/plan/{year}", flash=("ok", _("Kế hoạch nay %(state)s.", state=STATES[state])))


@router.get("/plan/{year}/tasks/{code}")
def task_page(request: Request, db: Db, actor: Planner, year: RowId, code: str, unit: str = "") -> Response:
    """One task by the units right below one, and what each decision gave."""
    plan = find_plan(db, actor, year)
    return _task(request, db, actor, plan, task_named(code), unit_in_care(db, actor, unit))


@router.post("/plan/{year}/tasks/{code}/course")
def open_course(
    request: Request, db: Db, actor: Manager, config: Config, year: RowId, code: str, course: Text = "", due: Text = ""
) -> Response:
    """Whoever is nominated to the task is given this course."""
    plan, task = find_plan(db, actor, year, to_change=True), task_named(code)
    province = unit_in_care(db, actor, config.province_code)
    due_on = clock.parse_day(due)
    try:
        if due_on is None:
            raise Invalid(fields={"due": not_a_day(due)})
        nominating.open_course(db, actor, plan, task.code, whole(course) or 0, due_on, province.unit_id)
    except Invalid as error:
        return _task(request, db, actor, plan, task, province, dict(error.fields))
    said = _("Ai được cử vào nhiệm vụ này sẽ được giao khóa học ấy, cả những người đã cử.")
    return redirect(request, f"/plan/{year}/tasks/{task.code}", flash=("ok", said))


def _years(
    request: Request, db: Session, actor: Actor, year: str, due: str, errors: dict[str, str] | None = None
) -> Response:
    found = db.scalars(select(PlanYear).where(visible_plans(actor)).order_by(PlanYear.year.desc())).all()
    page = YearsPage(list(found), year, due, errors or {})
    status = 422 if errors else 200
    return render(request, "coverage/planning/years.html", status=status, page=page, states=STATES)


def _task(
    request: Request, db: Session, actor: Actor, plan: PlanYear, task: ProgrammePlan, unit: UnitOnDay,
    errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    rows, figures = units_below(db, plan, task.code, unit)
    courses = [
        (course.id, title) for course, title in nominating.courses_of(db, task.code) if course.retired_at is None
    ]
    given = nominating.assignment_of(db, plan, task.code)
    titles = dict(courses)
    page = TaskPage(
        plan, task, unit, _above(db, actor, unit), rows, figures, history(db, plan, task.code, unit),
        (titles.get(given.course_id, ""), given.id) if given else None, courses, errors or {},
    )  # fmt: skip
    status = 422 if errors else 200
    return render(request, "coverage/planning/task.html", status=status, page=page, money=million_words)


def _above(db: Session, actor: Actor, unit: UnitOnDay) -> UnitOnDay | None:
    parent = unit_queries.unit_by_id(db, unit.parent_id, clock.today()) if unit.parent_id else None
    try:
        return unit_in_care(db, actor, parent.code) if parent else None
    except NotFound:
        return None


def _file(table: PlanTable, *, is_manager: bool) -> Table:
    """What is prepared but not decided stays with those who prepare it."""
    columns = (
        Column(_("Số"), width=6, name="task_no"), Column(_("Mã nhiệm vụ"), width=18, name="programme"),
        Column(_("Nhiệm vụ"), width=60, name="title"), Column(_("Quy mô theo đề án"), width=18, name="size"),
        Column(_("Nhu cầu"), "int", 12, name="need"),
        *([Column(_("Dự kiến giao"), "int", 12, name="prepared_quota")] if is_manager else []),
        Column(_("Số giao"), "int", 12, name="quota"), Column(_("Đã cử"), "int", 12, name="nominated"),
        Column(_("Người được cử đã hoàn thành"), "int", 14, name="nominated_done"),
        Column(_("Lượt ghi danh"), "int", 12, name="enrolments"),
        Column(_("Người không trùng"), "int", 12, name="people"),
        Column(_("Lượt hoàn thành"), "int", 12, name="completions"),
        Column(_("Giấy chứng nhận"), "int", 12, name="certificates"),
        Column(_("Kinh phí được duyệt (triệu đồng)"), "number", 16, name="budget_million"),
        Column(_("Kinh phí đã chi (triệu đồng)"), "number", 16, name="spent_million"),
    )  # fmt: skip
    notes = (
        _("Kế hoạch năm %(year)s, %(unit)s; học tập tính đến %(day)s.", year=table.year, unit=table.unit.name,
          day=format_date(table.as_of)),
        _("Xuất lúc %(instant)s.", instant=format_datetime(clock.now())),
    )  # fmt: skip

    def cells(figures: PlanFigures) -> list[Cell]:
        prepared: list[Cell] = [figures.prepared_quota] if is_manager else []
        return [figures.need, *prepared, figures.quota, figures.nominated, figures.done]

    def money(figures: PlanFigures) -> list[Cell]:
        return [None if figures.budget_dong is None else figures.budget_dong / MILLION, figures.spent_dong / MILLION]

    rows: list[list[Cell]] = [
        [
            row.task.task_no, row.task.code, row.task.title, row.task.size_text, *cells(row.figures),
            row.activity.enrolments, row.activity.people, row.activity.completions, row.activity.certificates,
            *money(row.figures),
        ]
        for row in table.rows
    ]  # fmt: skip
    all_of_it = table.activity
    rows.append([
        None, None, _("Cộng (người không trùng: mỗi người một lần)"), None, *cells(table.total), all_of_it.enrolments,
        all_of_it.people, all_of_it.completions, all_of_it.certificates, *money(table.total),
    ])  # fmt: skip
    return Table(_("Kế hoạch năm"), notes, columns, rows)
