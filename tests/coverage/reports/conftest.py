"""A small province to report about, and what a report says of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from app.core import clock
from app.core.db import Session
from app.coverage.reports.filling import FROZEN_FORMS, Wish, draft
from app.coverage.reports.frames import Report
from app.learning.service import enrol
from tests import factories

HERE, ELSEWHERE = "07210", "07228"


@pytest.fixture
def province(db: Session) -> None:
    """Phường Bắc Giang: An (leader, a woman) done in February, Bình in September, Chi enrolled, Dũng not at all; and
    Lan, done elsewhere in May. An was done last year, too."""
    course, last_years = factories.course(db, "K4", programme="P04-NENTANG"), factories.course(db, "CU")
    an = factories.person(db, "Lê Thị An", sex="female")
    binh, chi, dung, lan = (factories.person(db, name) for name in ("Bình", "Chi", "Dũng", "Lan"))
    for holder in (an, binh, chi, dung):
        factories.post(db, holder, HERE, started_on=date(2025, 8, 1), is_leader=holder is an)
    factories.post(db, lan, ELSEWHERE, started_on=date(2025, 8, 1))
    factories.completion(db, an, last_years, date(2025, 9, 1))
    for holder, day in ((an, date(2026, 2, 1)), (lan, date(2026, 5, 4)), (binh, date(2026, 9, 20))):
        with clock.frozen(datetime(day.year, day.month, day.day, 3, tzinfo=UTC)):
            enrol(db, holder.id, course.course_id)
            factories.completion(db, holder, course, day)
    with clock.frozen(datetime(2026, 10, 1, 3, tzinfo=UTC)):
        enrol(db, chi.id, course.course_id)
    db.commit()


@pytest.fixture
def made(db: Session) -> Callable[..., Report]:
    """`made("2026-H1", "24", ("B01",))`: the draft of 21 November 2026."""

    def make(period: str = "2026", unit: str = "24", forms: tuple[str, ...] = FROZEN_FORMS, **more: object) -> Report:
        with clock.frozen(datetime(2026, 11, 21, 3, tzinfo=UTC)):
            return draft(db, "24", Wish(forms, period, unit, **more))  # type: ignore[arg-type]

    return make
