"""Every point of a trend is the figure of that day."""

from dataclasses import replace
from datetime import date

import pytest

from app.core.db import Session
from app.coverage.counting.figures import Question, figure, figure_alone
from app.coverage.counting.timeline import month_ends, sums_over
from app.coverage.dashboard.line_chart import chart
from app.coverage.dashboard.trend import monthly, yearly
from app.coverage.indicators.definitions import definition_for
from tests import factories
from tests.browser import Browser

TODAY = date(2026, 11, 21)


@pytest.fixture
def some_years(db: Session) -> None:
    """People who come, learn in two years, move and leave; one in a commune of before the mergers."""
    first, again = factories.course(db), factories.course(db, "THU02")
    stays, moves, leaves = (factories.person(db) for _number in range(3))
    factories.post(db, stays, started_on=date(2025, 8, 1))
    factories.post(db, moves, started_on=date(2025, 9, 10), ended_on=date(2026, 6, 30))
    factories.post(db, moves, "07228", started_on=date(2026, 7, 1))
    factories.post(db, leaves, started_on=date(2025, 8, 1), ended_on=date(2026, 4, 15))
    for holder, course, on in (
        (stays, first, date(2025, 10, 5)), (leaves, first, date(2025, 12, 31)), (leaves, again, date(2026, 1, 1)),
        (moves, first, date(2026, 3, 31)), (stays, again, date(2026, 11, 18)),
    ):  # fmt: skip
        factories.completion(db, holder, course, on)
    db.flush()


@pytest.mark.usefixtures("some_years")
def test_a_figure_alone_is_the_figure_without_its_children(db: Session) -> None:
    question = Question("BG-CBCC", "24", TODAY)
    assert figure_alone(db, question) == replace(figure(db, question), children=())


def test_months_end_where_the_calendar_says() -> None:
    assert month_ends(date(2024, 1, 1), date(2024, 3, 10)) == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 10)]
    assert month_ends(date(2026, 12, 1), date(2026, 12, 31)) == [date(2026, 12, 31)]


@pytest.mark.usefixtures("some_years")
@pytest.mark.parametrize("unit", ["24", "07210", "07228"])
@pytest.mark.parametrize("code", ["BG-CBCC", "BD-CBCC", "BG-DULIEU", "BN-MANGLUOI", "BD-DOANHNGHIEP"])
def test_each_month_is_the_figure_of_its_last_day(db: Session, unit: str, code: str) -> None:
    found = figure(db, Question(code, unit, TODAY))
    trend = monthly(db, found)
    assert trend is not None
    points = [*(trend.before.points if trend.before else ()), *trend.this.points]
    assert len(trend.this.points) == 11
    for point in points:
        then = figure(db, Question(code, unit, point.day, TODAY))
        assert (point.numerator, point.denominator, point.output) == (
            then.numerator, then.denominator.value, then.output,
        ), point.day  # fmt: skip


@pytest.mark.usefixtures("some_years")
def test_the_children_of_a_province_are_summed_in_one_statement_to_the_same(db: Session) -> None:
    days = month_ends(date(2025, 7, 1), TODAY)
    found = figure(db, Question("BG-CBCC", "24", TODAY))
    units = [child.unit_id for child in found.children]
    version = definition_for(db, "BG-CBCC", 2026).version_id
    sums = sums_over(db, version, days, units, TODAY)
    for child in found.children:
        assert (sums[child.unit_id][-1].coverage, sums[child.unit_id][-1].roster) == (
            child.numerator, child.denominator.value or 0,
        )  # fmt: skip


@pytest.mark.usefixtures("some_years")
def test_years_are_on_one_map_and_each_is_the_figure_of_its_end(db: Session) -> None:
    lines = yearly(db, figure(db, Question("BG-CBCC", "24", TODAY)), 2023)
    assert [line.year for line in lines] == [2023, 2024, 2025, 2026]
    assert [(line.points[0].numerator, line.points[0].denominator) for line in lines] == [
        (0, None), (0, None), (2, 3), (2, 2),
    ]  # fmt: skip


def test_of_a_day_far_away_the_last_years_are_shown(db: Session) -> None:
    lines = yearly(db, figure_alone(db, Question("BG-CBCC", "24", date(9998, 12, 31), TODAY)), 2023)
    assert [line.year for line in lines] == list(range(9959, 9999))


def test_what_cannot_be_told_apart_on_a_map_has_no_trend(db: Session) -> None:
    holder = factories.person(db)
    factories.post(db, holder, "07228")
    db.flush()
    found = figure(db, Question("BG-CBCC", "07366", TODAY, date(2025, 3, 31)))
    assert monthly(db, found) is None
    assert yearly(db, found, 2023) == []


def test_a_line_breaks_where_a_value_is_missing_and_never_leaves_the_picture() -> None:
    drawn = chart([("this", [0.0, None, 0.5, 1.2])], ["1", "2", "3", "4"], target=1.0, breaks=[0.5])
    (line,) = drawn.lines
    assert [len(stroke) for stroke in line.strokes] == [1, 2]
    assert all(drawn.left <= spot.x <= drawn.right and drawn.top <= spot.y <= drawn.floor for spot in line.spots)
    assert line.spots[0].y == drawn.floor
    assert drawn.target is not None
    assert line.spots[-1].y < drawn.target < drawn.floor
    assert line.spots[0].x < drawn.breaks[0] < line.spots[1].x


@pytest.mark.usefixtures("some_years")
def test_the_page_draws_and_tells_the_same(db: Session, browser: Browser) -> None:
    factories.civil_servant(db, "congchuc", code="09187")
    db.commit()
    browser.sign_in("congchuc")
    page = browser.get("/coverage/BG-CBCC/trend?unit=24&on=2026-11-21").text
    assert 'class="lines"' in page
    assert "Tháng 12" in page
    assert "Qua các năm" in page
    assert "đơn vị cũ được cộng vào đây" in browser.get("/coverage/BG-CBCC/trend?unit=07228&on=2026-11-21").text
    assert browser.get("/coverage/BG-STEM/trend").status_code == 404
    old = browser.get("/coverage/BG-CBCC/trend?unit=07366&on=2026-11-21&map=2025-03-31").text
    assert "không tách được" in old
