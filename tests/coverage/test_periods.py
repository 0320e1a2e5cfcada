"""Quarters, halves, years and any other span: their days, their names, what is counted in them."""

from collections.abc import Callable
from datetime import date

import pytest

from app.core.db import Session
from app.core.errors import Invalid
from app.coverage.counting.figures import Figure
from app.coverage.counting.periods import customary, period_named
from app.coverage.counting.wording import period_name
from tests import factories


@pytest.mark.parametrize(
    ("code", "first", "last", "name"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "năm 2026"),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31), "quý I năm 2026"),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), "quý III năm 2026"),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), "quý IV năm 2026"),
        ("2026-H1", date(2026, 1, 1), date(2026, 6, 30), "6 tháng đầu năm 2026"),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31), "6 tháng cuối năm 2026"),
        ("2028-02-28..2028-02-29", date(2028, 2, 28), date(2028, 2, 29), "từ ngày 28/02/2028 đến ngày 29/02/2028"),
        ("2026-01-01..2026-12-31", date(2026, 1, 1), date(2026, 12, 31), "năm 2026"),
    ],
)
def test_a_code_names_its_days(code: str, first: date, last: date, name: str) -> None:
    period = period_named(code)
    assert (period.first, period.last, period.code) == (first, last, code)
    assert period_name(period) == name


@pytest.mark.parametrize(
    "code",
    ["", "26", "0000", "9999", "1899-Q1", "2026-Q0", "2026-Q5", "2026-H3", "2026-q1", "2026-02-30..2026-03-01",
     "2026-06-14..2026-03-15", "2026-03-15", "२०२६", "2026-Q1 "],
)  # fmt: skip
def test_anything_else_is_no_period(code: str) -> None:
    with pytest.raises(ValueError):
        period_named(code)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-Q1", date(2025, 12, 15), date(2026, 3, 14)),
        ("2026-Q3", date(2026, 6, 15), date(2026, 9, 14)),
        ("2026-H1", date(2025, 12, 15), date(2026, 6, 14)),
        ("2026", date(2025, 12, 15), date(2026, 12, 14)),
        ("2026-03-01..2026-03-31", date(2026, 3, 1), date(2026, 3, 31)),
    ],
)
def test_the_customary_cut_off_is_the_fourteenth_of_the_last_month(code: str, first: date, last: date) -> None:
    period = customary(period_named(code))
    assert (period.first, period.last) == (first, last)
    assert period_named(period.code) == period
    assert period.year == 2026


def test_an_indicator_is_counted_in_the_calendar_year_up_to_the_end_of_the_period(
    db: Session, ask: Callable[..., Figure]
) -> None:
    early, late = factories.person(db, "An"), factories.person(db, "Bình")
    version = factories.course(db)
    for holder, day in ((early, date(2026, 2, 1)), (late, date(2026, 9, 20))):
        factories.post(db, holder)
        factories.completion(db, holder, version, day)
    done = {code: ask(period=code).numerator for code in ("2026-Q1", "2026-H1", "2026-Q3", "2026", "2025-Q4")}
    assert done == {"2026-Q1": 1, "2026-H1": 1, "2026-Q3": 2, "2026": 2, "2025-Q4": 0}
    over_new_year = ask(period="2025-12-15..2026-09-14")
    assert over_new_year.numerator == 1, "of 2026, for that is the year of the last day"
    assert over_new_year.reference_date == date(2026, 9, 14)
    assert over_new_year.target is not None
    assert over_new_year.target.year == 2025, "the latest milestone reached in 2026"


def test_an_unknown_period_is_answered_with_examples(ask: Callable[..., Figure]) -> None:
    with pytest.raises(Invalid, match="2026-Q3"):
        ask(period="quý 3")
