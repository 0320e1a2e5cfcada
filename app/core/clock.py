"""The one clock. Instants are aware UTC; days are days in Vietnam."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

_DAY = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})|(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})", re.ASCII
)

_frozen: datetime | None = None


def now() -> datetime:
    """This instant, aware, in UTC."""
    return _frozen or datetime.now(UTC)


def today() -> date:
    """Today's date in Vietnam."""
    return day_of(now())


def day_of(instant: datetime) -> date:
    """The Vietnamese calendar day an instant falls on."""
    return instant.astimezone(VIETNAM).date()


def parse_day(text: str) -> date | None:
    """A day as people and browsers write it, 01/07/2025 or 2025-07-01; None if it is neither or no real day.

    Nor is one in the first or the last year there is: the day before or after it could not be reckoned.
    """
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    parts = found.groupdict()
    try:
        day = date(int(parts["year"] or parts["y"]), int(parts["month"] or parts["m"]), int(parts["day"] or parts["d"]))
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None


def start_of_day(day: date) -> datetime:
    """The first instant of a Vietnamese day."""
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The last instant of a Vietnamese day, in UTC."""
    return datetime.combine(day, time.max, tzinfo=VIETNAM).astimezone(UTC)


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """For tests and simulations: all threads see `instant` until the block ends."""
    global _frozen
    if instant.tzinfo is None:
        raise ValueError("clock.frozen needs an aware instant")
    before, _frozen = _frozen, instant.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before
