"""The dashboard as each persona sees it."""

from collections.abc import Callable
from datetime import date

import pytest

from app.core.db import Session
from app.coverage.counting import sums
from app.coverage.counting.figures import Question, figure
from tests import factories
from tests.browser import Browser

MISSING_NAME, DONE_NAME = "Phạm Văn Thiếu", "Lê Thị Đủ"


@pytest.fixture
def two_people(db: Session) -> None:
    """Phường Bắc Giang with one person done and one missing; a manager there and one elsewhere."""
    done, missing = factories.person(db, DONE_NAME), factories.person(db, MISSING_NAME)
    for holder in (done, missing):
        factories.post(db, holder)
    factories.completion(db, done, factories.course(db), date(2026, 3, 10))
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    factories.account(db, username="phutrach2", role="unit_manager", at="07228")
    factories.civil_servant(db, "congchuc", code="07228")
    db.commit()


@pytest.mark.usefixtures("two_people")
def test_everyone_signed_in_sees_figures_and_how_they_are_counted(browser: Browser) -> None:
    browser.sign_in("congchuc")
    assert "33,3%" in browser.get("/coverage?on=2026-11-21").text
    page = browser.get("/coverage/BG-CBCC?unit=07210&on=2026-11-21").text
    assert "50%" in page
    assert "1 trên 2 người" in page
    assert "Con số này được tính thế nào?" in page
    assert MISSING_NAME not in page
    assert "/missing" not in page


@pytest.mark.usefixtures("two_people")
def test_a_manager_sees_who_is_missing_in_the_own_unit_only(new_browser: Callable[[], Browser]) -> None:
    here, elsewhere = new_browser().sign_in("phutrach"), new_browser().sign_in("phutrach2")
    page = here.get("/coverage/BG-CBCC/missing?unit=07210&on=2026-11-21").text
    assert MISSING_NAME in page
    assert DONE_NAME not in page
    page = elsewhere.get("/coverage/BG-CBCC/missing?unit=07210&on=2026-11-21").text
    assert MISSING_NAME not in page


@pytest.mark.usefixtures("two_people")
def test_a_learner_may_not_list_the_missing(browser: Browser) -> None:
    browser.sign_in("congchuc")
    assert browser.get("/coverage/BG-CBCC/missing?unit=07210").status_code == 403


@pytest.mark.usefixtures("two_people")
def test_the_page_as_json_holds_the_same_numbers(browser: Browser) -> None:
    browser.sign_in("congchuc")
    document = browser.get("/coverage/BG-CBCC?unit=07210&on=2026-11-21", headers={"accept": "application/json"}).json()
    assert document["coverage"] == {"numerator": 1, "denominator": 2, "ratio": 0.5}


@pytest.mark.usefixtures("two_people")
@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("unit=khong-co", 404, "không có đơn vị nào mang mã"),
        ("on=hom-qua", 422, "không phải là ngày"),
        ("period=2026-Q9", 422, "không hợp lệ"),
        ("on=1999-01-01", 422, "không có đơn vị nào mang mã 24"),
        ("on=1999-01-01&map=2026-11-21", 404, "Không có chỉ tiêu"),
        ("map=2025-03-31&on=2026-11-21", 200, "Tỉnh Bắc Giang"),
        ("sort=ratio", 200, "Tỷ lệ thấp trước"),
    ],
)
def test_odd_questions_get_clear_answers(browser: Browser, query: str, status: int, text: str) -> None:
    browser.sign_in("congchuc")
    response = browser.get(f"/coverage/BG-CBCC?{query}")
    assert response.status_code == status
    assert text in response.text


@pytest.mark.usefixtures("two_people")
def test_a_province_and_a_commune_are_summed_in_two_ways_to_the_same(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question("BG-CBCC", "07210", date(2026, 11, 21))
    asked_for_its_units = figure(db, question)
    monkeypatch.setattr(sums, "_BEYOND", sums._BEYOND.offset(0))
    read_from_end_to_end = figure(db, question)
    assert (read_from_end_to_end.numerator, read_from_end_to_end.denominator.value) == (1, 2)
    assert read_from_end_to_end == asked_for_its_units
