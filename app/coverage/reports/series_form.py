"""B07: one indicator over three years on today's communes, whatever units there were then."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.counting.sums import members_on
from app.coverage.reports.frames import Cell
from app.identity.units import unit_queries

# The communes of today took effect on this day (Nghị quyết 1658/NQ-UBTVQH15).
COMMUNES_SINCE = date(2025, 7, 1)


def notes(indicator: str) -> tuple[str, ...]:
    return (
        f"Số người của chỉ tiêu {indicator} đến cuối mỗi năm (năm nay: đến ngày chốt). Số của các đơn vị cũ được cộng"
        " theo bảng quy đổi đơn vị, không chia, không lấy trung bình. “–”: năm ấy chưa có chỉ tiêu.",
    )


def series_rows(db: Session, indicator: str, unit_code: str, as_of: date, map_on: date) -> list[tuple[Cell, ...]]:
    """A row per commune below the unit, or the unit alone; three years, the last of them the year of `as_of`."""
    map_on = max(map_on, COMMUNES_SINCE)
    by_year = {year: _communes(db, indicator, unit_code, year, as_of, map_on) for year in _years(as_of)}
    known = next((found for found in reversed(by_year.values()) if found), {})
    origins = members_on(db, [one.unit_id for one in known.values()], COMMUNES_SINCE - timedelta(days=1))
    names = {
        unit_id: unit.name
        for unit_id, unit in unit_queries.units_by_id(
            db, {old for some in origins.values() for old in some}, COMMUNES_SINCE - timedelta(days=1)
        ).items()
    }
    rows: list[tuple[Cell, ...]] = []
    for number, (code, one) in enumerate(known.items(), start=1):
        old = sorted(names[unit_id] for unit_id in origins.get(one.unit_id, ()))
        values = [None if code not in found else found[code].numerator for found in by_year.values()]
        rows.append((number, one.unit_name, ", ".join(old) or None, *values, _how(len(old))))
    return rows


def _years(as_of: date) -> range:
    return range(as_of.year - 2, as_of.year + 1)


def _communes(
    db: Session, indicator: str, unit_code: str, year: int, as_of: date, map_on: date
) -> dict[str, Figure]:  # fmt: skip
    """By code; nothing for a year without the indicator."""
    question = Question(indicator, unit_code, min(as_of, date(year, 12, 31)), map_on, period=str(year))
    try:
        found = figure(db, question)
    except NotFound:
        return {}
    communes = [one for one in found.children if one.unit_kind == "commune"]
    return {one.unit_code: one for one in communes or [found]}


def _how(count: int) -> str | None:
    if count == 0:
        return None
    return "Giữ nguyên đơn vị" if count == 1 else f"Cộng số của {count} đơn vị cũ"
