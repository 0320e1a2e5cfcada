"""What units are called and where they belong on a day: look-ups, the tree, names, search."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.core.access import UnitClosure, closure_on
from app.core.prepared import Prepared
from app.core.text import fold, nfc, vietnamese_key
from app.identity.models import Unit, UnitVersion

# The order in which kinds stand beside each other.
KINDS = (
    "province", "agency", "district", "commune", "department", "school", "health", "enterprise", "village", "team",
)  # fmt: skip

# How many versions a search looks at for each unit it shows.
_LOOKED_AT = 4


@dataclass(frozen=True)
class UnitOnDay:
    """One version of a unit, in force from `valid_from` until the day before `valid_to`."""

    unit_id: int
    key: str
    code: str
    name: str
    kind: str
    type_name: str
    parent_id: int | None
    former_province_code: str | None
    valid_from: date
    valid_to: date | None

    @property
    def last_day(self) -> date | None:
        """The last day of this version; None while it has no end."""
        return None if self.valid_to is None else self.valid_to - timedelta(days=1)

    def nearest_day(self, day: date) -> date:
        """`day` if this version is in force then, else the first or last day of the version."""
        return max(self.valid_from, day if self.last_day is None else min(day, self.last_day))


@dataclass(frozen=True)
class UnitNode:
    """A unit with what stands under it that day; `below` counts all units under it by kind."""

    unit: UnitOnDay
    children: tuple["UnitNode", ...]
    below: Mapping[str, int]


@dataclass(frozen=True)
class UnitHit:
    """A unit found by name or code: the version that fits, and if it is of the past, what the unit counts under now."""

    unit: UnitOnDay
    in_force: bool
    parent_name: str
    now: UnitOnDay | None


def in_force(day: date) -> ColumnElement[bool]:
    """The clause that chooses the versions of one day."""
    return and_(UnitVersion.valid_from <= day, or_(UnitVersion.valid_to.is_(None), UnitVersion.valid_to > day))


def unit_versions() -> Select[*tuple[Any, ...]]:
    """Rows that make a UnitOnDay each, in order of time."""
    return (
        select(
            UnitVersion.unit_id, Unit.key, UnitVersion.code, UnitVersion.name, UnitVersion.kind, UnitVersion.type_name,
            UnitVersion.parent_id, UnitVersion.former_province_code, UnitVersion.valid_from, UnitVersion.valid_to,
        )
        .join(Unit, Unit.id == UnitVersion.unit_id)
        .order_by(UnitVersion.valid_from, UnitVersion.unit_id)
    )  # fmt: skip


_BEARERS = Prepared(unit_versions().where(UnitVersion.code == bindparam("code")))
_FORMER_PROVINCE = Prepared(
    select(
        UnitClosure.descendant_id, UnitClosure.valid_from, UnitClosure.valid_to, UnitVersion.valid_from,
        UnitVersion.valid_to,
    )
    .join(UnitVersion, UnitVersion.unit_id == UnitClosure.ancestor_id)
    .where(
        UnitClosure.descendant_id.in_(bindparam("unit_ids", expanding=True)),
        UnitVersion.former_province_code == bindparam("province"),
    )
)  # fmt: skip


def listed(db: Session, statement: Select[*tuple[Any, ...]]) -> list[UnitOnDay]:
    """What a narrowed `unit_versions` finds."""
    return [UnitOnDay(*row) for row in db.execute(statement)]


def first_day(db: Session) -> date | None:
    """The first day of which the tables of units know anything."""
    return db.scalar(select(func.min(UnitVersion.valid_from)))


def unit_on(db: Session, code: str, day: date) -> UnitOnDay | None:
    """The unit that bears the code on that day; of several kinds under one code, the highest."""
    found = [unit for unit in bearers_of(db, code) if unit.valid_from <= day and (unit.valid_to or date.max) > day]
    return min(found, key=lambda unit: _rank(unit.kind), default=None)


def bearers_of(db: Session, code: str) -> list[UnitOnDay]:
    """Every version that ever bore the code, in order of time."""
    db.flush()
    return [UnitOnDay(*row) for row in _BEARERS.all(db, code=code)]


def unit_by_id(db: Session, unit_id: int, day: date) -> UnitOnDay | None:
    """The unit's version in force that day, else the last one before it, else its first."""
    return units_by_id(db, [unit_id], day).get(unit_id)


def units_by_id(db: Session, unit_ids: Collection[int], day: date) -> dict[int, UnitOnDay]:
    """`unit_by_id` for many at once; unknown ids are left out."""
    return {unit_id: version_for(life, day) for unit_id, life in lives_of(db, unit_ids).items()}


def lives_of(db: Session, unit_ids: Collection[int]) -> dict[int, list[UnitOnDay]]:
    """All versions of each unit, in order of time."""
    lives: dict[int, list[UnitOnDay]] = {}
    for unit in listed(db, unit_versions().where(UnitVersion.unit_id.in_(set(unit_ids)))):
        lives.setdefault(unit.unit_id, []).append(unit)
    return lives


def version_for(life: Sequence[UnitOnDay], day: date) -> UnitOnDay:
    """Of one unit's versions in order of time: the one of that day, else the last before it, else the first."""
    return next((version for version in reversed(life) if version.valid_from <= day), life[0])


def children_on(db: Session, unit_id: int, day: date) -> list[UnitOnDay]:
    """The units in force directly under a unit, agencies before places, each kind in Vietnamese order."""
    return in_order(listed(db, unit_versions().where(UnitVersion.parent_id == unit_id, in_force(day))))


def in_order(units: Iterable[UnitOnDay]) -> list[UnitOnDay]:
    """By kind as in KINDS, within it by name in Vietnamese order."""
    return sorted(units, key=lambda unit: (_rank(unit.kind), vietnamese_key(unit.name), unit.code))


def full_name(db: Session, unit_id: int, day: date) -> str:
    """The name with those of the units above, e.g. “Phường Bắc Giang, Thành phố Bắc Ninh”; "" for an unknown id."""
    return full_names(db, [unit_id], day).get(unit_id, "")


def full_names(db: Session, unit_ids: Collection[int], day: date) -> dict[int, str]:
    """`full_name` for many at once. A closed unit is named as it was last, with what stood above it then."""
    lives = _lives_with_all_above(db, unit_ids)
    return {unit_id: name for unit_id in unit_ids if (name := joined_name(lives, unit_id, day))}


def joined_name(lives: Mapping[int, Sequence[UnitOnDay]], unit_id: int, day: date) -> str:
    """`full_name` from lives that were read before; "" for a unit that is not among them."""
    words, above, on = [], lives.get(unit_id), day
    while above:
        version = version_for(above, on)
        words.append(version.name)
        on = version.nearest_day(on)
        above = None if version.parent_id is None else lives.get(version.parent_id)
    return ", ".join(words)


def former_province_stays(
    db: Session, unit_ids: Collection[int], province_code: str
) -> dict[int, list[tuple[date, date | None]]]:
    """When each unit counted in that former province: half-open intervals, in order, never touching each other.

    A unit counts in it while it, or a unit above it on that day's tree, bears that former province code; a unit that
    never did is left out.
    """
    db.flush()
    rows = _FORMER_PROVINCE.all(db, unit_ids=sorted(set(unit_ids)), province=province_code)
    spans: dict[int, list[tuple[date, date]]] = {}
    for unit_id, closure_from, closure_to, version_from, version_to in rows:
        since, until = max(closure_from, version_from), min(closure_to or date.max, version_to or date.max)
        if since < until:
            spans.setdefault(unit_id, []).append((since, until))
    return {unit_id: _joined(some) for unit_id, some in spans.items()}


def tree_on(db: Session, day: date, kinds: Collection[str] = KINDS) -> list[UnitNode]:
    """The units in force that day, nested, in the order of `in_order`; empty before the first day of the tables.

    `kinds` leaves the other kinds out, e.g. the thousands of villages and schools below the communes.
    """
    units = in_order(listed(db, unit_versions().where(in_force(day), UnitVersion.kind.in_(kinds))))
    present = {unit.unit_id for unit in units}
    under: dict[int | None, list[UnitOnDay]] = {}
    for unit in units:
        under.setdefault(unit.parent_id if unit.parent_id in present else None, []).append(unit)

    def node(unit: UnitOnDay) -> UnitNode:
        children = tuple(node(child) for child in under.get(unit.unit_id, ()))
        below = Counter(child.unit.kind for child in children)
        for child in children:
            below.update(child.below)
        return UnitNode(unit, children, below)

    return [node(unit) for unit in under.get(None, ())]


def count_by_kind(nodes: Iterable[UnitNode]) -> dict[str, int]:
    """How many units of each kind a tree holds, kinds in their order."""
    counts: Counter[str] = Counter()
    for node in nodes:
        counts[node.unit.kind] += 1
        counts.update(node.below)
    return {kind: counts[kind] for kind in sorted(counts, key=_rank)}


def search_units(
    db: Session, text: str, day: date, limit: int = 40, within: Select[int] | None = None
) -> list[UnitHit]:
    """Units whose name at any time contains `text`, or whose code is `text`; marks may be left out.

    `within`: the ids of those to search, all if it is not given.
    Names with exactly these marks come first, then what is in force on `day`, then names that begin with the text.
    """
    wanted, folded = nfc(text).lower(), fold(text)
    if not folded:
        return []
    fits = or_(UnitVersion.folded_name.contains(folded, autoescape=True), UnitVersion.code == nfc(text))
    if within is not None:
        fits = and_(fits, UnitVersion.unit_id.in_(within))
    # The same order as below, as near as the database can tell it: of “thôn” only the first few are worth a look.
    in_title = wanted[:1].upper() + wanted[1:]
    marked = or_(*(UnitVersion.name.contains(one, autoescape=True) for one in (wanted, in_title, wanted.title())))
    bare = func.substr(UnitVersion.folded_name, func.length(UnitVersion.type_name) + 2)
    begins = or_(*(name.startswith(folded, autoescape=True) for name in (bare, UnitVersion.folded_name)))
    likeliest = (
        or_(marked, UnitVersion.code == nfc(text)).desc(), in_force(day).desc(), begins.desc(),
        UnitVersion.folded_name, UnitVersion.id,
    )  # fmt: skip
    some = unit_versions().where(fits).order_by(None).order_by(*likeliest).limit(_LOOKED_AT * limit)
    best: dict[int, UnitOnDay] = {}
    for unit in sorted(listed(db, some), key=lambda unit: unit.valid_from):
        if unit.unit_id not in best or unit.valid_from <= day:
            best[unit.unit_id] = unit

    def rank(unit: UnitOnDay) -> tuple[bool, bool, bool, Any]:
        bare_name = unit.name.lower().removeprefix(unit.type_name.lower() + " ")
        return (
            wanted not in unit.name.lower() and wanted != unit.code.lower(), not holds(unit, day),
            not fold(bare_name).startswith(folded), vietnamese_key(bare_name),
        )  # fmt: skip

    found = sorted(best.values(), key=rank)[:limit]
    now = heirs_on(db, [unit.unit_id for unit in found if not holds(unit, day)], day)
    parents = lives_of(db, {unit.parent_id for unit in found if unit.parent_id is not None})
    return [
        UnitHit(
            unit,
            holds(unit, day),
            _name_then(parents.get(unit.parent_id or 0), unit.nearest_day(day)),
            now.get(unit.unit_id),
        )
        for unit in found
    ]


def heirs_on(db: Session, unit_ids: Collection[int], day: date) -> dict[int, UnitOnDay]:
    """For units of the past: themselves under the name of that day, or the unit in force they now count under."""
    above = db.execute(
        select(UnitClosure.descendant_id, UnitClosure.ancestor_id)
        .where(UnitClosure.descendant_id.in_(unit_ids), UnitClosure.carried != "before", closure_on(day))
        .order_by(UnitClosure.depth)
    ).all()
    living = {
        unit_id: version
        for unit_id, version in units_by_id(db, {ancestor_id for _unit_id, ancestor_id in above}, day).items()
        if holds(version, day)
    }
    heirs: dict[int, UnitOnDay] = {}
    for unit_id, ancestor_id in above:
        if ancestor_id in living:
            heirs.setdefault(unit_id, living[ancestor_id])
    return heirs


def _lives_with_all_above(db: Session, unit_ids: Collection[int]) -> dict[int, list[UnitOnDay]]:
    lives: dict[int, list[UnitOnDay]] = {}
    wanted = set(unit_ids)
    while wanted:
        found = lives_of(db, wanted)
        lives |= found
        wanted = {version.parent_id for life in found.values() for version in life if version.parent_id} - lives.keys()
    return lives


def _joined(spans: list[tuple[date, date]]) -> list[tuple[date, date | None]]:
    joined: list[tuple[date, date]] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return [(since, None if until == date.max else until) for since, until in joined]


def holds(unit: UnitOnDay, day: date) -> bool:
    return unit.valid_from <= day and (unit.valid_to is None or unit.valid_to > day)


def _name_then(life: Sequence[UnitOnDay] | None, day: date) -> str:
    return version_for(life, day).name if life else ""


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)
