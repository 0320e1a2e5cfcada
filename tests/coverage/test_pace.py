"""Where a figure will be at the end of the year, worked by hand."""

from collections.abc import Callable
from datetime import date

import pytest

from app.core.db import Session
from app.coverage.counting.figures import Figure, Question, figure, overview
from app.coverage.dashboard.pace import forecast, paces_of
from tests import factories
from tests.browser import Browser


@pytest.mark.parametrize(
    ("now", "then", "days", "left", "denominator", "expected"),
    [
        (50, 0, 182, 183, 100, 100),  # 50 + 50 · 183/182 = 100,3: nobody is covered twice
        (20, 0, 100, 265, 100, 73),  # 20 + 20 · 2,65
        (30, 30, 365, 200, 100, 30),  # nobody in twelve months
        (30, 40, 365, 200, 100, 30),  # people left: the line does not fall below what has been reached
        (120, 0, 100, 265, 100, 120),  # more than all stays what it is
        (0, 0, 100, 265, 100, 0),
    ],
)
def test_a_straight_line_within_what_is_possible(
    now: int, then: int, days: int, left: int, denominator: int, expected: int
) -> None:
    assert forecast(now, then, days, left, denominator) == expected


@pytest.fixture
def one_of_four(db: Session) -> None:
    holders = [factories.person(db) for _number in range(4)]
    for holder in holders:
        factories.post(db, holder)
    factories.completion(db, holders[0], factories.course(db), date(2026, 2, 1))


@pytest.mark.usefixtures("one_of_four")
def test_an_annual_figure_goes_on_from_the_first_of_january(db: Session, ask: Callable[..., Figure]) -> None:
    # On 30 June 181 of 365 days have gone: 1 + 1 · 184/181 = 2,02 of 4.
    pace = paces_of(db, [ask(on=date(2026, 6, 30))])["BG-CBCC"]
    assert (pace.people, pace.ratio, pace.last) == (2, 0.5, date(2026, 12, 31))


@pytest.mark.usefixtures("one_of_four")
@pytest.mark.parametrize(
    ("on", "has_pace"),
    [(date(2026, 2, 10), False), (date(2026, 2, 11), True), (date(2026, 12, 30), True), (date(2026, 12, 31), False)],
)
def test_there_is_none_before_six_weeks_and_none_when_the_year_is_over(
    db: Session, ask: Callable[..., Figure], on: date, has_pace: bool
) -> None:
    assert bool(paces_of(db, [ask(on=on)])) is has_pace


def test_what_counts_for_ever_goes_on_as_in_the_last_twelve_months(db: Session) -> None:
    course = factories.course(db, tags=("DULIEU",))
    holders = [factories.person(db) for _number in range(10)]
    for holder in holders:
        factories.post(db, holder, started_on=date(2025, 7, 1))
    for holder, on in zip(holders, (date(2025, 8, 1), date(2026, 3, 1), date(2026, 4, 1)), strict=False):
        factories.completion(db, holder, course, on)
    found = figure(db, Question("BG-DULIEU", "24", date(2026, 7, 1)))
    # A year before, on 30/06/2025, nobody: three in 366 days, 183 days to come: 3 + 3 · 183/366 = 4,5.
    assert found.numerator == 3
    assert paces_of(db, [found])["BG-DULIEU"].people == 4


@pytest.mark.usefixtures("one_of_four")
def test_the_overview_says_the_pace_in_words_and_how_it_is_reckoned(db: Session, browser: Browser) -> None:
    factories.civil_servant(db, "congchuc")
    db.commit()
    page = browser.sign_in("congchuc").get("/coverage?on=2026-06-30").text
    assert "Với nhịp này, đến 31/12/2026 đạt 40%" in page, "1 of 5: 2,02 of 5"
    assert 'class="cast"' in page
    assert "Là một đường thẳng" in page
    early = browser.get("/coverage/BG-CBCC?on=2026-01-20").text
    assert "Với nhịp này, đến" not in early


def test_every_figure_of_the_overview_has_the_pace_it_has_alone(db: Session) -> None:
    question = Question("", "24", date(2026, 6, 30))
    together = paces_of(db, overview(db, question))
    alone: dict[str, object] = {}
    for one in overview(db, question):
        alone |= paces_of(db, [figure(db, Question(one.definition.code, "24", date(2026, 6, 30)))])
    assert together == alone
