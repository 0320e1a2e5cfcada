"""The province shares out a task and takes the decision; the papers of decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.programmes import ProgrammePlan
from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.templating import format_number
from app.core.text import several_lines, whole
from app.core.web import Config, Databases, Db, Files, RowId, redirect, render
from app.coverage.planning import years
from app.coverage.planning.models import PlanDecision, PlanLine, PlanYear
from app.coverage.planning.money import dong_of, million_words
from app.coverage.planning.need_pages import Fields
from app.coverage.planning.needs import people_typed
from app.coverage.planning.papers import kept_paper, send_paper
from app.coverage.planning.plan_pages import Manager, Planner, Text, task_named
from app.coverage.planning.policy import find_plan, unit_in_care
from app.coverage.planning.years import Decided, Share
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

router = APIRouter()

PER_PAGE = 200


@dataclass(frozen=True)
class ShareRow:
    """A unit's line; `quota` and `budget` as they were typed or are prepared, `held` what is in force."""

    unit: UnitOnDay
    need: int | None
    note: str
    quota: str
    budget: str
    held: tuple[int, int] | None


@dataclass(frozen=True)
class SharePage:
    plan: PlanYear
    task: ProgrammePlan
    rows: list[ShareRow]
    need: int
    prepared: int
    page: int
    pages: int
    errors: Mapping[str, str] = field(default_factory=dict)


class DecisionForm(StrippedForm):
    """A decision as typed."""

    number: str = ""
    signed_on: str = ""
    note: str = ""


@dataclass(frozen=True)
class DecisionPage:
    """`changes`: (task, unit, people before and after, đồng before and after)."""

    plan: PlanYear
    changes: list[tuple[str, str, int, int, int, int]]
    form: DecisionForm
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/plan/{year}/quotas/{code}")
def share_page(
    request: Request, db: Db, actor: Manager, config: Config, year: RowId, code: str, page: int = 1
) -> Response:
    plan, task = find_plan(db, actor, year), task_named(code)
    return _share(request, db, plan, task, unit_in_care(db, actor, config.province_code), page)


@router.post("/plan/{year}/quotas/{code}")
def share_out(
    request: Request, db: Db, actor: Manager, config: Config, year: RowId, code: str, fields: Fields, page: int = 1
) -> Response:
    """Quota and money of the units of one page of the form, and of a unit added to it."""
    plan, task = find_plan(db, actor, year, to_change=True), task_named(code)
    province = unit_in_care(db, actor, config.province_code)
    typed = {name: values[0].strip() for name, values in fields.items() if values}
    errors: dict[str, str] = {}
    shares: dict[int, Share] = {}
    asked = {name.partition("-")[2] for name in typed if name.startswith("quota-")}
    units = unit_queries.units_by_id(db, {unit_id for one in asked if (unit_id := whole(one))}, clock.today())
    for unit_id in units:
        quota, budget = typed.get(f"quota-{unit_id}", ""), typed.get(f"budget-{unit_id}", "")
        people, dong = people_typed(quota), dong_of(budget)
        if quota and people is None:
            errors[f"quota-{unit_id}"] = _("Hãy ghi số người, ví dụ 12.")
        if budget and dong is None:
            errors[f"budget-{unit_id}"] = _("Hãy ghi số triệu đồng, ví dụ 12,5.")
        shares[unit_id] = Share(people, dong)
    added = typed.get("add", "")
    if added:
        try:
            shares.setdefault(unit_in_care(db, actor, added).unit_id, Share(0, None))
        except NotFound:
            errors["add"] = _("Không có đơn vị nào mang mã này hôm nay.")
    if errors:
        return _share(request, db, plan, task, province, page, typed, errors)
    years.share_out(db, actor, plan, task.code, shares)
    url = f"/plan/{year}/quotas/{task.code}?page={page}"
    return redirect(request, url, flash=("ok", _("Đã lưu phân bổ. Phân bổ có hiệu lực khi có quyết định.")))


@router.post("/plan/{year}/quotas/{code}/suggest")
def suggest(
    request: Request, db: Db, actor: Manager, config: Config, year: RowId, code: str, cap: Text = ""
) -> Response:
    """The needs as quotas, cut down to a sum if one is given."""
    plan, task = find_plan(db, actor, year, to_change=True), task_named(code)
    limit = people_typed(cap.strip()) if cap.strip() else None
    if cap.strip() and limit is None:
        province = unit_in_care(db, actor, config.province_code)
        errors = {"cap": _("Hãy ghi số người, ví dụ 5.000; để trống nếu giao đủ nhu cầu.")}
        return _share(request, db, plan, task, province, 1, {"cap": cap}, errors)
    total = years.suggest(db, actor, plan, task.code, limit)
    said = _("Đã đề xuất %(total)s người theo nhu cầu; anh/chị xem và sửa từng đơn vị.", total=format_number(total))
    return redirect(request, f"/plan/{year}/quotas/{task.code}", flash=("ok", said))


@router.get("/plan/{year}/decision")
def decision_page(request: Request, db: Db, actor: Manager, year: RowId) -> Response:
    return _decision(request, db, find_plan(db, actor, year), DecisionForm())


@router.post("/plan/{year}/decision")
def decide(
    request: Request, databases: Databases, files: Files, actor: Manager, year: RowId,
    form: Annotated[DecisionForm, Form()], paper: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Approve the plan, or change an approved one."""
    signed_on = clock.parse_day(form.signed_on)
    try:
        if signed_on is None:
            raise Invalid(fields={"signed_on": not_a_day(form.signed_on)})
        with kept_paper(files, paper) as kept, databases.writing() as db:
            given = Decided(form.number, signed_on, several_lines(form.note))
            made = years.decide(db, actor, find_plan(db, actor, year, to_change=True), given, kept)
            said = _("Đã ghi Quyết định %(number)s. Số giao nay có hiệu lực.", number=made.number)
        return redirect(request, f"/plan/{year}", flash=("ok", said))
    except (Invalid, Conflict) as error:
        errors = error.fields if isinstance(error, Invalid) else {"": error.message}
        with databases.reading() as db:
            return _decision(request, db, find_plan(db, actor, year), form, errors, error.status)


@router.get("/plan/{year}/decisions/{decision_id}/paper")
def decision_paper(db: Db, files: Files, actor: Planner, year: RowId, decision_id: RowId) -> Response:
    plan = find_plan(db, actor, year)
    found = db.scalar(select(PlanDecision).where(PlanDecision.id == decision_id, PlanDecision.plan_id == plan.id))
    if found is None:
        raise NotFound
    return send_paper(files, found, f"quyet-dinh-ke-hoach-{year}-{found.id}")


def _share(
    request: Request, db: Session, plan: PlanYear, task: ProgrammePlan, province: UnitOnDay, page: int,
    typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    lines = years.lines_of(db, plan, task.code)
    # A task's money that is no unit's stands at the province.
    lines.setdefault(province.unit_id, PlanLine(unit_id=province.unit_id, note=""))
    units = unit_queries.in_order(unit_queries.units_by_id(db, lines, clock.today()).values())
    pages = max(1, -(-len(units) // PER_PAGE))
    page = min(max(page, 1), pages)
    held, typed = years.quotas_in_force(db, plan.id), typed or {}
    rows = []
    for unit in units[(page - 1) * PER_PAGE : page * PER_PAGE]:
        line = lines[unit.unit_id]
        quota = "" if line.quota is None else str(line.quota)
        budget = "" if line.budget_dong is None else million_words(line.budget_dong)
        rows.append(
            ShareRow(
                unit, line.need, line.note, typed.get(f"quota-{unit.unit_id}", quota),
                typed.get(f"budget-{unit.unit_id}", budget), held.get((task.code, unit.unit_id)),
            )
        )  # fmt: skip
    found = SharePage(
        plan, task, rows, sum(line.need or 0 for line in lines.values()),
        sum(line.quota or 0 for line in lines.values()), page, pages, errors or {},
    )  # fmt: skip
    status = 422 if errors else 200
    return render(
        request, "coverage/planning/share.html", status=status, page=found, typed=typed, money=million_words,
        may_share=years.may_share(plan),
    )  # fmt: skip


def _decision(
    request: Request, db: Session, plan: PlanYear, form: DecisionForm, errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    lines, held = years.prepared(db, plan), years.quotas_in_force(db, plan.id)
    units = unit_queries.units_by_id(db, {line.unit_id for line in lines}, clock.today())
    changes = []
    for line in lines:
        people, dong = held.get((line.programme_code, line.unit_id), (0, 0))
        changes.append((
            line.programme_code, units[line.unit_id].name, people, line.quota or 0, dong, line.budget_dong or 0
        ))  # fmt: skip
    page = DecisionPage(plan, changes, form, errors or {})
    return render(request, "coverage/planning/decision.html", status=status, page=page, money=million_words)
