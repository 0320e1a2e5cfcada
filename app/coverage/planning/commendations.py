"""Whom to consider for commendation, by criteria somebody states. Nothing is decided here.

The plan asks for proposals at each year's review (Đề án 1908, VI.1 and VI.2); it names no thresholds, so whoever asks
chooses them, and the same address gives the same list as long as the figures stand.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, true
from sqlalchemy.orm import Session

from app.assignments.models import AssignmentMember
from app.assignments.states import is_shown
from app.core.access import UnitClosure, closure_on
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_number
from app.coverage.counting.figures import Question, figure
from app.coverage.planning.models import CampaignActivity, PlanYear
from app.coverage.planning.nominating import post_words
from app.coverage.planning.plan_queries import below, units_figures
from app.coverage.reports.unit_forms import teams_by_commune
from app.identity.models import Affiliation, Person
from app.identity.policy import held_on
from app.identity.records import holder_of, holders_holding, records_holding
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay
from app.learning.models import Completion, CompletionAnnulment

MOST_PEOPLE = 500


@dataclass(frozen=True)
class UnitCriteria:
    """Thresholds, all of which a unit must reach; None: not asked. Percentages, and a number of activities."""

    coverage: float | None = None
    on_time: float | None = None
    plan_done: float | None = None
    teams: float | None = None
    activities: float | None = None

    @property
    def asked(self) -> list[str]:
        return [one.name for one in fields(self) if getattr(self, one.name) is not None]


@dataclass(frozen=True)
class PersonCriteria:
    """Thresholds for people: courses completed in the year, the mean score, and nothing late of what was assigned."""

    courses: float | None = None
    score: float | None = None
    on_time: bool = False


UNIT_WORDS: Mapping[str, lazy] = {
    "coverage": lazy("Chỉ tiêu đạt, phần trăm"), "on_time": lazy("Việc học được giao xong đúng hạn, phần trăm"),
    "plan_done": lazy("Số giao của kế hoạch đã xong, phần trăm"),
    "teams": lazy("Tổ công nghệ số có thành viên hoàn thành, phần trăm"),
    "activities": lazy("Hoạt động tuyên truyền, số hoạt động"),
}  # fmt: skip


@dataclass(frozen=True)
class UnitCandidate:
    """`values`: the figure of each criterion asked for, with what it was made of in words."""

    unit: UnitOnDay
    values: Mapping[str, float]
    said: Mapping[str, str]


@dataclass(frozen=True)
class PersonCandidate:
    """`score` is the mean of what had one; `late` the assignments of the year done late or not at all."""

    ref: str
    name: str
    post: str
    courses: int
    score: float | None
    assigned: int
    late: int


def unit_candidates(
    db: Session, unit: UnitOnDay, criteria: UnitCriteria, indicator: str, on: date, kind: str = ""
) -> list[UnitCandidate]:
    """The units right below one that reach every threshold, by their figures in the order of the criteria."""
    asked = criteria.asked
    children = [one for one in unit_queries.children_on(db, unit.unit_id, on) if not kind or one.kind == kind]
    if not asked or not children:
        return []
    measured = {name: _measured(db, name, unit, children, indicator, on) for name in asked}
    found = []
    for child in children:
        values = {name: measured[name][child.unit_id] for name in asked if child.unit_id in measured[name]}
        if all(name in values and values[name][0] >= getattr(criteria, name) for name in asked):
            found.append(
                UnitCandidate(
                    child, {name: value for name, (value, _said) in values.items()},
                    {name: said for name, (_value, said) in values.items()},
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: [-one.values[name] for name in asked])


def person_candidates(
    db: Session, unit: UnitOnDay, criteria: PersonCriteria, on: date
) -> tuple[list[PersonCandidate], int]:
    """People with a post in the unit or below who reach every threshold in the year of a day, at most MOST_PEOPLE; and
    how many they are.
    """
    first = date(on.year, 1, 1)
    posts = and_(Affiliation.unit_id.in_(below(unit)), held_on(on))
    # Looked up one by one; only of a whole province PostgreSQL is faster to read what all people did.
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    records = records_holding(posts) if unit.parent_id or is_sqlite else None
    person = holder_of(Completion.person_id)
    # Two versions of a course are one course; a class or a paper from elsewhere stands for itself.
    what = func.coalesce(Completion.course_id, -Completion.id)
    courses, score = func.count(what.distinct()).label("courses"), func.avg(Completion.score_percent).label("score")
    done = (
        select(person.label("person"), courses, score)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(CompletionAnnulment.completion_id.is_(None))
        .where(Completion.completed_on >= first, Completion.completed_on <= on)
        .where(true() if records is None else Completion.person_id.in_(records))
        .group_by(person)
        .subquery()
    )
    assigned = _assigned(first, on, records)
    query = (
        select(
            Person.id, Person.ref, Person.name, done.c.courses, done.c.score, func.coalesce(assigned.c.asked, 0),
            func.coalesce(assigned.c.late, 0), func.count().over(),
        )
        .join(done, done.c.person == Person.id)
        .outerjoin(assigned, assigned.c.person == Person.id)
        .where(Person.id.in_(holders_holding(posts)))
    )  # fmt: skip
    if criteria.courses is not None:
        query = query.where(done.c.courses >= criteria.courses)
    if criteria.score is not None:
        query = query.where(done.c.score >= criteria.score)
    if criteria.on_time:
        query = query.where(assigned.c.asked > 0, assigned.c.late == 0)
    order = (done.c.courses.desc(), done.c.score.desc(), Person.sort_name, Person.id)
    rows = db.execute(query.order_by(*order).limit(MOST_PEOPLE)).all()
    titles = post_words(db, [row[0] for row in rows], posts, on)
    return [
        PersonCandidate(ref, name, titles.get(person_id, ""), count, mean, asked, late)
        for person_id, ref, name, count, mean, asked, late, _total in rows
    ], rows[0][-1] if rows else 0


def _measured(
    db: Session, name: str, unit: UnitOnDay, children: Sequence[UnitOnDay], indicator: str, on: date
) -> dict[int, tuple[float, str]]:
    """One figure of each unit that has it, with its parts in words."""
    ids = [child.unit_id for child in children]
    match name:
        case "coverage":
            found = figure(db, Question(indicator, unit.code, on, period=str(on.year)))
            return {
                row.unit_id: (100 * row.ratio, _of(row.numerator or 0, row.denominator.value or 0))
                for row in found.children
                if row.ratio is not None
            }
        case "on_time":
            return _shares(_kept_in_time(db, ids, date(on.year, 1, 1), on))
        case "plan_done":
            plan = db.scalar(select(PlanYear).where(PlanYear.year == on.year))
            sums = units_figures(db, plan, ids) if plan else {}
            return _shares({unit_id: (one.done, one.quota or 0) for unit_id, one in sums.items()})
        case "teams":
            teams = teams_by_commune(db, unit.code, on, on)
            return _shares({one.unit_id: (found.active, found.villages) for one, found in teams})
        case _:
            counts = _activities(db, ids, date(on.year, 1, 1), on)
            return {unit_id: (count, "") for unit_id, count in counts.items()}


def _shares(parts: Mapping[int, tuple[int, int]]) -> dict[int, tuple[float, str]]:
    return {unit_id: (100 * part / whole, _of(part, whole)) for unit_id, (part, whole) in parts.items() if whole}


def _of(part: int, whole: int) -> str:
    return _("%(part)s trên %(whole)s", part=format_number(part), whole=format_number(whole))


def _in_time() -> ColumnElement[bool]:
    return and_(AssignmentMember.done_on.is_not(None), AssignmentMember.done_on <= AssignmentMember.due_on)


def _asked_of(first: date, on: date) -> list[ColumnElement[bool]]:
    """Places in assignments that were due in these days and that nobody excused."""
    return [
        AssignmentMember.due_on >= first, AssignmentMember.due_on <= on, AssignmentMember.exempted_at.is_(None),
        AssignmentMember.left_on.is_(None), is_shown(),
    ]  # fmt: skip


def _kept_in_time(db: Session, unit_ids: Sequence[int], first: date, on: date) -> dict[int, tuple[int, int]]:
    """Of each unit and below: how many places in assignments due in these days were done in time, of how many."""
    rows = db.execute(
        select(UnitClosure.ancestor_id, func.sum(case((_in_time(), 1), else_=0)), func.count())
        .select_from(AssignmentMember)
        .join(UnitClosure, UnitClosure.descendant_id == AssignmentMember.unit_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(on), UnitClosure.carried != "before")
        .where(*_asked_of(first, on))
        .group_by(UnitClosure.ancestor_id)
    )
    return {unit_id: (int(done), count) for unit_id, done, count in rows}


def _assigned(first: date, on: date, records: Select[int] | None) -> Any:
    """Of each person, or of these records: how much was due in these days, and how much was late or is not done."""
    person = holder_of(AssignmentMember.person_id)
    late = func.sum(case((_in_time(), 0), else_=1)).label("late")
    return (
        select(person.label("person"), func.count().label("asked"), late)
        .where(*_asked_of(first, on), true() if records is None else AssignmentMember.person_id.in_(records))
        .group_by(person)
        .subquery()
    )  # fmt: skip


def _activities(db: Session, unit_ids: Sequence[int], first: date, on: date) -> Counter[int]:
    rows = db.execute(
        select(UnitClosure.ancestor_id, func.count())
        .select_from(CampaignActivity)
        .join(UnitClosure, UnitClosure.descendant_id == CampaignActivity.unit_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(on), UnitClosure.carried != "before")
        .where(CampaignActivity.withdrawn_at.is_(None))
        .where(CampaignActivity.last_on >= first, CampaignActivity.last_on <= on)
        .group_by(UnitClosure.ancestor_id)
    )
    return Counter(dict(rows.all()))
