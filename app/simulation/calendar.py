"""Instants and days of the simulated years, fast: Vietnamese days and seconds of day as UTC instants."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random

from app.core.clock import VIETNAM

DIGITAL_DAY = 10  # of October


@lru_cache(maxsize=4096)
def midnight(day: date) -> datetime:
    """The first instant of a Vietnamese day, in UTC."""
    return datetime.combine(day, time(), tzinfo=VIETNAM).astimezone(UTC)


def at(day: date, second: int) -> datetime:
    """So many seconds into a day."""
    return midnight(day) + timedelta(seconds=second)


def office_hour(rng: Random, day: date) -> datetime:
    return at(day, rng.randrange(27_000, 61_200))


def any_hour(rng: Random, day: date) -> datetime:
    """From half past five to ten in the evening: people learn before and after work as well."""
    return at(day, rng.randrange(19_800, 79_200))


def day_between(rng: Random, first: date, last: date) -> date:
    """Any day from `first` to `last`, both included."""
    return first + timedelta(days=rng.randrange((last - first).days + 1))


class Waves:
    """Days of a year drawn by month, with the crowd of the digital day."""

    def __init__(self, months: tuple[int, ...]) -> None:
        self._sums = list(accumulate(months))

    def day(self, rng: Random, year: int) -> date:
        [month] = rng.choices(range(1, 13), cum_weights=self._sums)
        if month == 10 and rng.random() < 0.4:
            return date(year, 10, DIGITAL_DAY + rng.randrange(-2, 3))
        return date(year, month, rng.randint(1, 28))
