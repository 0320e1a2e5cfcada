"""Loads the indicators the product ships (data/indicators.yaml)."""

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.coverage.models import Indicator, IndicatorVersion
from app.identity.models import Audience

_FILE = Path(__file__).parent / "data" / "indicators.yaml"


def seed_indicators(db: Session) -> None:
    """Add what is missing; raises CommandFailed on a code that resolves to nothing. Versions that exist stay."""
    audiences = set(db.scalars(select(Audience.code)))
    for row in yaml.safe_load(_FILE.read_text(encoding="utf-8")):
        if db.get(Indicator, row["code"]) is None:
            db.add(
                Indicator(
                    code=row["code"], plan=row["plan"], name=row["name"].strip(), source_section=row["source_section"],
                    note=row["note"].strip(),
                )
            )  # fmt: skip
            db.flush()
        for version in row["versions"]:
            _seed_version(db, row["code"], version, audiences)


def _seed_version(db: Session, code: str, row: dict[str, Any], audiences: set[str]) -> None:
    exists = select(IndicatorVersion.id).where(
        IndicatorVersion.indicator_code == code, IndicatorVersion.number == row["number"]
    )
    if db.scalar(exists):
        return
    if row["audience"] not in audiences:
        raise CommandFailed(
            _("Chỉ tiêu %(code)s dùng nhóm đối tượng chưa có: %(audience)s"), code=code, audience=row["audience"]
        )
    db.add(
        IndicatorVersion(
            indicator_code=code, number=row["number"], measure=row["measure"], audience_code=row["audience"],
            former_province_code=row["former_province"], recurrence=row["recurrence"], denominator=row["denominator"],
            figure_source=row["figure_source"], counts=row["counts"], targets=row["targets"],
            valid_from_year=row["valid_from_year"], valid_to_year=row["valid_to_year"], recorded_at=clock.now(),
        )
    )  # fmt: skip
