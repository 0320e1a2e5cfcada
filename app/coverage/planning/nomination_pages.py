"""A unit sends people to a task: from its roster, within its quota."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.assignments.policy import PERMISSION as ASSIGN
from app.catalogue.programmes import ProgrammePlan
from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.text import fold, nfc
from app.core.web import Db, RowId, redirect, render
from app.coverage.planning import nominating
from app.coverage.planning.models import PlanNomination, PlanYear
from app.coverage.planning.need_pages import Fields
from app.coverage.planning.nominating import MOST_AT_ONCE
from app.coverage.planning.plan_pages import Planner, Text, task_named
from app.coverage.planning.plan_queries import below, is_done
from app.coverage.planning.policy import UNIT, find_plan, unit_in_care
from app.coverage.planning.years import quotas_in_force
from app.identity.models import Affiliation, Person
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.policy import held_on
from app.identity.records import holder_of, holders_holding
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

router = APIRouter()

PER_PAGE = 50


@dataclass(frozen=True)
class Sent:
    """Somebody on the list; `is_done`: completed the task in the year."""

    id: int
    name: str
    nominated_at: Any
    is_done: bool


@dataclass(frozen=True)
class NominatePage:
    """`roster`: (ref, name, post) of people one may choose; `chosen` and `people` as they were typed."""

    plan: PlanYear
    task: ProgrammePlan
    unit: UnitOnDay
    quota: int
    sent: list[Sent]
    roster: list[tuple[str, str, str]]
    total: int
    page: int
    pages: int
    query: str
    course: str
    chosen: Sequence[str] = ()
    people: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def room(self) -> int:
        return max(0, self.quota - len(self.sent))

    @property
    def url(self) -> str:
        return f"/plan/{self.plan.year}/tasks/{self.task.code}/people?unit={self.unit.code}"


@router.get("/plan/{year}/tasks/{code}/people")
def people_page(
    request: Request, db: Db, actor: Planner, year: RowId, code: str, unit: str = "", q: str = "", page: int = 1
) -> Response:
    plan, found = find_plan(db, actor, year), unit_in_care(db, actor, unit)
    return _show(request, db, plan, task_named(code), found, nfc(q)[:100], page)


@router.post("/plan/{year}/tasks/{code}/people")
def nominate(
    request: Request, db: Db, actor: Planner, year: RowId, code: str, fields: Fields, unit: str = ""
) -> Response:
    """Those ticked, and those named by user name, phone or email."""
    plan, task, found = find_plan(db, actor, year), task_named(code), unit_in_care(db, actor, unit)
    chosen, typed = fields.get("person", [])[:MOST_AT_ONCE], next(iter(fields.get("people", ())), "")
    try:
        ids = {*db.scalars(select(holder_of(Person.id)).where(Person.ref.in_(chosen)))}
        ids.update(people_named(db, actor, UNIT, typed, MOST_AT_ONCE))
        if not ids:
            raise Invalid(fields={"people": _("Hãy chọn ít nhất một người.")})
        new = nominating.nominate(db, actor, plan, task.code, found.unit_id, sorted(ids))
    except (Invalid, UnknownPeople) as error:
        errors = dict(error.fields) if isinstance(error, Invalid) else {"people": str(error)}
        return _show(
            request, db, plan, task, found, "", 1, status=422, chosen=tuple(chosen), people=typed[:20_000],
            errors=errors,
        )  # fmt: skip
    said = ngettext("Đã cử thêm %(count)s người.", "Đã cử thêm %(count)s người.", new)
    url = f"/plan/{year}/tasks/{task.code}/people?unit={found.code}"
    return redirect(request, url, flash=("ok", said))


@router.post("/plan/{year}/nominations/{nomination_id}/withdraw")
def withdraw(
    request: Request, db: Db, actor: Planner, year: RowId, nomination_id: RowId, reason: Text = ""
) -> Response:
    plan = find_plan(db, actor, year)
    found = nominating.find_nomination(db, actor, plan, nomination_id)
    unit = unit_queries.units_by_id(db, [found.unit_id], clock.today())[found.unit_id]
    try:
        nominating.withdraw(db, actor, plan, found, reason)
    except Invalid:
        said = ("error", _("Chưa thôi cử: hãy ghi lý do."))
    else:
        said = ("ok", _("Đã thôi cử, lý do được lưu."))
    url = f"/plan/{year}/tasks/{found.programme_code}/people?unit={unit.code}"
    return redirect(request, url, flash=said)


def _show(
    request: Request, db: Session, plan: PlanYear, task: ProgrammePlan, unit: UnitOnDay, query: str, page: int,
    status: int = 200, **typed: Any,
) -> Response:  # fmt: skip
    sent = _sent(db, plan, task.code, unit.unit_id)
    roster, total, page, pages = _roster(db, plan, task.code, unit, query, page)
    given = nominating.assignment_of(db, plan, task.code)
    titles = {course.id: title for course, title in nominating.courses_of(db, task.code)}
    found = NominatePage(
        plan, task, unit, quotas_in_force(db, plan.id).get((task.code, unit.unit_id), (0, 0))[0], sent, roster, total,
        page, pages, query, titles.get(given.course_id, "") if given else "", **typed,
    )  # fmt: skip
    return render(request, "coverage/planning/people.html", status=status, page=found, assigns=ASSIGN)


def _sent(db: Session, plan: PlanYear, code: str, unit_id: int) -> list[Sent]:
    rows = db.execute(
        select(
            PlanNomination.id, Person.name, PlanNomination.nominated_at,
            is_done(date(plan.year, 1, 1), date(plan.year, 12, 31)),
        )
        .join(Person, Person.id == holder_of(PlanNomination.person_id))
        .where(PlanNomination.plan_id == plan.id, PlanNomination.programme_code == code)
        .where(PlanNomination.unit_id == unit_id, PlanNomination.withdrawn_at.is_(None))
        .order_by(Person.sort_name, PlanNomination.id)
    )  # fmt: skip
    return [Sent(nomination_id, name, at, bool(done)) for nomination_id, name, at, done in rows]


def _roster(
    db: Session, plan: PlanYear, code: str, unit: UnitOnDay, query: str, page: int
) -> tuple[list[tuple[str, str, str]], int, int, int]:
    """People of the unit and below who are on no list of the task, in the order of their names."""
    posts = and_(Affiliation.unit_id.in_(below(unit)), held_on(clock.today()))
    where: list[ColumnElement[bool]] = [
        Person.id.in_(holders_holding(posts)),
        Person.id.not_in(list(nominating.nominated(db, plan, code))),
    ]
    if query:
        where.append(Person.folded_name.contains(fold(query), autoescape=True))
    total = db.scalar(select(func.count()).select_from(Person).where(*where)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    people = db.execute(
        select(Person.id, Person.ref, Person.name)
        .where(*where)
        .order_by(Person.sort_name, Person.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    titles = nominating.post_words(db, [person_id for person_id, *_rest in people], posts, clock.today())
    return [(ref, name, titles.get(person_id, "")) for person_id, ref, name in people], total, page, pages
