"""The province's units as shipped."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.events import emit
from app.core.text import fold, nfc
from app.identity.events import UnitsReorganised
from app.identity.models import Audience, Unit, UnitEdge, UnitVersion
from app.identity.units.closure_table import rebuild_closure

DATA = Path(__file__).parent.parent / "data"


def seed_units(db: Session) -> None:
    """Load the units, lineage and audiences of data/*.csv that are missing; a unit already here is left as it is.

    The tables and their sources are described in data/README.md.
    """
    _seed_audiences(db)
    present = set(db.scalars(select(Unit.key)))
    versions = [row for row in _read("unit_versions.csv") if row["unit_key"] not in present]
    if not versions:
        return
    now = clock.now()
    new_keys = list(dict.fromkeys(row["unit_key"] for row in versions))
    db.execute(insert(Unit), [{"key": key, "created_at": now} for key in new_keys])
    unit_ids: dict[str, int | None] = {key: unit_id for unit_id, key in db.execute(select(Unit.id, Unit.key))}
    unit_ids[""] = None
    db.execute(insert(UnitVersion), [_version_values(row, unit_ids, now) for row in versions])
    db.execute(
        insert(UnitEdge),
        [
            _edge_values(row, unit_ids, now)
            for row in _read("unit_edges.csv")
            if row["from_key"] not in present or (row["to_key"] or row["from_key"]) not in present
        ],
    )
    rebuild_closure(db)
    emit(db, UnitsReorganised(tuple(unit_id for key in new_keys if (unit_id := unit_ids[key]) is not None)))


def _seed_audiences(db: Session) -> None:
    present = set(db.scalars(select(Audience.code)))
    missing = [row for row in _read("audiences.csv") if row["code"] not in present]
    if missing:
        db.execute(insert(Audience), missing)


def _version_values(row: dict[str, str], unit_ids: dict[str, int | None], now: datetime) -> dict[str, object]:
    return {
        "unit_id": unit_ids[row["unit_key"]], "code": row["code"], "name": nfc(row["name"]),
        "folded_name": fold(row["name"]), "kind": row["kind"], "type_name": row["type"],
        "parent_id": unit_ids[row["parent_key"]], "former_province_code": row["former_province_code"] or None,
        "valid_from": date.fromisoformat(row["valid_from"]), "valid_to": _day_or_none(row["valid_to"]),
        "resolution": row["resolution"], "source": row["source"], "recorded_at": now,
    }  # fmt: skip


def _edge_values(row: dict[str, str], unit_ids: dict[str, int | None], now: datetime) -> dict[str, object]:
    return {
        "effective_on": date.fromisoformat(row["effective_on"]), "from_unit_id": unit_ids[row["from_key"]],
        "to_unit_id": unit_ids[row["to_key"]], "flags": row["kind"],
        "share": float(row["share"]) if row["share"] else None,
        "resolution": row["resolution"], "confidence": row["confidence"], "source": row["source"], "recorded_at": now,
    }  # fmt: skip


def _read(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as table:
        yield from csv.DictReader(table)


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
