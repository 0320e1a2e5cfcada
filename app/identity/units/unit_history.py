"""What a unit was called over time, what it was made of and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.i18n import lazy as _
from app.core.text import vietnamese_key
from app.identity.models import UnitEdge, UnitVersion
from app.identity.units.unit_queries import UnitOnDay, bearers_of, children_on, holds, lives_of, unit_on, version_for

_EVE = timedelta(days=1)
_FLAGS = {
    "merged": _("sáp nhập"),
    "renamed": _("mang tên mới"),
    "absorbed": _("nhận thêm đơn vị khác"),
    "split": _("chia tách"),
    "type_changed": _("đổi loại"),
    "district_moved": _("chuyển huyện"),
    "district_renamed": _("huyện đổi tên hoặc đổi loại"),
    "district_abolished": _("không còn cấp huyện"),
    "province_changed": _("sang tỉnh mới"),
    "province_renamed": _("tỉnh đổi tên"),
    "moved": _("chuyển cấp trên"),
    "unchanged": _("không đổi"),
    "dissolved": _("kết thúc"),
}
# Said of everything around the unit on such a day, not of the unit itself.
_SURROUNDINGS = {"district_abolished", "district_renamed", "province_changed", "province_renamed"}
_CONFIDENCE = {"date_unverified": _("ngày chưa xác minh"), "unverified": _("chưa xác minh")}


@dataclass(frozen=True)
class NamedVersion:
    """One stretch of a unit's life, with the unit above it at its beginning and the act that began it."""

    unit: UnitOnDay
    parent: UnitOnDay | None
    resolution: str


@dataclass(frozen=True)
class Relation:
    """A unit this one came from (as it was on the eve) or went into (as it was on the day).

    `is_part`: only a part went over; the unit it was taken from lived on.
    """

    unit: UnitOnDay
    parent: UnitOnDay | None
    on: date
    flags: tuple[str, ...]
    resolution: str
    confidence: str
    is_part: bool = False

    @property
    def district(self) -> str:
        """The name of its district; "" if it stood under none."""
        return self.parent.name if self.parent is not None and self.parent.kind == "district" else ""

    @property
    def words(self) -> str:
        """How it went, in the reader's words."""
        if self.is_part:
            return str(_("tách một phần"))
        own = [flag for flag in self.flags if flag not in _SURROUNDINGS] or self.flags
        return ", ".join(str(_FLAGS.get(flag, flag)) for flag in own)

    @property
    def doubt(self) -> str:
        """What nobody has verified yet; "" if nothing is in doubt."""
        return str(_CONFIDENCE.get(self.confidence, ""))


@dataclass(frozen=True)
class Link:
    """On `on`, the one unit went into the other."""

    source_id: int
    target_id: int
    on: date


@dataclass(frozen=True)
class LineageUnit:
    """A unit somewhere up or down the lineage: its name on the side of the unit asked about, and its whole life."""

    unit_id: int
    name: str
    parent_name: str
    side: Literal["before", "self", "after"]
    began_on: date
    last_day: date | None


@dataclass(frozen=True)
class UnitHistory:
    """Everything about the unit that bears a code on a day."""

    on: date
    unit: UnitOnDay
    parent: UnitOnDay | None
    children: Sequence[UnitOnDay]
    versions: Sequence[NamedVersion]
    predecessors: Sequence[Relation]
    successors: Sequence[Relation]
    lineage: Sequence[LineageUnit]
    links: Sequence[Link]
    ended_by: str  # the act by which it went into others or ended; "" if there was none
    # Versions of other units that bear or bore the same code, in order of time.
    other_bearers: Sequence[UnitOnDay]

    @property
    def ended_on(self) -> date | None:
        """The unit's last day; None while it lives."""
        return self.versions[-1].unit.last_day


def history(db: Session, code: str, day: date) -> UnitHistory | None:
    """The history of the unit that bears the code that day; None if none does."""
    unit = unit_on(db, code, day)
    if unit is None:
        return None
    before, after = _follow(db, unit.unit_id, back=True), _follow(db, unit.unit_id, back=False)
    links = before + after
    lives = lives_of(db, {unit.unit_id} | {unit_id for link in links for unit_id in (link.source_id, link.target_id)})
    lives |= lives_of(db, {version.parent_id for life in lives.values() for version in life if version.parent_id})
    edges = _edges_of(db, unit.unit_id)
    return UnitHistory(
        on=day,
        unit=unit,
        parent=_parent(unit, lives, day),
        children=children_on(db, unit.unit_id, day),
        versions=_named(db, lives[unit.unit_id], lives),
        predecessors=_relations((edge for edge in edges if edge.to_unit_id == unit.unit_id), lives, before=True),
        successors=_relations((edge for edge in edges if edge.from_unit_id == unit.unit_id), lives, before=False),
        lineage=_lineage(unit, before, after, lives),
        links=links,
        ended_by=next((edge.resolution for edge in reversed(edges) if edge.from_unit_id == unit.unit_id), ""),
        other_bearers=[bearer for bearer in bearers_of(db, code) if bearer.unit_id != unit.unit_id],
    )


def _follow(db: Session, unit_id: int, *, back: bool) -> list[Link]:
    """All links on one side of the unit, generation by generation; a unit's links to itself left out."""
    near = UnitEdge.to_unit_id if back else UnitEdge.from_unit_id
    links: list[Link] = []
    seen: set[int] = set()
    frontier = {unit_id}
    while frontier:
        seen |= frontier
        found = [
            Link(source_id, target_id, on)
            for source_id, target_id, on in db.execute(
                select(UnitEdge.from_unit_id, UnitEdge.to_unit_id, UnitEdge.effective_on)
                .where(near.in_(frontier), UnitEdge.from_unit_id != UnitEdge.to_unit_id)
                .order_by(UnitEdge.effective_on, UnitEdge.id)
            )
            if target_id is not None
        ]
        links += found
        frontier = {link.source_id if back else link.target_id for link in found} - seen
    return links


def _edges_of(db: Session, unit_id: int) -> Sequence[UnitEdge]:
    """The lineage rows from another unit, to another unit, or to nothing."""
    return db.scalars(
        select(UnitEdge)
        .where(or_(UnitEdge.from_unit_id == unit_id, UnitEdge.to_unit_id == unit_id))
        .where(UnitEdge.to_unit_id.is_distinct_from(UnitEdge.from_unit_id))
        .order_by(UnitEdge.effective_on)
    ).all()


def _relations(edges: Iterable[UnitEdge], lives: Mapping[int, Sequence[UnitOnDay]], *, before: bool) -> list[Relation]:
    relations = []
    for edge in edges:
        other_id = edge.from_unit_id if before else edge.to_unit_id
        if other_id is None:
            continue
        seen_on = edge.effective_on - _EVE if before else edge.effective_on
        other = version_for(lives[other_id], seen_on)
        parent, flags = _parent(other, lives, seen_on), tuple(edge.flags.split("|"))
        is_part = any(holds(version, edge.effective_on) for version in lives[edge.from_unit_id])
        relations.append(Relation(other, parent, edge.effective_on, flags, edge.resolution, edge.confidence, is_part))
    return sorted(relations, key=lambda relation: (relation.on, vietnamese_key(relation.unit.name)))


def _named(db: Session, life: Sequence[UnitOnDay], lives: Mapping[int, Sequence[UnitOnDay]]) -> list[NamedVersion]:
    own = select(UnitVersion.valid_from, UnitVersion.resolution).where(UnitVersion.unit_id == life[0].unit_id)
    resolutions = {row.valid_from: row.resolution for row in db.execute(own)}
    return [
        NamedVersion(version, _parent(version, lives, version.valid_from), resolutions[version.valid_from])
        for version in life
    ]


def _parent(unit: UnitOnDay, lives: Mapping[int, Sequence[UnitOnDay]], day: date) -> UnitOnDay | None:
    return None if unit.parent_id is None else version_for(lives[unit.parent_id], unit.nearest_day(day))


def _lineage(
    unit: UnitOnDay, before: Collection[Link], after: Collection[Link], lives: Mapping[int, Sequence[UnitOnDay]]
) -> list[LineageUnit]:
    def of(version: UnitOnDay, side: Literal["before", "self", "after"]) -> LineageUnit:
        life, parent = lives[version.unit_id], _parent(version, lives, version.valid_from)
        name, parent_name = version.name, parent.name if parent else ""
        return LineageUnit(version.unit_id, name, parent_name, side, life[0].valid_from, life[-1].last_day)

    sources = {link.source_id: version_for(lives[link.source_id], link.on - _EVE) for link in before}
    targets = {link.target_id: version_for(lives[link.target_id], link.on) for link in after}
    # A unit that gave a part away and later took in whoever got it is among its own sources and targets.
    return [
        *(of(version, "before") for version in sources.values() if version.unit_id != unit.unit_id),
        of(unit, "self"),
        *(of(version, "after") for version in targets.values() if version.unit_id != unit.unit_id),
    ]
