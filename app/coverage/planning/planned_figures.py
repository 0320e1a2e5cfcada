"""What reports take from the year's plan: people and money by decision, people nominated, money spent, by a day."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.coverage.planning import spending
from app.coverage.planning.models import PlanDecision, PlanNomination, PlanQuota, PlanSpending, PlanYear
from app.identity.records import holder_of


@dataclass(frozen=True)
class Planned:
    """Of a task at a unit and below: people and money given by decision, and what was spent."""

    people: int = 0
    budget_dong: int = 0
    spent_dong: int = 0

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(
            self.people + other.people, self.budget_dong + other.budget_dong, self.spent_dong + other.spent_dong
        )


NOTHING = Planned()


def nominated_by_unit(db: Session, year: int, unit_ids: Collection[int], as_of: date, map_on: date) -> Counter[int]:
    """Distinct people nominated to any task of the year by the end of a day, by the unit they count under on a map."""
    rows = db.execute(
        select(UnitClosure.ancestor_id, func.count(holder_of(PlanNomination.person_id).distinct()))
        .join(PlanYear, PlanYear.id == PlanNomination.plan_id)
        .join(UnitClosure, UnitClosure.descendant_id == PlanNomination.unit_id)
        .where(PlanYear.year == year, UnitClosure.ancestor_id.in_(unit_ids), closure_on(map_on))
        .where(UnitClosure.carried != "before", PlanNomination.nominated_at <= clock.end_of_day(as_of))
        .where(
            PlanNomination.withdrawn_at.is_(None) | (PlanNomination.withdrawn_at > clock.end_of_day(as_of))
        )
        .group_by(UnitClosure.ancestor_id)
    )  # fmt: skip
    return Counter(dict(rows.all()))


def quotas_by_unit(db: Session, year: int, unit_ids: Collection[int], as_of: date, map_on: date) -> Counter[int] | None:
    """People given by decisions signed by a day, all tasks, by unit of a map; None where no plan was approved then."""
    held = _held_on(db, year, as_of)
    if held is None:
        return None
    counts = Counter[int]()
    for unit_id, _code, people, _dong in _placed(db, held, unit_ids, map_on):
        counts[unit_id] += people
    return counts


def plan_money(db: Session, year: int, unit_id: int, as_of: date) -> dict[str, Planned] | None:
    """By task, as decided, and spent, by the end of a day; None where no plan of the year was approved then."""
    held = _held_on(db, year, as_of)
    if held is None:
        return None
    found: dict[str, Planned] = {}
    for _unit, code, people, dong in _placed(db, held, [unit_id], as_of):
        found[code] = found.get(code, NOTHING) + Planned(people, dong)
    rows = db.execute(
        select(PlanSpending.programme_code, func.sum(PlanSpending.amount_dong))
        .join(PlanYear, PlanYear.id == PlanSpending.plan_id)
        .join(UnitClosure, UnitClosure.descendant_id == PlanSpending.unit_id)
        .where(UnitClosure.ancestor_id == unit_id, closure_on(as_of), UnitClosure.carried != "before")
        .where(PlanYear.year == year, PlanSpending.spent_on <= as_of, PlanSpending.id.in_(spending.in_force()))
        .group_by(PlanSpending.programme_code)
    )
    for code, dong in rows:
        found[code] = found.get(code, NOTHING) + Planned(spent_dong=int(dong))
    return found


def _held_on(db: Session, year: int, day: date) -> dict[tuple[str, int], tuple[int, int]] | None:
    """(task, unit) -> (people, đồng) by the decisions of a year signed by that day; None if there is none."""
    rows = db.execute(
        select(PlanQuota.programme_code, PlanQuota.unit_id, PlanQuota.people, PlanQuota.budget_dong)
        .join(PlanYear, PlanYear.id == PlanQuota.plan_id)
        .join(PlanDecision, PlanDecision.id == PlanQuota.decision_id)
        .where(PlanYear.year == year, PlanDecision.signed_on <= day)
        .order_by(PlanQuota.id)
    ).all()
    return {(code, unit_id): (people, dong) for code, unit_id, people, dong in rows} or None


def _placed(
    db: Session, held: Mapping[tuple[str, int], tuple[int, int]], unit_ids: Collection[int], map_on: date
) -> Iterator[tuple[int, str, int, int]]:
    """Each of them at each of the units asked for that it counts under on a map: unit, task, people, đồng."""
    above: dict[int, list[int]] = {}
    for below_id, unit_id in db.execute(
        select(UnitClosure.descendant_id, UnitClosure.ancestor_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(map_on), UnitClosure.carried != "before")
        .where(UnitClosure.descendant_id.in_({unit_id for _code, unit_id in held}))
    ):
        above.setdefault(below_id, []).append(unit_id)
    for (code, line_unit), (people, dong) in held.items():
        for unit_id in above.get(line_unit, ()):
            yield unit_id, code, people, dong
