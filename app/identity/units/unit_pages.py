"""Pages that show units on any day: the tree, and one unit with its history. Open to everybody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.forms import not_a_day
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.core.web import Db, MaybeMe, Response, render
from app.identity.policy import POSTS, is_within
from app.identity.roles.grant_queries import manages
from app.identity.units.unit_diagram import Diagram, draw
from app.identity.units.unit_history import Relation, UnitHistory, history
from app.identity.units.unit_queries import (
    UnitHit,
    UnitNode,
    UnitOnDay,
    bearers_of,
    count_by_kind,
    first_day,
    heirs_on,
    search_units,
    tree_on,
    unit_by_id,
)
from app.identity.units.unit_timeline import Moment, stretch, timeline

router = APIRouter()

# The days on which the tree is known whole (data/README.md): old, after the mergers of 2024–2025, merged, of today.
SNAPSHOTS = (date(2023, 6, 30), date(2025, 3, 31), date(2025, 7, 1), date(2026, 9, 20))
KIND_NAMES = {
    "province": lazy("Tỉnh, thành phố"),
    "agency": lazy("Sở"),
    "district": lazy("Cấp huyện"),
    "commune": lazy("Xã, phường, thị trấn"),
    "department": lazy("Phòng, ban"),
    "school": lazy("Trường học"),
    "health": lazy("Cơ sở y tế"),
    "enterprise": lazy("Doanh nghiệp"),
    "village": lazy("Thôn, tổ dân phố"),
    "team": lazy("Tổ công nghệ số cộng đồng"),
}
_PLACES = ("province", "agency", "district", "commune")
# A longer list stays folded until somebody opens it.
SHORT_LIST = 10
_LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Figure:
    """How many units of a kind, and of which types."""

    label: str
    count: int
    types: str  # "54 xã, 45 phường"; empty when there is only one type


@dataclass(frozen=True)
class UnitsPage:
    on: date
    typed_day: str
    day_error: str
    q: str
    days: Sequence[tuple[str, str, bool]]
    first_day: date | None
    figures: Sequence[Figure]
    tree: Sequence[dict[str, Any]]
    hits: Sequence[UnitHit] | None  # None: nothing was searched


@dataclass(frozen=True)
class Step:
    """What happened on one day by one act."""

    on: date
    resolution: str
    doubt: str
    relations: Sequence[Relation]


@dataclass(frozen=True)
class UnitPage:
    history: UnitHistory
    above: Sequence[UnitOnDay]
    now: UnitOnDay | None  # what it counts under today, if that is another unit or another name
    former_province: str
    timeline: Sequence[Moment]
    diagram: Diagram | None
    came_from: Sequence[Step]
    went_into: Sequence[Step]
    earlier_bearers: Sequence[UnitOnDay]
    later_bearers: Sequence[UnitOnDay]
    may_reorganise: bool
    may_add_people: bool

    @property
    def has_few_children(self) -> bool:
        return len(self.history.children) <= SHORT_LIST


@dataclass(frozen=True)
class MissingUnitPage:
    code: str
    on: date
    bearers: Sequence[UnitOnDay]


@router.get("/units")
def units(request: Request, db: Db, on: str = "", q: str = "") -> Response:
    day, q = _day(on), q.strip()[:_LONGEST_SEARCH]
    # The thousands of villages, schools and enterprises stand on the pages of the units above them.
    nodes = tree_on(db, day, _PLACES) if day and not q else []
    page = UnitsPage(
        on=day or clock.today(),
        typed_day=day.isoformat() if day else on,
        day_error="" if day else not_a_day(on),
        q=q,
        days=_quick_days(day, q),
        first_day=first_day(db),
        figures=_figures(nodes),
        tree=[_branch(node, day) for node in nodes] if day else [],
        hits=search_units(db, q, day) if q and day else None,
    )
    return render(
        request, "identity/units.html", status=200 if day else 422, fragment="shown", page=page, unit_url=unit_url,
        stretch=stretch,
    )  # fmt: skip


@router.get("/units/{code}")
def unit(request: Request, db: Db, actor: MaybeMe, code: str, on: str = "") -> Response:
    day = _day(on)
    if day is None:
        raise Invalid(not_a_day(on))
    found = history(db, code, day)
    bearers = found.other_bearers if found else bearers_of(db, code)
    if found is None:
        if not bearers:
            raise NotFound(_("Chưa đơn vị nào mang mã %(code)s. Hãy tìm theo tên ở trang Cây đơn vị.", code=code))
        missing = MissingUnitPage(code, day, bearers)
        return render(
            request, "identity/unit_missing.html", status=404, page=missing, unit_url=unit_url, stretch=stretch
        )
    now = heirs_on(db, [found.unit.unit_id], clock.today()).get(found.unit.unit_id)
    page = UnitPage(
        history=found,
        above=_above(db, found),
        now=None if now == found.unit else now,
        former_province=_former_province(db, found.unit),
        timeline=timeline(found, first_day(db)),
        diagram=draw(found),
        came_from=_steps(found.predecessors),
        went_into=_steps(found.successors),
        earlier_bearers=[bearer for bearer in bearers if bearer.valid_from < found.unit.valid_from],
        later_bearers=[bearer for bearer in bearers if bearer.valid_from > found.unit.valid_from],
        may_reorganise=actor is not None and found.ended_on is None and is_within(db, actor, {found.unit.unit_id}),
        may_add_people=now == found.unit and actor is not None and is_within(db, actor, {found.unit.unit_id}, POSTS),
    )
    # Roles are given in the tree of today.
    has_roles = now == found.unit and actor is not None and manages(db, actor, found.unit.unit_id)
    return render(
        request, "identity/unit.html", page=page, unit_url=unit_url, stretch=stretch, may_see_roles=has_roles,
        may_set_room=now == found.unit and actor is not None and actor.can("media.quota"),
    )  # fmt: skip


def unit_url(unit: UnitOnDay, day: date) -> str:
    """The page of a unit on `day`, or on the nearest day on which it bears this name."""
    day = unit.nearest_day(day)
    url = f"/units/{quote(unit.code, safe='')}"
    return url if day == clock.today() else f"{url}?on={day.isoformat()}"


def _day(text: str) -> date | None:
    return clock.parse_day(text) if text.strip() else clock.today()


def _quick_days(day: date | None, q: str) -> list[tuple[str, str, bool]]:
    rest = {"q": q} if q else {}
    chips = [(_("Hôm nay"), "/units" + (f"?{urlencode(rest)}" if rest else ""), day == clock.today())]
    for snapshot in SNAPSHOTS:
        url = f"/units?{urlencode({'on': snapshot.isoformat()} | rest)}"
        chips.append((format_date(snapshot), url, day == snapshot))
    return chips


def _figures(nodes: Sequence[UnitNode]) -> list[Figure]:
    counts = count_by_kind(nodes)
    types = Counter((unit.kind, unit.type_name) for unit in _flat(nodes))
    figures = []
    for kind in ("commune", "district", "agency"):
        of_kind = [f"{count} {name.lower()}" for (other, name), count in types.most_common() if other == kind]
        types_told = ", ".join(of_kind) if len(of_kind) > 1 else ""
        figures.append(Figure(str(KIND_NAMES[kind]), counts.get(kind, 0), types_told))
    return figures


def _flat(nodes: Iterable[UnitNode]) -> Iterable[UnitOnDay]:
    for node in nodes:
        yield node.unit
        yield from _flat(node.children)


def _branch(node: UnitNode, day: date) -> dict[str, Any]:
    """The unit for ui.tree; children of several kinds are grouped by kind, in parentheses how many there are."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for child in node.children:
        by_kind.setdefault(child.unit.kind, []).append(_branch(child, day))
    children = next(iter(by_kind.values()), [])
    if len(by_kind) > 1:
        children = [
            {"name": f"{KIND_NAMES[kind]} ({len(group)})", "open": len(group) <= SHORT_LIST, "children": group}
            for kind, group in by_kind.items()
        ]
    branch = {"name": node.unit.name, "url": unit_url(node.unit, day), "children": children}
    if not children:
        # Codes of agencies are our own and tell a reader nothing.
        return branch | {"note": "" if node.unit.kind == "agency" else node.unit.code}
    if node.unit.kind == "province":
        return branch | {"open": True}
    return branch | {"name": f"{node.unit.name} ({len(node.children)})"}


def _steps(relations: Sequence[Relation]) -> list[Step]:
    steps: dict[tuple[date, str, str], list[Relation]] = {}
    for relation in relations:
        steps.setdefault((relation.on, relation.resolution, relation.doubt), []).append(relation)
    return [Step(*act, some) for act, some in steps.items()]


def _above(db: Db, found: UnitHistory) -> list[UnitOnDay]:
    """The units above, highest first."""
    above: list[UnitOnDay] = []
    parent = found.parent
    while parent is not None:
        above.insert(0, parent)
        parent = unit_by_id(db, parent.parent_id, found.on) if parent.parent_id else None
    return above


def _former_province(db: Db, unit: UnitOnDay) -> str:
    if unit.former_province_code is None or unit.kind == "province":
        return ""
    return next((old.name for old in bearers_of(db, unit.former_province_code) if old.kind == "province"), "")
