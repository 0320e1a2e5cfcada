"""Brings the two readings of DESIGN 5 together: figures as pages show them, and as verify/ works them out."""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy.orm import Session

from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.verify import verifying
from app.coverage.verify.against_figures import Shown
from app.coverage.verify.findings import Report


def verify(
    db: Session,
    province_code: str,
    on: date,
    *,
    indicator: str | None = None,
    refs: Sequence[str] = (),
    tell: Callable[[int], None] = lambda _people: None,
) -> Report:
    """`verifying.verify` of what the pages of the province show on a day."""

    def ask(code: str, day: date) -> list[Shown]:
        whole = figure(db, Question(code, province_code, day))
        return [_shown(one, whole) for one in (whole, *whole.children) if not one.group]

    return verifying.verify(db, province_code, ask, on, indicator=indicator, refs=refs, tell=tell)


def _shown(one: Figure, whole: Figure) -> Shown:
    over_roster = one.definition.denominator == "roster"
    return Shown(
        one.unit_id,
        roster=(one.denominator.value or 0) if over_roster else None,
        coverage=one.numerator if over_roster and one.definition.is_computed else None,
        output=one.output,
        is_rest=one is not whole and one.unit_id == whole.unit_id,
    )
