"""The training tasks of the plan, as shipped in data/programmes.csv (data/README.md says how they were cleaned)."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.catalogue.models import Programme

# The plan says this sum at the head of its table IV; its own rows add up to less (17.150). Kept, never corrected.
STATED_BUDGET_MILLION = 23_950

_FILE = Path(__file__).parent / "data" / "programmes.csv"
_COLUMNS = ("code", "task_no", "title", "audience_text", "lead", "delivery", "source")


def seed_programmes(db: Session) -> None:
    """Add the programmes that are missing; one already here is left as it is."""
    present = set(db.scalars(select(Programme.code)))
    missing = [{name: row[name] for name in _COLUMNS} for row in _rows() if row["code"] not in present]
    if missing:
        db.execute(insert(Programme), missing)


@dataclass(frozen=True)
class ProgrammePlan:
    """One task as the plan gives it; `budget_million` is in million đồng.

    `lead` is today's name of the agency in charge, `plan_lead` the plan's; the change took effect on `lead_since`, None
    where the name stayed or the day is unknown.
    """

    code: str
    task_no: str
    group: str
    title: str
    audience_text: str
    size_text: str
    delivery: str
    delivery_text: str
    period: str
    annual: bool
    lead: str
    plan_lead: str
    lead_since: date | None
    budget_million: int | None
    budget_text: str
    source: str


@lru_cache(maxsize=1)
def plans() -> tuple[ProgrammePlan, ...]:
    """All tasks in the order of the plan's table IV."""
    told = ("code", "task_no", "group", "title", "audience_text", "size_text", "delivery", "delivery_text", "period",
            "lead", "plan_lead", "budget_text", "source")  # fmt: skip
    return tuple(
        ProgrammePlan(
            **{name: row[name] for name in told},
            annual=row["annual"] == "1",
            lead_since=date.fromisoformat(row["lead_since"]) if row["lead_since"] else None,
            budget_million=int(row["budget_million"]) if row["budget_million"] else None,
        )
        for row in _rows()
    )


def shipped_codes() -> frozenset[str]:
    """Codes a course folder may name, known without a database."""
    return frozenset(row["code"] for row in _rows())


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, str], ...]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
