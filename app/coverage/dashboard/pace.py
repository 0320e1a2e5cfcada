"""Where a figure will be on 31 December if it goes on as it has: a straight line, and nothing cleverer.

* Counted anew each year: the people covered since 1 January, by the days gone, times the days of the year.
* Counted for ever: the people covered now, and as many more a day as in the mean of the last twelve months.
* None before six weeks have gone by and none for a year that is over; never above what is possible (the denominator)
  and never below what has been reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.coverage.counting.amounts import Slice, Sums
from app.coverage.counting.figures import Figure, while_books_stand
from app.coverage.counting.periods import half_month
from app.coverage.counting.sums import sums_under

_SIX_WEEKS = 42


@dataclass(frozen=True)
class Pace:
    """What the numerator would be at the end of `last`, the 31 December, and the ratio (0 to 1) that makes."""

    people: int
    ratio: float
    last: date


def forecast(now: int, then: int, days: int, left: int, denominator: int) -> int:
    """The numerator after `left` more days, if each adds what each of the last `days` did from `then` to `now`."""
    return max(now, min(denominator, now + (now - then) * left // days))


def pace_of(found: Figure, before: int | None, since: date) -> Pace | None:
    """`before` was the numerator at the end of `since`; only what counts for ever needs it."""
    definition, reference = found.definition, found.reference_date
    last = date(reference.year, 12, 31)
    if not definition.is_computed or not found.denominator.value or found.numerator is None or found.group:
        return None
    if definition.is_annual:
        start, then = date(reference.year - 1, 12, 31), 0
    elif before is not None and definition.measure == "people":
        start, then = since, before
    else:
        return None
    began = max(start, date(definition.first_year - 1, 12, 31))
    if reference >= last or found.on < found.period.year_began or (reference - began).days < _SIX_WEEKS:
        return None
    people = forecast(found.numerator, then, (reference - start).days, (last - reference).days, found.denominator.value)
    return Pace(people, people / found.denominator.value, last)


def paces_of(db: Session, found: Sequence[Figure]) -> dict[str, Pace]:
    """By code of the indicator, for figures of one question at one unit; those left out have none."""
    if not found:
        return {}
    since = _a_year_before(found[0].reference_date)
    before = _numerators_on(db, [one for one in found if not one.definition.is_annual], since)
    paces = {one.definition.code: pace_of(one, before.get(one.definition.version_id), since) for one in found}
    return {code: pace for code, pace in paces.items() if pace is not None}


def _a_year_before(day: date) -> date:
    """The last day of the half-month a year ago: its sums are whole roll-ups."""
    return half_month(day - timedelta(days=365)) - timedelta(days=1)


def _numerators_on(db: Session, found: Sequence[Figure], day: date) -> Mapping[int, int]:
    """By version, what the numerators of these figures were at the end of a day; one statement for all."""
    computed = {one.definition.version_id: one for one in found if one.definition.is_computed}
    if not computed:
        return {}
    unit_id, map_on, known_at = found[0].unit_id, found[0].map_on, found[0].known_at

    def work_out() -> dict[int, int]:
        sums = sums_under(db, Slice(tuple(computed), str(day.year), day, known_at), [unit_id], map_on)
        return {
            version_id: _numerator(one, sums[version_id].get(unit_id, Sums())) for version_id, one in computed.items()
        }

    return while_books_stand(db, ("numerators", tuple(computed), unit_id, map_on, day, known_at), work_out)


def _numerator(found: Figure, sums: Sums) -> int:
    return sums.coverage if found.definition.denominator == "roster" else sums.output
