"""Periods and half-months: pure rules of the calendar (DESIGN 5)."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_QUARTER_OR_HALF = re.compile(r"([0-9]{4})-(?:Q([1-4])|H([12]))")
_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
EARLIEST = 1900


@dataclass(frozen=True)
class Period:
    """A span of days, both of which belong to it; `code` names it: 2026, 2026-Q3, 2026-H1, 2026-03-15..2026-06-14.

    An indicator counted "hằng năm" is counted in the calendar year up to the span's last day, however long the span is.
    """

    code: str
    first: date
    last: date

    @property
    def year(self) -> int:
        """The calendar year the indicators of this period are counted in: that of the last day."""
        return self.last.year

    @property
    def year_began(self) -> date:
        return date(self.year, 1, 1)

    @property
    def is_whole_year(self) -> bool:
        return (self.first, self.last) == (self.year_began, date(self.year, 12, 31))

    def reference_date(self, as_of: date) -> date:
        """The earlier of the period's end and the as-of date: membership on that day decides."""
        return min(self.last, as_of)


def year_period(year: int) -> Period:
    return Period(str(year), date(year, 1, 1), date(year, 12, 31))


def period_named(code: str) -> Period:
    """The period a code names; raises ValueError for anything else."""
    if re.fullmatch("[0-9]{4}", code):
        return _checked(year_period(int(code)))
    if found := _QUARTER_OR_HALF.fullmatch(code):
        year, quarter, half = found.groups()
        return _months(code, int(year), 3 if quarter else 6, int(quarter or half))
    if found := _DAYS.fullmatch(code):
        return _checked(Period(code, *(date.fromisoformat(day) for day in found.groups())))
    return _refuse(code)


def customary(period: Period) -> Period:
    """The same quarter, half or year as state reporting closes it: from the 15th of the month before it begins to the
    14th of its last month. Any other span stays as it is.

    Custom, not law: 15/12–14/6 for the first half-year (domain/DOSSIER.md, Reports).
    """
    if _DAYS.fullmatch(period.code):
        return period
    first, last = (period.first - timedelta(days=1)).replace(day=15), period.last.replace(day=14)
    return Period(f"{first.isoformat()}..{last.isoformat()}", first, last)


def half_month(day: date) -> date:
    """First day of the half-month a day lies in: the 1st (1–14) or the 15th (15–end)."""
    return day.replace(day=1 if day.day < 15 else 15)


def is_last_of_half_month(day: date) -> bool:
    return half_month(day + timedelta(days=1)) != half_month(day)


def _months(code: str, year: int, length: int, number: int) -> Period:
    """The `number`-th stretch of `length` months of a year."""
    if year < EARLIEST:
        _refuse(code)
    end = length * number
    following = date(year + 1, 1, 1) if end == 12 else date(year, end + 1, 1)
    return Period(code, date(year, end - length + 1, 1), following - timedelta(days=1))


def _checked(period: Period) -> Period:
    # The day before the first and the year after the last are reckoned with.
    in_order = period.first.year >= EARLIEST and period.first <= period.last and period.last.year < date.max.year
    return period if in_order else _refuse(period.code)


def _refuse(code: str) -> Period:
    raise ValueError(code)
