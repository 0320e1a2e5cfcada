"""Indicator versions as values the rules can work with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.i18n import lazy as _
from app.coverage.models import Indicator, IndicatorVersion

# Named for people on the page and in exports.
FIGURE_SOURCES = {
    "computed": _("hệ thống tự tính"),
    "declared": _("đơn vị khai báo"),
    "survey": _("khảo sát, nhập tay"),
    "vneid": _("VNeID, nhập tay"),
    "not_measured": _("không đo"),
}


@dataclass(frozen=True)
class Target:
    """A milestone of the plan; `value` in the definition's unit, `operator` one of >= > = ~ (about: a forecast)."""

    year: int
    operator: str
    value: float

    def met_by(self, numerator: float, denominator: float) -> bool | None:
        """Percentages, compared before any rounding: 99,96 % shown as 100 % is not met. A forecast is never met."""
        return self._compare(numerator * 100, self.value * denominator)

    def met_by_count(self, count: float) -> bool | None:
        return self._compare(count, self.value)

    def _compare(self, reached: float, wanted: float) -> bool | None:
        if self.operator == "~":
            return None
        return reached > wanted if self.operator == ">" else reached >= wanted


@dataclass(frozen=True)
class Definition:
    """How one indicator version is counted (DESIGN 5); what each field may hold is said at IndicatorVersion."""

    version_id: int
    code: str
    number: int
    title: str
    name: str
    plan: str
    source_section: str
    note: str
    measure: str
    audiences: frozenset[str]
    unit_kinds: frozenset[str]
    former_province: str | None
    recurrence: str
    denominator: str
    population: str | None
    figure_source: str
    is_partial: bool
    is_counted: bool
    tags: frozenset[str]
    programmes: frozenset[str]
    courses: frozenset[str]
    how: frozenset[str]
    target_unit: str
    targets: tuple[Target, ...]
    first_year: int
    last_year: int | None

    @property
    def is_annual(self) -> bool:
        return self.recurrence == "annual"

    @property
    def is_while_valid(self) -> bool:
        """A completion counts until it expires (CompletionFact.valid_until)."""
        return self.recurrence == "cumulative_valid"

    @property
    def is_computed(self) -> bool:
        return self.figure_source == "computed"

    @property
    def is_declared(self) -> bool:
        """Somebody enters the result by hand: a unit, a survey, VNeID."""
        return self.figure_source in ("declared", "survey", "vneid")

    @property
    def is_declared_in_percent(self) -> bool:
        return self.figure_source in ("survey", "vneid")

    def covers_year(self, year: int) -> bool:
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)

    def entry_period(self, period: str) -> str:
        """What the ledger calls a period: the year for what is counted anew each year, "" for what counts once."""
        return period if self.is_annual else ""

    def target_of(self, year: int) -> Target | None:
        """Annual: the latest milestone reached, none before the first. Cumulative: the next one, and after the last it
        stays (DESIGN 5, reading 7). Never interpolated."""
        in_order = sorted(self.targets, key=lambda target: target.year)
        if self.is_annual:
            return next((target for target in reversed(in_order) if target.year <= year), None)
        return next((target for target in in_order if target.year >= year), in_order[-1] if in_order else None)


def definitions(db: Session, code: str | None = None, known_at: datetime | None = None) -> list[Definition]:
    """All versions of all indicators, or of one; in the order of the plans, versions oldest first.

    `known_at`: only those recorded by then. What the plans say is older than any installation and always known.
    """
    query = (
        select(IndicatorVersion, Indicator)
        .join(Indicator, Indicator.code == IndicatorVersion.indicator_code)
        .order_by(Indicator.position, IndicatorVersion.indicator_code, IndicatorVersion.number)
    )
    if code:
        query = query.where(IndicatorVersion.indicator_code == code)
    if known_at:
        came_with_the_plan = IndicatorVersion.account_id.is_(None) & (IndicatorVersion.number == 1)
        query = query.where(or_(came_with_the_plan, IndicatorVersion.recorded_at <= known_at))
    return [as_definition(version, indicator) for version, indicator in db.execute(query)]


def counted(found: Iterable[Definition]) -> list[Definition]:
    """Those the ledger keeps entries for."""
    return [definition for definition in found if definition.is_counted]


def in_year(found: Iterable[Definition], year: int) -> list[Definition]:
    """Of each indicator the version in force for a year; indicators that had not begun or have ended are left out.

    A version holds until the next one begins; of two that begin in the same year, the later one holds.
    """
    begun: dict[str, Definition] = {}
    for one in found:
        other = begun.get(one.code)
        if one.first_year <= year and (other is None or _order(one) > _order(other)):
            begun[one.code] = one
    return [one for one in begun.values() if one.covers_year(year)]


def to_speak_of(found: Iterable[Definition], year: int) -> dict[str, Definition]:
    """For each code the version in force for a year; before the first and after the last, the nearest one."""
    nearest: dict[str, Definition] = {}
    for one in sorted(found, key=_order):
        if one.code not in nearest or one.first_year <= year:
            nearest[one.code] = one
    return nearest


def definition_for(db: Session, code: str, year: int, known_at: datetime | None = None) -> Definition:
    """The version in force for a year; raises NotFound."""
    fitting = in_year(definitions(db, code, known_at), year)
    if not fitting:
        raise NotFound(_("Không có chỉ tiêu %(code)s cho năm %(year)s."), code=code, year=year)
    return fitting[0]


def _order(one: Definition) -> tuple[int, int]:
    return one.first_year, one.number


def as_definition(version: IndicatorVersion, indicator: Indicator) -> Definition:
    """The value of a row, stored or not."""
    counts: dict[str, Any] = version.counts
    return Definition(
        version_id=version.id, code=indicator.code, number=version.number, title=indicator.title or indicator.name,
        name=indicator.name, plan=indicator.plan, source_section=indicator.source_section, note=indicator.note,
        measure=version.measure, audiences=frozenset(version.audiences), unit_kinds=frozenset(version.unit_kinds),
        former_province=version.former_province_code, recurrence=version.recurrence, denominator=version.denominator,
        population=version.population_code, figure_source=version.figure_source, is_partial=version.is_partial,
        is_counted=bool(counts), tags=frozenset(counts.get("tags", ())),
        programmes=frozenset(counts.get("programmes", ())), courses=frozenset(counts.get("courses", ())),
        how=frozenset(counts.get("how", ())), target_unit=version.target_unit,
        targets=tuple(Target(item["year"], item["operator"], item["value"]) for item in version.targets),
        first_year=version.valid_from_year, last_year=version.valid_to_year,
    )  # fmt: skip
