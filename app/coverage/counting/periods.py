"""Periods and half-months: pure rules of the calendar (DESIGN 5)."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """A calendar year; both days belong to it."""

    code: str
    first: date
    last: date

    def reference_date(self, as_of: date) -> date:
        """The earlier of the period's end and the as-of date: membership on that day decides."""
        return min(self.last, as_of)


def year_period(year: int) -> Period:
    return Period(str(year), date(year, 1, 1), date(year, 12, 31))


def period_named(code: str) -> Period:
    """The period a code such as "2026" names; raises ValueError for anything else."""
    if not (len(code) == 4 and code.isdigit() and code >= "1900"):
        raise ValueError(code)
    return year_period(int(code))


def half_month(day: date) -> date:
    """First day of the half-month a day lies in: the 1st (1–14) or the 15th (15–end)."""
    return day.replace(day=1 if day.day < 15 else 15)


def is_last_of_half_month(day: date) -> bool:
    return half_month(day + timedelta(days=1)) != half_month(day)
