"""The tree of units and the page of one unit, as anybody sees them in a browser."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.core import clock
from tests.browser import Browser


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


def test_anybody_sees_todays_tree_with_its_counts(browser: Browser) -> None:
    page = browser.get("/units")
    assert page.status_code == 200
    assert "Ngày 21/11/2026" in page.text
    assert "(54 xã, 45 phường)" in page.text
    assert page.text.count('href="/units/0') >= 99
    assert "Xã, phường, thị trấn (99)" in page.text


@pytest.mark.parametrize("typed", ["2023-06-30", "30/06/2023", "30/6/2023"])
def test_a_day_may_be_typed_either_way(browser: Browser, typed: str) -> None:
    page = browser.get("/units", params={"on": typed})
    assert page.status_code == 200
    assert "(252 xã, 62 phường, 21 thị trấn)" in page.text
    assert "Huyện Yên Dũng (18)" in page.text
    assert 'value="2023-06-30"' in page.text


@pytest.mark.parametrize("typed", ["hôm qua", "31/02/2025", "2025-13-01", "07/2025"])
def test_what_is_no_day_is_said_beside_the_field(browser: Browser, typed: str) -> None:
    page = browser.get("/units", params={"on": typed, "q": "bac giang"})
    assert page.status_code == 422
    assert f"“{typed}” không phải là ngày." in page.text
    assert 'value="bac giang"' in page.text


def test_a_day_before_the_tables_begin_is_explained(browser: Browser) -> None:
    page = browser.get("/units?on=2020-01-01")
    assert page.status_code == 200
    assert "Bảng đơn vị bắt đầu từ ngày 10/04/2023." in page.text


def test_search_finds_without_marks_and_says_what_became_of_a_unit(browser: Browser) -> None:
    page = browser.get("/units", params={"q": "dinh ke"})
    assert "Phường Dĩnh Kế" in page.text
    assert "từ 10/04/2023 đến 30/06/2025" in page.text
    assert '<a href="/units/07210">Phường Bắc Giang</a>' in page.text


def test_search_that_finds_nothing_offers_the_tree(browser: Browser) -> None:
    page = browser.get("/units", params={"q": "<b>không có</b>"})
    assert "Không tìm thấy đơn vị nào" in page.text
    assert "&lt;b&gt;không có&lt;/b&gt;" in page.text


def test_the_page_of_a_unit_tells_where_it_comes_from(browser: Browser) -> None:
    page = browser.get("/units/07210")
    assert page.status_code == 200
    assert '<svg class="lineage"' in page.text
    assert '<a href="/units/07204?on=2024-12-31">' not in page.text, "the list tells the nearest generation"
    assert "Phường Trần Nguyên Hãn" in page.text, "the drawing tells all of them"
    assert '<a href="/units/07231?on=2025-06-30">Phường Dĩnh Kế</a>' in page.text
    assert "Mã này từng là của" in page.text
    assert '<a href="/units/07210?on=2025-06-30">Phường Hoàng Văn Thụ</a>' in page.text


def test_the_page_of_a_closed_unit_leads_to_where_it_counts_today(browser: Browser) -> None:
    page = browser.get("/units/07210?on=2024-01-01")
    assert "Đơn vị này kết thúc ngày 30/06/2025." in page.text
    assert '<a href="/units/07210"><b>Phường Bắc Giang</b></a>' in page.text
    assert "Về sau mã này là của" in page.text


def test_a_province_tells_its_names_over_time(browser: Browser) -> None:
    page = browser.get("/units/24")
    assert "từ 01/07/2025 đến 19/09/2026" in page.text
    assert "Đơn vị trực thuộc ngày 21/11/2026: 106" in page.text
    renamed = browser.get("/units/24?on=2025-08-01")
    assert "Hôm nay đơn vị này mang tên:" in renamed.text


def test_a_code_nobody_bears_that_day_is_404_and_says_when_it_was_borne(browser: Browser) -> None:
    page = browser.get("/units/221")
    assert page.status_code == 404
    assert "Ngày 21/11/2026 không có đơn vị nào mang mã 221" in page.text
    assert '<a href="/units/221?on=2024-12-31"><b>Huyện Yên Dũng</b></a>' in page.text


def test_a_code_nobody_ever_bore_is_404(browser: Browser) -> None:
    page = browser.get("/units/99999")
    assert page.status_code == 404
    assert "Chưa đơn vị nào mang mã 99999." in page.text


def test_a_bad_day_on_a_unit_is_422(browser: Browser) -> None:
    page = browser.get("/units/07210?on=mai")
    assert page.status_code == 422
    assert "“mai” không phải là ngày." in page.text
