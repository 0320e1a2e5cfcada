"""Choosing day, period, map of units and what was known, with the form the pages of the dashboard share."""

import csv
import re
from datetime import UTC, date, datetime

import pytest

from app.core import clock
from app.core.db import Session
from app.core.jobs import Worker
from app.coverage.counting.figures import Question, figure
from app.coverage.dashboard.heat import by_months
from app.coverage.dashboard.trend import monthly, yearly
from tests import factories
from tests.browser import Browser

TODAY = date(2026, 11, 21)
# Somebody who learned in March and whose completion was recorded in May only.
BEFORE, AFTER = "2026-04-15", "2026-05-31"
PAGES = ("/coverage", "/coverage/BG-CBCC", "/coverage/BG-CBCC/trend", "/coverage/heat", "/coverage/compare")
FORM = "Ngày, kỳ và bản đồ đơn vị"
JSON = {"accept": "application/json"}


@pytest.fixture
def reader(db: Session, browser: Browser) -> Browser:
    with clock.frozen(datetime(2026, 4, 1, tzinfo=UTC)):
        late = factories.person(db, "Lê Thị Ghi Muộn")
        factories.post(db, late)
        factories.civil_servant(db, "congchuc")
        factories.account(db, username="phutrach", role="unit_manager", at="07210")
        course = factories.course(db)
    with clock.frozen(datetime(2026, 5, 2, tzinfo=UTC)):
        factories.completion(db, late, course, date(2026, 3, 10))
    db.commit()
    return browser.sign_in("congchuc")


def field(page: str, name: str) -> str:
    """The element of a field of the form, its options included."""
    found = re.search(rf'<(select|input)[^>]*name="{name}".*?(?(1)>)', page, re.DOTALL)
    assert found is not None, name
    end = page.index("</select>", found.start()) if found[1] == "select" else page.index(">", found.start())
    return page[found.start() : end]


def chosen(page: str, name: str) -> str:
    found = re.search(r'value="([^"]*)" selected', field(page, name))
    return found[1] if found else ""


def typed(page: str, name: str) -> str:
    found = re.search(r'\bvalue="([^"]*)"', field(page, name))
    return found[1] if found else ""


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_it_shows_and_offers_the_days_before_reorganisations(reader: Browser, path: str) -> None:
    page = reader.get(f"{path}?on=2026-06-30&map=2025-06-30&known=2026-07-15").text
    words = "tính đến 30/06/2026, bản đồ đơn vị ngày 30/06/2025, như đã biết đến hết ngày 15/07/2026."
    assert words in page
    assert FORM in page
    assert typed(page, "on") == "2026-06-30"
    assert chosen(page, "map") == "2025-06-30"
    assert "30/06/2025, trước lần sắp xếp ngày 01/07/2025" in field(page, "map")
    assert "19/09/2026, trước lần sắp xếp ngày 20/09/2026" in field(page, "map")
    assert typed(page, "known") == "2026-07-15"
    assert f'href="{path}">Trở lại hôm nay' in page
    assert "Trở lại hôm nay" not in reader.get(path).text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("query", "name", "kept", "said"),
    [
        ("on=hom-qua", "on", "hom-qua", "không phải là ngày"),
        ("own_map=31/02/2026", "own_map", "31/02/2026", "không phải là ngày"),
        ("known=mai", "known", "mai", "không phải là ngày"),
        ("period=own&own_period=quy-ba", "own_period", "quy-ba", "Kỳ “quy-ba” không hợp lệ"),
        ("on=1850-01-01", "on", "1850-01-01", "không có đơn vị nào mang mã 24"),
        ("own_map=2020-01-01", "own_map", "2020-01-01", "không có đơn vị nào mang mã 24"),
    ],
)
def test_what_cannot_be_asked_is_answered_and_stays_as_typed(
    reader: Browser, path: str, query: str, name: str, kept: str, said: str
) -> None:
    answer = reader.get(f"{path}?{query}&unit=24")
    assert answer.status_code == 422
    assert said in answer.text
    assert typed(answer.text, name) == kept
    assert 'name="unit" value="24"' in answer.text
    assert reader.get(f"{path}?{query}", headers=JSON).json()["errors"]


@pytest.mark.parametrize(
    ("query", "listed", "own"),
    [
        ("", "", ""),
        ("map=&own_map=2026-03-31", "own", "2026-03-31"),
        ("map=own&own_map=31/03/2026", "own", "2026-03-31"),
        ("map=2026-03-31", "own", "2026-03-31"),
        ("map=2025-06-30&own_map=2026-03-31", "2025-06-30", ""),
        ("map=-&own_map=2026-03-31", "", ""),
        ("map=own&own_map=", "", ""),
    ],
)
def test_a_map_comes_from_the_list_or_from_the_field_beside_it(
    reader: Browser, query: str, listed: str, own: str
) -> None:
    page = reader.get(f"/coverage/heat?on=2026-11-21&{query}").text
    assert (chosen(page, "map"), typed(page, "own_map")) == (listed, own)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("on", ["1850-01-01", "9998-12-31"])
def test_a_day_out_of_all_time_breaks_no_page(reader: Browser, path: str, on: str) -> None:
    assert reader.get(f"{path}?on={on}&map=2026-11-21").status_code in (200, 404, 422)


def test_a_period_of_the_year_in_view_is_chosen_from_a_list(reader: Browser) -> None:
    page = reader.get("/coverage/BG-CBCC?on=2026-11-21&period=2026-Q1").text
    assert chosen(page, "period") == "2026-Q1"
    assert "Quý I năm 2026" in field(page, "period")
    assert "6 tháng cuối năm 2026" in field(page, "period")
    assert "Kỳ quý I năm 2026, tính đến 31/03/2026" in page
    own = reader.get("/coverage?on=2026-11-21&own_period=2026-03-15..2026-06-14").text
    assert typed(own, "own_period") == "2026-03-15..2026-06-14"
    assert "/coverage/BG-CBCC?on=2026-11-21&amp;period=2026-03-15..2026-06-14" in own
    assert "Kỳ năm 2024, tính đến 31/12/2024" in reader.get("/coverage?year=2024").text


def test_what_was_known_is_the_same_on_every_page(db: Session, reader: Browser) -> None:
    for known, done in ((BEFORE, 0), (AFTER, 1)):
        query = f"unit=07210&on=2026-11-21&known={known}"
        alone = reader.get(f"/coverage/BG-CBCC?{query}", headers=JSON).json()
        assert alone["coverage"]["numerator"] == done
        listed = reader.get(f"/coverage?{query}", headers=JSON).json()["indicators"]
        assert [one["coverage"]["numerator"] for one in listed if one["indicator"] == "BG-CBCC"] == [done]
        trend = reader.get(f"/coverage/BG-CBCC/trend?{query}", headers=JSON).json()
        assert [point["numerator"] for point in trend["months"][-1]["points"]] == [0, 0, *[done] * 9]
        assert trend["years"][-1]["points"][0]["numerator"] == done
        months = reader.get(f"/coverage/heat?on=2026-11-21&known={known}&by=months&indicator=BG-CBCC", headers=JSON)
        assert [cell["numerator"] for cell in months.json()["rows"][0]["cells"]] == [0, 0, *[done] * 9]
        both = reader.get(f"/coverage/compare?{query}&indicator=BG-CBCC", headers=JSON).json()
        assert both["rows"][0]["now"] == {key: alone[key] for key in alone if key != "children"}
        file = reader.get(f"/coverage/heat.csv?on=2026-11-21&known={known}").content.decode("utf-8-sig")
        assert f"Phường Bắc Giang,{done},2" in file
    manager = reader.sign_in("phutrach")
    address = "/coverage/BG-CBCC/missing?unit=07210&on=2026-11-21&known="
    assert "Lê Thị Ghi Muộn" in manager.get(address + BEFORE).text
    assert "Lê Thị Ghi Muộn" not in manager.get(address + AFTER).text


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("code", ["BG-CBCC", "BD-CBCC", "BG-DULIEU", "BN-MANGLUOI"])
@pytest.mark.parametrize("known", [BEFORE, AFTER])
@pytest.mark.parametrize("map_on", [TODAY, date(2025, 6, 30)])
def test_points_as_known_are_the_figures_of_their_days_as_known(
    db: Session, code: str, known: str, map_on: date
) -> None:
    known_at = clock.end_of_day(date.fromisoformat(known))
    found = figure(db, Question(code, "24", TODAY, map_on, known_at))
    trend = monthly(db, found)
    assert trend is not None
    lines = [trend.this, *yearly(db, found, 2025), *([trend.before] if trend.before else [])]
    for point in (point for line in lines for point in line.points):
        then = figure(db, Question(code, "24", point.day, map_on, known_at))
        assert (point.numerator, point.denominator, point.output) == (
            then.numerator, then.denominator.value, then.output,
        ), point.day  # fmt: skip


def test_heat_as_json_holds_the_cells_of_the_table(db: Session, reader: Browser) -> None:
    document = reader.get("/coverage/heat?on=2026-11-21&map=2026-09-19&by=months&indicator=BG-CBCC", headers=JSON)
    table = document.json()
    assert {key: table[key] for key in ("unit", "on", "map", "known_at", "period", "by", "indicator")} == {
        "unit": "24", "on": "2026-11-21", "map": "2026-09-19", "known_at": None, "period": "2026", "by": "months",
        "indicator": "BG-CBCC",
    }  # fmt: skip
    heat = by_months(db, Question("BG-CBCC", "24", TODAY, date(2026, 9, 19)))
    assert [row["unit_name"] for row in table["rows"]] == [row.name for row in (heat.whole, *heat.rows)]
    assert table["rows"][1]["cells"][10] == {"numerator": 1, "denominator": 2, "ratio": 0.5}
    assert [column["key"] for column in table["columns"]] == [f"{month:02}" for month in range(1, 12)]


def test_a_trend_that_cannot_be_told_apart_has_no_lines(db: Session, reader: Browser) -> None:
    factories.post(db, factories.person(db), "07228")
    db.commit()
    torn = reader.get("/coverage/BG-CBCC/trend?unit=07366&on=2026-11-21&map=2025-03-31", headers=JSON).json()
    assert (torn["months"], torn["years"], torn["flags"][0]) == ([], [], "not_separable")


def test_the_table_of_what_was_known_is_exported_as_it_was_shown(db: Session, browser: Browser, worker: Worker) -> None:
    factories.account(db, username="tinh", role="province_admin", at="24")
    late = factories.person(db)
    with clock.frozen(datetime(2026, 4, 1, tzinfo=UTC)):
        factories.post(db, late)
        course = factories.course(db)
    with clock.frozen(datetime(2026, 5, 2, tzinfo=UTC)):
        factories.completion(db, late, course, date(2026, 3, 10))
    db.commit()
    browser.sign_in("tinh")
    counts = []
    for number, known in enumerate((BEFORE, AFTER), start=1):
        link = f"/exports?what=coverage&indicator=BG-CBCC&unit=24&known={known}"
        assert link.replace("&", "&amp;") in browser.get(f"/coverage/BG-CBCC?unit=24&known={known}").text
        assert typed(browser.get(link).text, "known") == known
        wish = {"what": "coverage", "format": "csv", "indicator": "BG-CBCC", "unit": "24", "known": known}
        browser.post("/exports", wish)
        worker.run_all()
        rows = {row[0]: row for row in csv.reader(browser.get(f"/exports/{number}").text.splitlines())}
        counts.append(rows["24"][3])
    assert counts == ["0", "1"]


def test_the_order_of_units_is_kept_when_another_day_is_chosen(reader: Browser) -> None:
    page = reader.get("/coverage/BG-CBCC?unit=24&sort=missing").text
    assert '<input type="hidden" name="sort" value="missing">' in page
    assert "/coverage/BG-CBCC?unit=24&amp;sort=ratio" in page
    # No other page has this order.
    assert 'href="/coverage/BG-CBCC/trend?unit=24"' in page
