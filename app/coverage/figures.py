"""The one function that computes a figure: a page, a CSV, a workbook and the command line show the same number."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.templating import format_date, format_number
from app.coverage.definitions import Definition, Target, definition_for
from app.coverage.models import CoveragePending
from app.coverage.periods import Period, period_named, year_period
from app.coverage.sums import Slice, Sums, above_on, members_on, sums_of_unborn, sums_under
from app.identity import unit_queries
from app.identity.unit_queries import UnitOnDay


@dataclass(frozen=True)
class Question:
    """What is asked: `on` is the as-of date; `map_on` chooses the unit tree; `known_at` what had been recorded."""

    indicator: str
    unit_code: str
    on: date
    map_on: date | None = None
    known_at: datetime | None = None
    period: str | None = None


@dataclass(frozen=True)
class Denominator:
    """People the numerator is divided by; `value` None means there is none and nothing is divided."""

    kind: str
    value: int | None
    as_of: date
    source: str
    text: str


@dataclass(frozen=True)
class Figure:
    """One indicator at one unit. `numerator` and `output` are whole people; `ratio` 0 to 1, or None."""

    definition: Definition
    unit_id: int
    unit_code: str
    unit_name: str
    unit_kind: str
    on: date
    map_on: date
    known_at: datetime | None
    period: Period
    output: int
    numerator: int
    denominator: Denominator
    target: Target | None
    flags: tuple[str, ...] = ()
    # Codes of the units this figure stands for together, when it cannot be told apart on this map.
    group: tuple[str, ...] = ()
    children: tuple["Figure", ...] = ()

    @property
    def ratio(self) -> float | None:
        return self.numerator / self.denominator.value if self.denominator.value else None

    @property
    def missing(self) -> int:
        return (self.denominator.value or 0) - self.numerator

    @property
    def met(self) -> bool | None:
        """None where there is nothing to compare."""
        if self.target is None or not self.denominator.value:
            return None
        return self.target.met_by(self.numerator, self.denominator.value)

    @property
    def reference_date(self) -> date:
        return self.period.reference_date(self.on)


def figure(db: Session, question: Question) -> Figure:
    """Raises NotFound for an unknown indicator or unit, Invalid for a period that is none."""
    period = _period(question)
    definition = definition_for(db, question.indicator, period.first.year)
    map_on = question.map_on or question.on
    unit = unit_queries.unit_on(db, question.unit_code, map_on)
    if unit is None:
        raise NotFound(
            _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(map_on), code=question.unit_code)
        )
    part = Slice(definition.version_id, period.code, period.reference_date(question.on), question.known_at)
    tree = _Tree(db, part, unit, map_on)

    def make(place: UnitOnDay, sums: Sums, group: tuple[str, ...] = (), name: str | None = None) -> Figure:
        return Figure(
            definition=definition, unit_id=place.unit_id, unit_code=place.code, unit_name=name or place.name,
            unit_kind=place.kind, on=question.on, map_on=map_on, known_at=question.known_at, period=period,
            output=sums.output, numerator=sums.coverage, denominator=_roster(sums, period.reference_date(question.on)),
            target=definition.target_of(period.first.year), group=group,
            flags=_flags(sums, torn=bool(group) or tree.is_torn(place.unit_id)),
        )  # fmt: skip

    whole = make(unit, *tree.own())
    children = tuple(make(*row) for row in tree.rows())
    flags = (*whole.flags, *(["pending"] if _has_pending(db) else []))
    return replace(whole, children=children, flags=flags)


def as_json(found: Figure, *, children: bool = True) -> dict[str, Any]:
    """The document `coverage show --json` prints (DESIGN 5)."""
    target = found.target
    document: dict[str, Any] = {
        "indicator": found.definition.code, "version": found.definition.number,
        "unit": found.unit_code, "unit_name": found.unit_name,
        "on": found.on.isoformat(), "map": found.map_on.isoformat(),
        "known_at": found.known_at.isoformat() if found.known_at else None, "period": found.period.code,
        "output": {"people": found.output},
        "coverage": {"numerator": found.numerator, "denominator": found.denominator.value, "ratio": found.ratio},
        "denominator": {
            "kind": found.denominator.kind, "as_of": found.denominator.as_of.isoformat(),
            "recorded_at": None, "source": found.denominator.source, "text": found.denominator.text,
        },
        "target": {"year": target.year, "operator": target.operator, "value": target.value} if target else None,
        "met": found.met, "flags": list(found.flags), "group": list(found.group),
    }  # fmt: skip
    if children:
        document["children"] = [as_json(child, children=False) for child in found.children]
    return document


class _Tree:
    """The unit asked for and its children on the map, with what counts under each."""

    def __init__(self, db: Session, part: Slice, unit: UnitOnDay, map_on: date) -> None:
        self.unit = unit
        self.children = unit_queries.children_on(db, unit.unit_id, map_on)
        self.unborn = sums_of_unborn(db, part, map_on)
        self.members = members_on(db, list(self.unborn), map_on) if self.unborn else {}
        self.groups = [group for group in _merge(self.members) if unit.unit_id in group[1]]
        needed = {unit.unit_id} | {child.unit_id for child in self.children}
        needed |= {member for _born, members in self.groups for member in members}
        self.sums = sums_under(db, part, needed, map_on)
        places = above_on(db, {member for members in self.members.values() for member in members}, map_on)
        self.places = {born: [places[member] for member in members] for born, members in self.members.items()}
        self.codes = {
            member: found.code
            for members in self.members.values()
            for member in members
            if (found := unit_queries.unit_by_id(db, member, map_on))
        }

    def own(self) -> tuple[Sums, tuple[str, ...]]:
        """A unit that went into a later one which has figures of its own is answered for by the whole group."""
        for born, members in self.groups:
            total = sum((self.sums.get(member, Sums()) for member in members), Sums())
            return sum((self.unborn[unit] for unit in born), total), self._codes(members)
        return self.sums.get(self.unit.unit_id, Sums()), ()

    def is_torn(self, unit_id: int) -> bool:
        """Whether a later unit with figures of its own was made partly, but not wholly, of what lies under this one."""
        return any(0 < sum(unit_id in place for place in places) < len(places) for places in self.places.values())

    def rows(self) -> list[tuple[UnitOnDay, Sums, tuple[str, ...], str | None]]:
        """The children; those that cannot be told apart as one row, what sits at the unit itself as another."""
        shown: list[tuple[UnitOnDay, Sums, tuple[str, ...], str | None]] = []
        by_id = {child.unit_id: child for child in self.children}
        grouped: set[int] = set()
        for born, members in _merge(self.members):
            if members and members <= by_id.keys():
                sums = sum((self.sums.get(member, Sums()) for member in members), Sums())
                sums = sum((self.unborn[unit] for unit in born), sums)
                first, *_others = members_in_order = sorted(members, key=lambda unit_id: by_id[unit_id].code)
                name = " + ".join(by_id[member].name for member in members_in_order)
                shown.append((by_id[first], sums, self._codes(members), name))
                grouped |= members
        singles = [
            (child, self.sums.get(child.unit_id, Sums()), (), None)
            for child in self.children
            if child.unit_id not in grouped
        ]
        rows = [*singles, *shown]
        direct = _minus(self.sums.get(self.unit.unit_id, Sums()), [sums for _unit, sums, _group, _name in rows])
        if direct and self.children:
            rows.append((self.unit, direct, (), _("Trực thuộc %(unit)s", unit=self.unit.name)))
        return rows

    def _codes(self, members: frozenset[int]) -> tuple[str, ...]:
        return tuple(sorted(self.codes[member] for member in members))


def _merge(members: dict[int, frozenset[int]]) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Groups that share a member are one: (later units, the units they were made of)."""
    groups: list[tuple[frozenset[int], frozenset[int]]] = []
    for unit_id, origins in sorted(members.items()):
        born, made_of = frozenset({unit_id}), origins
        apart = []
        for group in groups:
            if group[1] & made_of:
                born, made_of = born | group[0], made_of | group[1]
            else:
                apart.append(group)
        groups = [*apart, (born, made_of)]
    return groups


def _period(question: Question) -> Period:
    if question.period is None:
        return year_period(question.on.year)
    try:
        return period_named(question.period)
    except ValueError:
        raise Invalid(
            _("Kỳ “%(period)s” không hợp lệ. Hãy viết một năm, ví dụ 2026.", period=question.period)
        ) from None


def _roster(sums: Sums, reference: date) -> Denominator:
    if not sums.roster:
        return Denominator("roster", None, reference, _("Danh sách vị trí công tác"), _("chưa có mẫu số"))
    text = ngettext("%(people)s người", "%(people)s người", sums.roster, people=format_number(sums.roster))
    return Denominator(
        "roster", sums.roster, reference, _("Danh sách vị trí công tác"),
        _("%(people)s trong danh sách ngày %(day)s", people=text, day=format_date(reference)),
    )  # fmt: skip


def _flags(sums: Sums, *, torn: bool) -> tuple[str, ...]:
    flags = []
    if torn:
        flags.append("not_separable")
    if not sums.roster:
        flags.append("no_denominator")
    elif sums.coverage > sums.roster:
        flags.append("over_100")
    return tuple(flags)


def _minus(total: Sums, parts: list[Sums]) -> Sums:
    taken = sum(parts, Sums())
    return Sums(total.roster - taken.roster, total.coverage - taken.coverage, total.output - taken.output)


def _has_pending(db: Session) -> bool:
    return bool(db.scalar(select(func.count()).select_from(CoveragePending)))
