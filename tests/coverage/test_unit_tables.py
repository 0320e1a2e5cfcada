"""Tables of units, the tile map, two days side by side, and the page about reorganisations."""

import csv
import io
import re
from datetime import date

import pytest

from app.core.db import Session
from app.coverage.counting.figures import Question, figure
from app.coverage.dashboard.heat import by_districts, by_indicators, by_months
from app.coverage.dashboard.map_changes import districts_of, map_days
from app.coverage.dashboard.tile_grid import placed, places
from app.identity.models import UnitVersion
from app.identity.units import unit_queries
from tests import factories
from tests.browser import Browser

TODAY = date(2026, 11, 21)


@pytest.fixture
def three_communes(db: Session) -> None:
    """1 of 1 in Bắc Giang, 0 of 2 in Đa Mai (astride two districts), 1 of 2 in Kinh Bắc."""
    course = factories.course(db)
    for code, done, missing in (("07210", 1, 0), ("07228", 0, 2), ("09187", 1, 1)):
        for number in range(done + missing):
            holder = factories.person(db)
            factories.post(db, holder, code)
            if number < done:
                factories.completion(db, holder, course, date(2026, 3, 10))
    factories.account(db, username="nguoixem")
    db.commit()


@pytest.mark.usefixtures("three_communes")
def test_every_cell_is_the_figure_of_its_unit_and_indicator(db: Session) -> None:
    heat = by_indicators(db, Question("", "24", TODAY))
    assert {row.code for row in heat.rows} >= {"07210", "07228", "09187"}
    for row in heat.rows:
        if row.code not in ("07210", "07228", "09187"):
            continue
        for column, cell in zip(heat.columns, row.cells, strict=True):
            alone = figure(db, Question(column.key, row.code, TODAY))
            assert (cell.numerator, cell.denominator) == (alone.numerator, alone.denominator.value), (row, column)


@pytest.mark.usefixtures("three_communes")
def test_a_column_sorts_both_ways_and_units_without_a_figure_come_last(db: Session) -> None:
    heat = by_months(db, Question("BD-CBCC", "24", TODAY))
    assert [row.code for row in heat.sorted_by("11")] == ["07210", "09187", "07228"]
    assert [row.code for row in heat.sorted_by("-11")] == ["07228", "09187", "07210"]
    assert heat.sorted_by("khong-co") == heat.rows
    by_code = by_indicators(db, Question("", "24", TODAY)).sorted_by("-BG-CBCC")
    ratios = [row.cells[0].ratio for row in by_code]
    assert ratios[:2] == [0.0, 1.0]
    assert set(ratios[2:]) == {None}


@pytest.mark.usefixtures("three_communes")
def test_former_districts_are_summed_and_what_lies_astride_stands_alone(db: Session) -> None:
    heat = by_districts(db, Question("", "24", TODAY))
    at = next(at for at, column in enumerate(heat.columns) if column.key == "BD-CBCC")
    found = {row.name: (row.cells[at].numerator, row.cells[at].denominator) for row in heat.rows}
    assert found["Thành phố Bắc Giang"] == (1, 1)
    assert found["Thành phố Bắc Ninh"] == (1, 2)
    assert found["Huyện Tân Yên + Thành phố Bắc Giang"] == (0, 2)
    assert sum(cell[1] or 0 for cell in found.values()) == heat.whole.cells[at].denominator == 5


@pytest.mark.usefixtures("three_communes")
def test_page_and_file_show_the_same_rows_in_the_same_order(browser: Browser) -> None:
    browser.sign_in("nguoixem")
    address = "?on=2026-11-21&by=months&indicator=BD-CBCC&sort=-11"
    page = browser.get(f"/coverage/heat{address}").text
    names = re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', page)
    assert names == ["Phường Đa Mai", "Phường Kinh Bắc", "Phường Bắc Giang"]
    assert 'aria-sort="ascending"' in page
    assert 'class="spark"' in page
    text = browser.get(f"/coverage/heat.csv{address}").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Đơn vị"] for row in rows] == ["Thành phố Bắc Ninh", *names]
    assert [(row["11: đã đạt"], row["11: mẫu số"]) for row in rows] == [("2", "5"), ("0", "2"), ("1", "2"), ("1", "1")]
    assert browser.get(f"/coverage/heat.xlsx{address}").content[:2] == b"PK"
    assert browser.get("/coverage/heat.pdf").status_code == 404


@pytest.mark.usefixtures("three_communes")
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("heat?by=khac", 422), ("heat?on=hom-qua", 422), ("heat?unit=khong-co", 404), ("heat?unit=07210", 200),
        ("heat?map=2025-03-31&on=2026-11-21", 200), ("heat?by=districts&map=2025-03-31&on=2026-11-21", 200),
        ("heat?by=months&indicator=BN-MANGLUOI", 200), ("heat?by=months&indicator=KHONG-CO", 404),
        ("compare?since=hom-kia", 422), ("compare?since=2020-01-01", 200), ("compare?indicator=BG-CBCC", 200),
        ("compare?indicator=BG-CBCC&since=2020-01-01", 404),
    ],
)  # fmt: skip
def test_odd_questions_get_clear_answers(browser: Browser, address: str, status: int) -> None:
    browser.sign_in("nguoixem")
    assert browser.get(f"/coverage/{address}").status_code == status


def test_every_commune_and_every_district_has_a_square_of_its_own(db: Session) -> None:
    units = [("commune", node) for node in _codes(db, TODAY, "commune")]
    for day in (date(2024, 12, 31), date(2025, 6, 30)):
        units += [("district", code) for code in _codes(db, day, "district")]
    assert set(units) == set(places())
    for kind in ("commune", "district"):
        squares = [square for unit, square in places().items() if unit[0] == kind]
        assert len(squares) == len(set(squares)), kind
        assert max(column for _row, column in squares) <= 12


def test_a_unit_without_a_square_stands_below_the_others() -> None:
    square = places()["commune", "07210"]
    assert placed([("commune", "99999"), ("commune", "07210")]) == [(square[0] + 1, 0), square]
    assert placed([]) == []


@pytest.mark.usefixtures("three_communes")
def test_the_map_has_fixed_squares_of_communes_today_and_of_districts_before(browser: Browser) -> None:
    browser.sign_in("nguoixem")
    page = browser.get("/coverage/BG-CBCC?on=2026-11-21").text
    tiles = page[page.index('class="tiles"') :].split("</svg>")[0]
    assert tiles.count("<a href") == 99
    row, column = places()["commune", "07210"]
    assert f'<rect x="{column * 44}" y="{row * 44}"' in tiles
    assert "Phường Bắc Giang: 100% (1 trên 1 người)" in tiles
    before = browser.get("/coverage/BG-CBCC?on=2026-11-21&map=2025-03-31").text
    tiles = before[before.index('class="tiles"') :].split("</svg>")[0]
    assert "Thành phố Bắc Giang" in tiles
    assert "Phường" not in tiles


@pytest.mark.usefixtures("three_communes")
def test_two_days_stand_side_by_side_with_what_lies_between(browser: Browser) -> None:
    browser.sign_in("nguoixem")
    page = browser.get("/coverage/compare?indicator=BD-CBCC&since=2026-03-01&on=2026-11-21").text
    assert "+40,0 điểm" in page
    assert "0 trên 5 người" in page
    assert "2 trên 5 người" in page
    assert "Phường Kinh Bắc" in page
    everything = browser.get("/coverage/compare?since=2026-03-01&on=2026-11-21").text
    assert "/coverage/compare?on=2026-11-21&amp;since=2026-03-01&amp;indicator=BD-CBCC" in everything


def test_readers_are_told_what_was_reorganised_and_where_districts_lay(db: Session, browser: Browser) -> None:
    changed = {day.on: day.changed for day in map_days(db)}
    assert ("district", 18, 0) in changed[date(2025, 7, 1)]
    assert ("commune", 313, 99) in changed[date(2025, 7, 1)]
    districts = {one.name: one for one in districts_of(db, TODAY)}
    assert len(districts) == 18
    assert [unit.code for unit in districts["Huyện Tân Yên"].astride] == ["07228"]
    assert sum(len(one.communes) for one in districts.values()) == 97
    assert districts_of(db, date(2025, 6, 30)) == []
    factories.account(db, username="nguoixem")
    db.commit()
    page = browser.sign_in("nguoixem").get("/coverage/reorganisations").text
    assert "313 → 99 xã, phường" in page
    assert "1658/NQ-UBTVQH15" in page


def _codes(db: Session, day: date, kind: str) -> list[str]:
    where = unit_queries.unit_versions().where(UnitVersion.kind == kind, unit_queries.in_force(day))
    return [unit.code for unit in unit_queries.listed(db, where)]
