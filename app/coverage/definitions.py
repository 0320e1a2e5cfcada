"""Indicator versions as values the rules can work with."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.i18n import lazy as _
from app.coverage.models import Indicator, IndicatorVersion


@dataclass(frozen=True)
class Target:
    """A milestone of the plan; `value` in percent for people, `operator` >= or >."""

    year: int
    operator: str
    value: float

    def met_by(self, numerator: int, denominator: int) -> bool:
        """Compared in integers before any rounding: 99,96 % shown as 100 % is not met."""
        reached, wanted = numerator * 100, self.value * denominator
        return reached > wanted if self.operator == ">" else reached >= wanted


@dataclass(frozen=True)
class Definition:
    """How one indicator version is counted."""

    version_id: int
    code: str
    number: int
    name: str
    plan: str
    source_section: str
    note: str
    audience: str | None
    former_province: str | None
    tags: frozenset[str]
    programmes: frozenset[str]
    courses: frozenset[str]
    how: frozenset[str]
    targets: tuple[Target, ...]
    first_year: int
    last_year: int | None

    def covers_year(self, year: int) -> bool:
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)

    def target_of(self, year: int) -> Target | None:
        """Annual indicators: the latest milestone reached, none before the first (DESIGN 5, reading 7)."""
        reached = [target for target in self.targets if target.year <= year]
        return max(reached, key=lambda target: target.year, default=None)


def definitions(db: Session, code: str | None = None) -> list[Definition]:
    """All versions of computed indicators counted in people, or those of one indicator, oldest first."""
    query = (
        select(IndicatorVersion, Indicator)
        .join(Indicator, Indicator.code == IndicatorVersion.indicator_code)
        .where(IndicatorVersion.figure_source == "computed", IndicatorVersion.measure == "people")
        .order_by(IndicatorVersion.indicator_code, IndicatorVersion.number)
    )
    if code:
        query = query.where(IndicatorVersion.indicator_code == code)
    return [_definition(version, indicator) for version, indicator in db.execute(query)]


def definition_for(db: Session, code: str, year: int) -> Definition:
    """The version in force for a year; raises NotFound."""
    fitting = [definition for definition in definitions(db, code) if definition.covers_year(year)]
    if not fitting:
        raise NotFound(_("Không có chỉ tiêu %(code)s cho năm %(year)s."), code=code, year=year)
    return fitting[-1]


def _definition(version: IndicatorVersion, indicator: Indicator) -> Definition:
    counts: dict[str, Any] = version.counts
    return Definition(
        version_id=version.id, code=indicator.code, number=version.number, name=indicator.name, plan=indicator.plan,
        source_section=indicator.source_section, note=indicator.note,
        audience=version.audience_code, former_province=version.former_province_code,
        tags=frozenset(counts["tags"]), programmes=frozenset(counts["programmes"]),
        courses=frozenset(counts["courses"]), how=frozenset(counts["how"]),
        targets=tuple(Target(item["year"], item["operator"], item["value"]) for item in version.targets),
        first_year=version.valid_from_year, last_year=version.valid_to_year,
    )  # fmt: skip
