"""When a job comes round by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock


@dataclass(frozen=True)
class Cron:
    """A job enqueued at each multiple of `every` (counted in Vietnam time from midnight, plus `at`), a day at most.

    A slot nobody was there for is made up for until midnight; then it is the next day's turn.
    """

    kind: str
    every: timedelta
    at: timedelta = timedelta()

    def __post_init__(self) -> None:
        day = timedelta(days=1)
        if not (timedelta() < self.every <= day and timedelta() <= self.at < day):
            raise ValueError(f"{self.kind}: slots are counted from midnight, so `every` and `at` fit into a day")

    def slot(self, now: datetime) -> datetime | None:
        """The newest slot of the Vietnamese day that has come by `now`; None before the first one."""
        now = now.astimezone(clock.VIETNAM)
        first = now.replace(hour=0, minute=0, second=0, microsecond=0) + self.at
        return first + (now - first) // self.every * self.every if now >= first else None
