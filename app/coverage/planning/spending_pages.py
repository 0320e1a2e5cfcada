"""What was spent, with its papers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.programmes import plans
from app.core import clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.web import Config, Databases, Db, Files, RowId, redirect, render
from app.coverage.planning import spending
from app.coverage.planning.models import PlanYear
from app.coverage.planning.money import dong_of, million_words
from app.coverage.planning.needs import runs_in
from app.coverage.planning.papers import kept_paper, send_paper
from app.coverage.planning.plan_pages import Manager, Planner
from app.coverage.planning.plan_queries import SpendingRow, spendings
from app.coverage.planning.policy import find_plan, unit_in_care
from app.coverage.planning.spending import Spent
from app.identity.units.unit_queries import UnitOnDay

router = APIRouter()


class SpendingForm(StrippedForm):
    """A payment as typed."""

    task: str = ""
    unit: str = ""
    amount: str = ""
    spent_on: str = ""
    source: str = ""
    corrects: str = ""


@dataclass(frozen=True)
class SpendingPage:
    plan: PlanYear
    unit: UnitOnDay
    rows: list[SpendingRow]
    tasks: list[tuple[str, str]]
    form: SpendingForm
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def corrections(self) -> list[tuple[str, str]]:
        """Rows one may put right, as options of a select."""
        return [
            (str(one.row.id),
             f"{one.row.programme_code} · {million_words(one.row.amount_dong)} · {format_date(one.row.spent_on)}")
            for one in self.rows
            if not one.replaced
        ]  # fmt: skip


@router.get("/plan/{year}/spending")
def spending_page(request: Request, db: Db, actor: Planner, year: RowId, unit: str = "", task: str = "") -> Response:
    plan, found = find_plan(db, actor, year), unit_in_care(db, actor, unit)
    return _show(request, db, plan, found, SpendingForm(task=task[:30], unit=found.code))


@router.post("/plan/{year}/spending")
def enter(
    request: Request, databases: Databases, files: Files, config: Config, actor: Manager, year: RowId,
    form: Annotated[SpendingForm, Form()], paper: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Append a payment, with its paper."""
    try:
        with kept_paper(files, paper) as kept, databases.writing() as db:
            plan = find_plan(db, actor, year, to_change=True)
            spending.enter(db, actor, plan, _spent(db, actor, plan, form, config.province_code), kept)
        return redirect(request, f"/plan/{year}/spending", flash=("ok", _("Đã ghi khoản chi.")))
    except (Invalid, Conflict) as error:
        errors = error.fields if isinstance(error, Invalid) else {"": error.message}
        with databases.reading() as db:
            plan = find_plan(db, actor, year)
            return _show(
                request, db, plan, unit_in_care(db, actor, config.province_code), form, errors, error.status
            )  # fmt: skip


@router.get("/plan/{year}/spending/{spending_id}/paper")
def spending_paper(db: Db, files: Files, actor: Planner, year: RowId, spending_id: RowId) -> Response:
    found = spending.find_spending(db, actor, find_plan(db, actor, year), spending_id)
    return send_paper(files, found, f"chung-tu-{year}-{found.id}")


def _spent(db: Session, actor: Actor, plan: PlanYear, form: SpendingForm, province_code: str) -> Spent:
    """Raises Invalid with a message per field."""
    errors = {}
    amount, spent_on, unit_id = dong_of(form.amount), clock.parse_day(form.spent_on), None
    if form.task not in {code for code, _title in _tasks(plan)}:
        errors["task"] = _("Hãy chọn một nhiệm vụ.")
    if amount is None:
        errors["amount"] = _("Hãy ghi số triệu đồng, ví dụ 12,5.")
    if spent_on is None:
        errors["spent_on"] = not_a_day(form.spent_on)
    try:
        unit_id = unit_in_care(db, actor, form.unit or province_code).unit_id
    except NotFound as error:
        errors["unit"] = error.message
    if errors or amount is None or spent_on is None or unit_id is None:
        raise Invalid(fields=errors)
    return Spent(form.task, unit_id, amount, spent_on, form.source, form.corrects)


def _tasks(plan: PlanYear) -> list[tuple[str, str]]:
    return [(task.code, f"{task.task_no}. {task.title}") for task in plans() if runs_in(task, plan.year)]


def _show(
    request: Request, db: Session, plan: PlanYear, unit: UnitOnDay, form: SpendingForm,
    errors: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    page = SpendingPage(plan, unit, spendings(db, plan, unit), _tasks(plan), form, errors or {})
    return render(request, "coverage/planning/spending.html", status=status, page=page, money=million_words)
