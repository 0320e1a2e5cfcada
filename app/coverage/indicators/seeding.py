"""Loads the indicators and declared figures the product ships, and refuses data that leaves anything unresolved."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Programme
from app.core import clock
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.coverage.indicators import plan_data
from app.coverage.indicators.definitions import FIGURE_SOURCES
from app.coverage.indicators.plan_data import PlanRow, Population
from app.coverage.models import DeclaredFigure, Indicator, IndicatorVersion
from app.identity.models import Audience, Unit, UnitVersion
from app.identity.units.unit_queries import KINDS
from app.learning.completions import HOW

_MEASURES = {"people", "units", "yes_no", "none"}
_RECURRENCES = {"annual", "cumulative_ever", "cumulative_valid", "none"}
_DENOMINATORS = {"roster", "declared", "none"}
_TARGET_UNITS = {"percent", "count", "yes_no"}
_OPERATORS = {">=", ">", "=", "~"}


def seed_indicators(db: Session) -> None:
    """Add what is missing; versions and figures that exist stay, and an indicator people have defined anew is theirs.

    Raises CommandFailed on a code that names nothing.
    """
    document = plan_data.document()
    known: dict[str, set[Any]] = {
        "audience": set(db.scalars(select(Audience.code))),
        "programme": set(db.scalars(select(Programme.code))),
        "former_province": set(db.scalars(select(UnitVersion.former_province_code).distinct())),
    }
    problems = problems_of(document, plan_data.plan_rows(), plan_data.populations(), known)
    if problems:
        raise CommandFailed(_("Dữ liệu chỉ tiêu chưa rõ: %(problems)s"), problems="; ".join(problems))
    of_people = set(db.scalars(select(IndicatorVersion.indicator_code).where(IndicatorVersion.account_id.is_not(None))))
    for position, row in enumerate(document["indicators"], start=1):
        if row["code"] not in of_people:
            _seed_indicator(db, position, row, document["plans"])
    _seed_figures(db)


def problems_of(
    document: dict[str, Any], rows: Iterable[PlanRow], populations: dict[str, Population], known: dict[str, set[Any]]
) -> list[str]:
    """Everything in the shipped tables that resolves to nothing or contradicts itself; empty when all is settled.

    `known`: the codes of audiences, programmes and former provinces the database holds.
    """
    indicators = {row["code"]: row for row in document["indicators"]}
    found = [problem for row in document["indicators"] for problem in _version_problems(row, document, known)]
    targets = {
        (row["code"], target["year"]): (target["operator"], target["value"])
        for row in document["indicators"]
        for target in row["versions"][-1]["targets"]
    }
    for row in rows:
        if row.indicator not in indicators:
            found.append(f"{row.code}: no indicator {row.indicator}")
            continue
        version = indicators[row.indicator]["versions"][-1]
        if row.decision != version["figure_source"] or row.recurrence != version["recurrence"]:
            found.append(f"{row.code}: decided otherwise than {row.indicator}")
        if row.value is not None and targets.pop((row.indicator, row.year), None) != (row.operator, row.value):
            found.append(f"{row.code}: target differs from {row.indicator}")
    found += [f"{code}: target of {year} stands in no row of the plans" for code, year in targets]
    for row in document["indicators"]:
        for version in row["versions"]:
            if version["denominator"] == "declared" and version.get("population") not in populations:
                found.append(f"{row['code']}: no population {version.get('population')}")
    found += [f"{code}: both an indicator and a population" for code in indicators.keys() & populations.keys()]
    return found


def _version_problems(row: dict[str, Any], document: dict[str, Any], known: dict[str, set[Any]]) -> list[str]:
    found: list[str] = []

    def must(given: Iterable[Any], allowed: Iterable[Any], what: str) -> None:
        found.extend(f"{row['code']}: no {what} {one}" for one in given if one not in allowed)

    must([row["code"].split("-")[0]], document["plans"], "plan")
    for version in row["versions"]:
        counts = version.get("counts", {})
        must([version["measure"]], _MEASURES, "measure")
        must([version["recurrence"]], _RECURRENCES, "recurrence")
        must([version["denominator"]], _DENOMINATORS, "denominator")
        must([version["figure_source"]], FIGURE_SOURCES, "figure source")
        must([version["target_unit"]], _TARGET_UNITS, "target unit")
        must((target["operator"] for target in version["targets"]), _OPERATORS, "operator")
        must(version.get("audiences", ()), known["audience"], "audience")
        must(version.get("unit_kinds", ()), KINDS, "kind of unit")
        must(counts.get("tags", ()), document["tags"], "tag")
        must(counts.get("programmes", ()), known["programme"], "programme")
        must(counts.get("how", ()), HOW, "way to complete")
        if version["former_province"] is not None:
            must([version["former_province"]], known["former_province"], "former province")
        if version["figure_source"] == "computed" and not counts:
            found.append(f"{row['code']}: computed from nothing")
    return found


def _seed_indicator(db: Session, position: int, row: dict[str, Any], plans: dict[str, str]) -> None:
    indicator = db.get(Indicator, row["code"])
    if indicator is None:
        indicator = Indicator(code=row["code"])
        db.add(indicator)
    # Words may be put better with a new release; how it is counted changes with a new version only.
    indicator.position, indicator.title, indicator.name = position, row["title"], row["name"].strip()
    indicator.plan, indicator.source_section = plans[row["code"].split("-")[0]], row["source_section"]
    indicator.note = row["note"].strip()
    db.flush()
    numbers = set(db.scalars(select(IndicatorVersion.number).where(IndicatorVersion.indicator_code == indicator.code)))
    for version in row["versions"]:
        if version["number"] not in numbers:
            db.add(_version(indicator.code, version))


def _version(code: str, row: dict[str, Any]) -> IndicatorVersion:
    return IndicatorVersion(
        indicator_code=code, number=row["number"], measure=row["measure"], audiences=row.get("audiences", []),
        unit_kinds=row.get("unit_kinds", []), former_province_code=row["former_province"],
        recurrence=row["recurrence"], denominator=row["denominator"], population_code=row.get("population"),
        figure_source=row["figure_source"], is_partial=row.get("is_partial", False), counts=row.get("counts", {}),
        target_unit=row["target_unit"], targets=row["targets"], valid_from_year=row["valid_from_year"],
        valid_to_year=row.get("valid_to_year"), recorded_at=clock.now(),
    )  # fmt: skip


def _seed_figures(db: Session) -> None:
    """The numbers the plan gives, once, declared by nobody."""
    units = dict(db.execute(select(Unit.key, Unit.id).where(Unit.key.like("p%"))).all())
    present = {
        tuple(row)
        for row in db.execute(
            select(DeclaredFigure.subject, DeclaredFigure.unit_id, DeclaredFigure.as_of).where(
                DeclaredFigure.account_id.is_(None)
            )
        )
    }
    for figure in plan_data.plan_figures():
        unit_id = units[figure.unit_key]
        if (figure.population, unit_id, figure.as_of) in present:
            continue
        # The plan often gives no more than a year: what it wrote goes with the source.
        source = f"{figure.source} ({figure.plan_date})"
        db.add(
            DeclaredFigure(
                subject=figure.population, unit_id=unit_id, as_of=figure.as_of, value=figure.value,
                is_approximate=figure.is_approximate, source=source, recorded_at=clock.now(),
            )
        )  # fmt: skip
