"""What the pages of reorganisations show: a plan in names, the acts entered here, and those that came with the data."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.i18n import gettext, lazy
from app.core.i18n import lazy as _
from app.core.templating import format_date
from app.identity.models import Account, Person, RoleGrant, UnitAct, UnitEdge
from app.identity.policy import REORGANISE, ROLES
from app.identity.units.plans import NewVersion, Plan
from app.identity.units.unit_queries import UnitOnDay, units_by_id
from app.identity.units.waiting import waiting_count

VERBS: dict[str, lazy] = {
    "create": _("Lập đơn vị trực thuộc"),
    "found": _("Nhập danh sách đơn vị"),
    "rename": _("Đổi tên hoặc mã"),
    "retype": _("Đổi loại"),
    "move": _("Chuyển sang cấp trên khác"),
    "merge": _("Hợp nhất thành đơn vị mới"),
    "absorb": _("Nhận thêm đơn vị khác"),
    "split": _("Chia tách"),
    "cede": _("Tách một phần sang đơn vị khác"),
    "close": _("Kết thúc hoạt động"),
}


@dataclass(frozen=True)
class Change:
    """A unit that lives on, otherwise; `before` and `after` differ in some of name, code, type, parent."""

    before: UnitOnDay
    after: NewVersion
    parent_before: str
    parent_after: str


@dataclass(frozen=True)
class PlanView:
    """A plan in the reader's words. `people_go_to`: (unit, how many, whether they wait there to be
    assigned); `managers`: (grant, who, role, where) of roles that end; `shares`: what the unit was
    divided into, itself too if it lives on, with the part of each, 0 to 1 (None: not published).
    """

    plan: Plan
    closed: Sequence[UnitOnDay]
    made: Sequence[tuple[NewVersion, str]]
    changed: Sequence[Change]
    people_go_to: Sequence[tuple[str, int, bool]]
    managers: Sequence[tuple[int, str, str, str]]
    shares: Sequence[tuple[str, float | None]]


@dataclass(frozen=True)
class ActView:
    act_id: int | None  # None: it came with the data, and cannot be undone
    on: date
    title: str
    before: Sequence[str]
    after: Sequence[str]
    decisions: Sequence[str]
    people_count: int = 0
    changed_count: int = 0
    by: str = ""
    recorded_at: datetime | None = None
    undone_at: datetime | None = None
    waiting: int = 0  # people of a split unit whom nobody assigned to a part yet


def plan_view(db: Session, plan: Plan) -> PlanView:
    units = units_by_id(db, plan.touched | _parents_before(db, plan), plan.on)
    new_names = {version.unit_id: version.name for version in plan.begins}

    def name(unit_id: int | None) -> str:
        if unit_id is None:
            return ""
        return new_names.get(unit_id) or units[unit_id].name

    going: dict[int | None, set[int]] = defaultdict(set)
    for move in plan.moves:
        going[move.unit_id].add(move.post.person_id)
    return PlanView(
        plan=plan,
        closed=[units[unit_id] for unit_id in plan.closed],
        made=[(version, name(version.parent_id)) for version in plan.made],
        changed=[
            Change(
                before := units[version.unit_id], version,
                units[before.parent_id].name if before.parent_id else "", name(version.parent_id),
            )
            for version in plan.changed
        ],
        people_go_to=[
            (name(unit_id), len(people), plan.verb in ("split", "close") and (unit_id or 0) > 0)
            for unit_id, people in going.items()
        ],
        managers=_managers(db, plan, units),
        shares=[(name(edge.to_id), edge.share) for edge in plan.edges if edge.flags == "split"],
    )  # fmt: skip


def acts(db: Session, actor: Actor) -> list[ActView]:
    """All within the actor's reach, the latest day first, undone ones too; then those that came with the data."""
    reach = set(db.scalars(actor.units_with(REORGANISE)))
    rows = db.execute(
        select(UnitAct, Person.name)
        .outerjoin(Account, Account.id == UnitAct.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
    ).all()
    entered = [
        ActView(
            act.id, act.effective_on, str(VERBS[act.verb]), act.told["before"], act.told["after"], [act.decision],
            people_count=act.told["people"], by=by or "", recorded_at=act.recorded_at, undone_at=act.undone_at,
            waiting=waiting_count(db, act),
        )
        for act, by in rows
        if reach >= set(act.wrote["touched"])
    ]  # fmt: skip
    ours = {edge_id for act, _by in rows for edge_id in act.wrote["edges"]}
    told = [*entered, *_shipped(db, ours)]
    return sorted(told, key=lambda act: (act.on, act.act_id or 0), reverse=True)


def _shipped(db: Session, ours: set[int]) -> list[ActView]:
    """One entry a day, from the lineage that nobody entered here."""
    days: dict[date, list[UnitEdge]] = defaultdict(list)
    for edge in db.scalars(select(UnitEdge).where(UnitEdge.flags != "unchanged").order_by(UnitEdge.id)):
        if edge.id not in ours:
            days[edge.effective_on].append(edge)
    found = []
    for on, edges in days.items():
        gone = {edge.from_unit_id for edge in edges if edge.to_unit_id != edge.from_unit_id}
        heirs = {edge.to_unit_id for edge in edges if edge.to_unit_id and edge.to_unit_id != edge.from_unit_id}
        living = {edge.from_unit_id for edge in edges if edge.to_unit_id == edge.from_unit_id} - heirs
        decisions = sorted({number for edge in edges for number in edge.resolution.split("; ") if number})
        names = {unit_id: unit.name for unit_id, unit in units_by_id(db, gone | heirs, on).items()}
        found.append(
            ActView(
                None, on, gettext("Sắp xếp ngày %(day)s", day=format_date(on)),
                [names[unit_id] for unit_id in sorted(gone)],
                [names[unit_id] for unit_id in sorted(heirs)], decisions, changed_count=len(living),
            )
        )  # fmt: skip
    return found


def _parents_before(db: Session, plan: Plan) -> set[int]:
    lives = units_by_id(db, {version.unit_id for version in plan.changed}, plan.on)
    return {unit.parent_id for unit in lives.values() if unit.parent_id}


def _managers(db: Session, plan: Plan, units: dict[int, UnitOnDay]) -> list[tuple[int, str, str, str]]:
    rows = db.execute(
        select(RoleGrant.id, Person.name, RoleGrant.role, RoleGrant.unit_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(RoleGrant.id.in_(plan.grants))
        .order_by(RoleGrant.unit_id, Person.sort_name)
    )
    return [(grant, who, str(ROLES[role].title), units[unit_id].name) for grant, who, role, unit_id in rows]
