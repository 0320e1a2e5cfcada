"""The one clock. Instants are aware UTC; days are days in Vietnam."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

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
