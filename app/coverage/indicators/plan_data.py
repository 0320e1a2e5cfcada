"""The plans as shipped in data/: indicators, the rows they were settled from, populations. data/README.md says how."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class PlanRow:
    """One row of the plans' table and what was decided about it; `value` None where the plan gives no number."""

    code: str
    indicator: str
    year: int
    operator: str
    value: float | None
    unit: str
    decision: str
    measure: str
    source_recurrence: str
    recurrence: str
    source_population: str
    denominator: str
    note: str
    provenance: str


@dataclass(frozen=True)
class Population:
    """Something that can be counted and divided by; `counted_in` is the Vietnamese word of one of it, `supplier` the
    agency of that field, to be asked for numbers."""

    code: str
    plan_codes: str
    name: str
    counted_in: str
    former_province: str | None
    supplier: str
    note: str


@dataclass(frozen=True)
class PlanFigure:
    """A number the plan gives for a population; `plan_date` is the date as written, often just a year."""

    population: str
    unit_key: str
    as_of: date
    plan_date: str
    value: float
    is_approximate: bool
    source: str


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """indicators.yaml: {"tags": {code: name}, "plans": {prefix: name}, "indicators": […]}."""
    text = (_FOLDER / "indicators.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def tag_names() -> dict[str, str]:
    """What the tags that indicators count by mean."""
    return dict(document()["tags"])


@lru_cache(maxsize=1)
def plan_rows() -> tuple[PlanRow, ...]:
    return tuple(
        PlanRow(**row | {"year": int(row["year"]), "value": float(row["value"]) if row["value"] else None})  # type: ignore[arg-type]
        for row in _csv("plan_rows.csv")
    )


@lru_cache(maxsize=1)
def populations() -> dict[str, Population]:
    """By code."""
    names = ("code", "plan_codes", "name", "counted_in", "supplier", "note")
    return {
        row["code"]: Population(**{name: row[name] for name in names}, former_province=row["former_province"] or None)
        for row in _csv("populations.csv")
    }


@lru_cache(maxsize=1)
def plan_figures() -> tuple[PlanFigure, ...]:
    """Those populations the plan gives a number for."""
    return tuple(
        PlanFigure(
            row["code"], row["unit_key"], date.fromisoformat(row["as_of"]), row["plan_date"], float(row["value"]),
            row["is_approximate"] == "1", row["source"],
        )
        for row in _csv("populations.csv")
        if row["value"]
    )  # fmt: skip


def _csv(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
