"""When an attempt may begin, and until when it takes answers: pure functions of the server's clock.

docs/questions.md says the same to authors and learners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.catalogue.quiz_rules import QuizRule

# A line that stutters: what arrives this long after the deadline is taken as if it had come in time.
GRACE = timedelta(seconds=60)
# A line that was cut: what was given in time, as its page says, is taken this long after the deadline. A page that lies
# gains no more than this.
LATE = timedelta(minutes=5)
ONE_MORE, AFRESH = "one_more", "afresh"


@dataclass(frozen=True)
class Past:
    """An attempt that was handed in."""

    number: int
    submitted_at: datetime


@dataclass(frozen=True)
class Grant:
    """A marker's leave: `one_more` attempt, or to begin `afresh`. It came when attempt `after_number` was the last."""

    kind: str
    after_number: int


@dataclass(frozen=True)
class Allowance:
    """`left`: attempts that may still begin, None without a limit; `opens_at`: when the next may, None for now."""

    left: int | None = None
    opens_at: datetime | None = None

    @property
    def may_begin(self) -> bool:
        return self.left != 0 and self.opens_at is None


def allowance(rule: QuizRule, past: Sequence[Past], grants: Sequence[Grant], now: datetime) -> Allowance:
    """What is left after `past`, in order of number. A grant also ends the waiting after the attempt it followed."""
    afresh = max((one.after_number for one in grants if one.kind == AFRESH), default=0)
    more = sum(one.kind == ONE_MORE and one.after_number >= afresh for one in grants)
    used = sum(one.number > afresh for one in past)
    left = None if rule.attempts is None else max(0, rule.attempts + more - used)
    if not past or any(one.after_number >= past[-1].number for one in grants):
        return Allowance(left)
    opens_at = past[-1].submitted_at + timedelta(minutes=rule.wait)
    return Allowance(left, opens_at if opens_at > now else None)


def is_over(deadline_at: datetime | None, now: datetime) -> bool:
    """Whether the time is up, the grace for a stuttering line included."""
    return deadline_at is not None and now > deadline_at + GRACE


def is_past_waiting(deadline_at: datetime | None, now: datetime) -> bool:
    """Whether nothing can be taken any more, wherever it waited."""
    return deadline_at is not None and now > deadline_at + LATE


def is_taken(deadline_at: datetime | None, now: datetime, waited: timedelta) -> bool:
    """Whether an answer that arrives `now` is; `waited`: how long the page says it could not send it."""
    if deadline_at is None or not is_over(deadline_at, now):
        return True
    return not is_past_waiting(deadline_at, now) and now - deadline_at <= waited
