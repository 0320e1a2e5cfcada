"""The training tasks of the plan, as shipped in data/programmes.csv (data/README.md says how they were cleaned)."""

import csv
from functools import lru_cache
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.catalogue.models import Programme

_FILE = Path(__file__).parent / "data" / "programmes.csv"
_COLUMNS = ("code", "task_no", "title", "audience_text", "lead", "delivery", "source")


def seed_programmes(db: Session) -> None:
    """Add the programmes that are missing; one already here is left as it is."""
    present = set(db.scalars(select(Programme.code)))
    missing = [{name: row[name] for name in _COLUMNS} for row in _rows() if row["code"] not in present]
    if missing:
        db.execute(insert(Programme), missing)


def shipped_codes() -> frozenset[str]:
    """Codes a course folder may name, known without a database."""
    return frozenset(row["code"] for row in _rows())


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, str], ...]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
