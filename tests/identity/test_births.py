"""Days of birth as lists write them."""

from datetime import date

import pytest

from app.core.tables import Cell
from app.identity.lists.births import read_birth

ON = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("cell", "born"),
    [
        ("15/3/1980", date(1980, 3, 15)),
        ("15 tháng 3 năm 1980", date(1980, 3, 15)),
        ("Ngày 15 tháng 03 năm 1980", date(1980, 3, 15)),
        ("sinh ngày 15 tháng 3, năm 1980", date(1980, 3, 15)),
        ("tháng 3 năm 1980", 1980),
        ("năm 1980", 1980),
        ("Sinh năm 1980", 1980),
        (1980.0, 1980),
    ],
)
def test_days_and_years_in_words_and_numbers(cell: Cell, born: date | int) -> None:
    birth = read_birth(cell, ON)
    assert (birth.day or birth.year) == born
    assert (birth.repair, birth.doubt, birth.refusal) == ("", "", "")


@pytest.mark.parametrize(
    ("text", "on", "born"),
    [
        ("03/02/85", ON, date(1985, 2, 3)),
        ("3-2-07", ON, date(2007, 2, 3)),
        ("21/11/12", ON, date(2012, 11, 21)),
        ("21/11/12", date(2024, 1, 1), date(1912, 11, 21)),
        ("29/02/00", ON, date(2000, 2, 29)),
    ],
    ids=["the last century", "this century", "fourteen today", "too young then", "only one is a day"],
)
def test_a_two_digit_year_makes_an_age_that_can_be_and_is_said(text: str, on: date, born: date) -> None:
    birth = read_birth(text, on)
    assert birth.day == born
    assert "hai chữ số" in (birth.repair or birth.doubt)
    assert bool(birth.doubt) == (born.year < 1930), "so old a learner is looked at"


def test_month_first_is_read_only_where_it_must_be_and_said() -> None:
    birth = read_birth("12/25/1980", ON)
    assert (birth.day, bool(birth.repair)) == (date(1980, 12, 25), True)
    assert read_birth("03/02/1980", ON).day == date(1980, 2, 3)


@pytest.mark.parametrize(
    "text", ["31/02/1985", "31/02/85", "29/02/01", "15//1980", "không rõ", "85", "01/01/2030", "31 tháng 2 năm 1980"]
)
def test_what_is_no_day_is_refused_with_a_reason(text: str) -> None:
    assert text in read_birth(text, ON).refusal
