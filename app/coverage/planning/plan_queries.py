"""What the pages of the year's plan show: figures by task, by unit below, and how they came to be."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.catalogue.models import CourseVersion
from app.catalogue.programmes import ProgrammePlan, plans
from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.coverage.planning import spending
from app.coverage.planning.models import (
    PlanDecision,
    PlanLine,
    PlanNomination,
    PlanQuota,
    PlanSpending,
    PlanYear,
)  # fmt: skip
from app.coverage.planning.needs import runs_in
from app.coverage.programmes.kept import kept_day, kept_report
from app.coverage.programmes.programme_queries import Activity
from app.identity.models import Account, MergedRecord, Person
from app.identity.records import holder_of
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay
from app.learning.models import Completion, CompletionAnnulment

# (task, unit it counts under) -> a number.
Sums = dict[tuple[str, int], int]


@dataclass(frozen=True)
class PlanFigures:
    """Of a task at a unit and below. `quota`, `budget_dong`: by decision, None before the first; `prepared_*` are not
    decided yet. `done`: distinct persons among the nominated who completed the task in the year.
    """

    need: int = 0
    quota: int | None = None
    prepared_quota: int = 0
    nominated: int = 0
    done: int = 0
    budget_dong: int | None = None
    prepared_budget_dong: int = 0
    spent_dong: int = 0


_NAMES = tuple(field.name for field in fields(PlanFigures))


@dataclass(frozen=True)
class TaskRow:
    task: ProgrammePlan
    figures: PlanFigures
    activity: Activity

    @property
    def is_idle(self) -> bool:
        """Nobody has asked for it, been given it, learnt or spent anything."""
        return not any(getattr(self.figures, name) for name in _NAMES) and self.activity == Activity()


@dataclass(frozen=True)
class PlanTable:
    """The tasks of a year at a unit and below; activity from the first day of the year to `as_of`.

    In `total`, whoever is nominated to several tasks counts once for each; in `activity`, each person once.
    """

    year: int
    unit: UnitOnDay
    as_of: date
    rows: tuple[TaskRow, ...]
    total: PlanFigures
    activity: Activity


@dataclass(frozen=True)
class UnitRow:
    """A unit below; `is_own`: what the unit itself holds, not those below."""

    unit: UnitOnDay
    is_own: bool
    figures: PlanFigures


@dataclass(frozen=True)
class DecisionRow:
    decision: PlanDecision
    by: str
    lines: int


@dataclass(frozen=True)
class QuotaStep:
    """One line of a decision, for the history of a task."""

    number: str
    signed_on: date
    unit_name: str
    people: int
    budget_dong: int


@dataclass(frozen=True)
class SpendingRow:
    row: PlanSpending
    unit_name: str
    by: str
    replaced: bool


def plan_table(db: Session, plan: PlanYear, unit: UnitOnDay, province_code: str) -> PlanTable:
    """A fixed number of queries, whatever the number of units below."""
    as_of = kept_day(db, plan.year, unit.code) or last_day_of(plan.year)
    sums = _sums(db, plan, [unit.unit_id])
    report = kept_report(db, province_code, unit.code, date(plan.year, 1, 1), as_of)
    activity = {row.plan.code: row.activity for row in report.rows}
    rows = tuple(
        TaskRow(task, _figures(plan, sums, task.code, unit.unit_id), activity[task.code])
        for task in plans()
        if runs_in(task, plan.year)
    )
    return PlanTable(plan.year, unit, as_of, rows, _combined([row.figures for row in rows]), report.total)


def units_below(db: Session, plan: PlanYear, code: str, unit: UnitOnDay) -> tuple[list[UnitRow], PlanFigures]:
    """Of one task: the unit's own lines and each unit right below that has any; and all of it together."""
    children = unit_queries.children_on(db, unit.unit_id, clock.today())
    sums = _sums(db, plan, [unit.unit_id, *(child.unit_id for child in children)], code)
    whole = _figures(plan, sums, code, unit.unit_id)
    rows = [UnitRow(child, False, _figures(plan, sums, code, child.unit_id)) for child in children]
    rest = _less(whole, [row.figures for row in rows])
    nothing = _figures(plan, {}, code, unit.unit_id)
    found = [row for row in rows if row.figures != nothing]
    return ([UnitRow(unit, True, rest), *found] if rest != nothing else found), whole


def units_figures(db: Session, plan: PlanYear, unit_ids: Sequence[int]) -> dict[int, PlanFigures]:
    """All tasks together at each of these units and below."""
    sums = _sums(db, plan, unit_ids)
    return {unit_id: _combined([_figures(plan, sums, task.code, unit_id) for task in plans()]) for unit_id in unit_ids}


def last_day_of(year: int) -> date:
    """Up to which a year's figures are: its last day, or today in the running one, or the first of one to come."""
    return max(date(year, 1, 1), min(date(year, 12, 31), clock.today()))


def decisions(db: Session, plan: PlanYear) -> list[DecisionRow]:
    """The newest first."""
    lines = select(func.count()).where(PlanQuota.decision_id == PlanDecision.id).scalar_subquery()
    rows = db.execute(
        select(PlanDecision, Person.name, lines)
        .join(Account, Account.id == PlanDecision.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(PlanDecision.plan_id == plan.id)
        .order_by(PlanDecision.id.desc())
    )
    return [DecisionRow(*row) for row in rows]


def history(db: Session, plan: PlanYear, code: str, unit: UnitOnDay) -> list[QuotaStep]:
    """What each decision gave units below for the task, the newest first."""
    rows = db.execute(
        select(PlanQuota, PlanDecision.number, PlanDecision.signed_on)
        .join(PlanDecision, PlanDecision.id == PlanQuota.decision_id)
        .where(PlanQuota.plan_id == plan.id, PlanQuota.programme_code == code, PlanQuota.unit_id.in_(below(unit)))
        .order_by(PlanQuota.id.desc())
    ).all()
    units = unit_queries.units_by_id(db, {row.unit_id for row, *_rest in rows}, clock.today())
    return [
        QuotaStep(number, signed_on, units[row.unit_id].name, row.people, row.budget_dong)
        for row, number, signed_on in rows
    ]


def spendings(db: Session, plan: PlanYear, unit: UnitOnDay) -> list[SpendingRow]:
    """The newest first, corrected ones too."""
    rows = db.execute(
        select(PlanSpending, Person.name, PlanSpending.id.not_in(spending.in_force()))
        .join(Account, Account.id == PlanSpending.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(PlanSpending.plan_id == plan.id, PlanSpending.unit_id.in_(below(unit)))
        .order_by(PlanSpending.id.desc())
    ).all()
    units = unit_queries.units_by_id(db, {row.unit_id for row, *_rest in rows}, clock.today())
    return [SpendingRow(row, units[row.unit_id].name, by, bool(replaced)) for row, by, replaced in rows]


def below(unit: UnitOnDay) -> Select[int]:
    """Ids of the unit and all that counts under it today."""
    return select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit.unit_id, closure_on(clock.today()), UnitClosure.carried != "before"
    )


def is_done(first: date, last: date) -> ColumnElement[bool]:
    """Over PlanNomination: the person completed a course, class or the like of the task in these days."""
    task = func.coalesce(CourseVersion.programme_code, Completion.programme_code)
    own, kin = aliased(MergedRecord), aliased(MergedRecord)
    # As records.of_same_human, which does not reach over two levels of a query.
    records = (
        select(kin.person_id)
        .join(own, own.holder_id == kin.holder_id)
        .where(own.person_id == PlanNomination.person_id)
        .correlate(PlanNomination)
    )
    same = or_(Completion.person_id == PlanNomination.person_id, Completion.person_id.in_(records))
    return exists(
        select(Completion.id)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(same, task == PlanNomination.programme_code, CompletionAnnulment.completion_id.is_(None))
        .where(Completion.completed_on >= first, Completion.completed_on <= last)
        .correlate(PlanNomination)
    )


def _sums(db: Session, plan: PlanYear, unit_ids: Sequence[int], code: str = "") -> dict[str, Sums]:
    """Each figure by task and unit, of these units and all below them."""
    newest = select(func.max(PlanQuota.id)).where(PlanQuota.plan_id == plan.id)
    newest = newest.group_by(PlanQuota.programme_code, PlanQuota.unit_id)
    lines = select(
        PlanLine.programme_code, PlanLine.unit_id, PlanLine.need, PlanLine.quota, PlanLine.budget_dong
    ).where(PlanLine.plan_id == plan.id)
    quotas = select(
        PlanQuota.programme_code, PlanQuota.unit_id, PlanQuota.people, PlanQuota.budget_dong
    ).where(PlanQuota.id.in_(newest))  # fmt: skip
    spent = select(PlanSpending.programme_code, PlanSpending.unit_id, PlanSpending.amount_dong).where(
        PlanSpending.plan_id == plan.id, PlanSpending.id.in_(spending.in_force())
    )
    person, done = holder_of(PlanNomination.person_id), is_done(date(plan.year, 1, 1), date(plan.year, 12, 31))
    sent = (
        select(PlanNomination.programme_code, PlanNomination.unit_id, person.label("person"), done.label("done"))
        .where(PlanNomination.plan_id == plan.id, PlanNomination.withdrawn_at.is_(None))
        .subquery()
    )
    found: dict[str, Sums] = {}
    for query, names in (
        (lines, ("need", "prepared_quota", "prepared_budget_dong")), (quotas, ("quota", "budget_dong")),
        (spent, ("spent_dong",)),
    ):  # fmt: skip
        rows = query.subquery()
        values = [func.sum(rows.c[place]) for place in range(2, 2 + len(names))]
        _add_up(db, found, rows, names, values, unit_ids, code)
    _add_up(db, found, sent, ("nominated",), [func.count(sent.c.person.distinct())], unit_ids, code)
    achieved = select(sent).where(sent.c.done).subquery()
    _add_up(db, found, achieved, ("done",), [func.count(achieved.c.person.distinct())], unit_ids, code)
    return found


def _add_up(
    db: Session, found: dict[str, Sums], rows: Subquery, names: Sequence[str], values: Sequence[Any],
    unit_ids: Sequence[int], code: str,
) -> None:  # fmt: skip
    """Sums of rows (task, unit, …) by task and by the unit asked for that they count under today."""
    query = (
        select(rows.c.programme_code, UnitClosure.ancestor_id, *values)
        .join(UnitClosure, UnitClosure.descendant_id == rows.c.unit_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(clock.today()), UnitClosure.carried != "before")
        .group_by(rows.c.programme_code, UnitClosure.ancestor_id)
    )
    if code:
        query = query.where(rows.c.programme_code == code)
    for task, unit_id, *sums in db.execute(query):
        for name, value in zip(names, sums, strict=True):
            if value is not None:
                found.setdefault(name, {})[task, unit_id] = int(value)


def _figures(plan: PlanYear, sums: dict[str, Sums], code: str, unit_id: int) -> PlanFigures:
    at = {name: found.get((code, unit_id)) or 0 for name, found in sums.items()}
    if plan.state in ("approved", "closed"):
        at = {"quota": 0, "budget_dong": 0} | at
    return PlanFigures(**at)


def _combined(figures: Sequence[PlanFigures]) -> PlanFigures:
    """Their sums; what is None in the first is None in all."""
    sums: dict[str, Any] = {
        name: None if figures and getattr(figures[0], name) is None else sum(getattr(one, name) or 0 for one in figures)
        for name in _NAMES
    }
    return PlanFigures(**sums)


def _less(whole: PlanFigures, parts: Sequence[PlanFigures]) -> PlanFigures:
    """What of the whole lies in none of the parts."""
    below = _combined([PlanFigures(quota=0, budget_dong=0), *parts])
    rest: dict[str, Any] = {
        name: None if (own := getattr(whole, name)) is None else max(0, own - getattr(below, name)) for name in _NAMES
    }
    return PlanFigures(**rest)
