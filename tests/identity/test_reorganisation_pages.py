"""An administrator reorganises units in the browser: sees first what changes, confirms, and may undo."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.core import clock
from app.core.db import Session
from tests import factories
from tests.browser import Browser

ABSORB = {"unit": "07228", "verb": "absorb", "on": "01/11/2026", "decision": "15/NQ-HĐND", "others": "07210"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


@pytest.fixture
def admin(browser: Browser, db: Session) -> Browser:
    factories.account(db, factories.person(db), "quantri", role="province_admin")
    manager = factories.person(db, "Lê Văn Phụ Trách")
    factories.post(db, manager)
    factories.account(db, manager, "phutrach", role="unit_manager", at="07210")
    db.commit()
    browser.sign_in("quantri")
    return browser


def test_what_is_previewed_is_done_and_can_be_undone(admin: Browser) -> None:
    assert "/units/acts/new?unit=07228" in admin.get("/units/07228").text
    assert "Nhận thêm đơn vị khác" in admin.get("/units/acts/new?unit=07228").text
    seen = admin.get("/units/acts/new", params=ABSORB)
    assert seen.status_code == 200
    for said in ("Phường Bắc Giang", "1 người sang Phường Đa Mai", "Lê Văn Phụ Trách", "Phụ trách đơn vị"):
        assert said in seen.text
    confirmed = ABSORB | {"seen": seen.text.split('name="seen" value="')[1].split('"')[0]}
    done = admin.post("/units/acts", confirmed | {"keep": seen.text.split('name="keep" value="')[1].split('"')[0]})
    assert "Đã ghi: Nhận thêm đơn vị khác, hiệu lực 01/11/2026." in done.text
    assert "Hôm nay số liệu của đơn vị tính vào" in admin.get("/units/07210?on=2026-10-31").text
    assert "Lê Văn Phụ Trách" in admin.get("/units/07228/roles").text
    again = admin.post("/units/acts", confirmed)
    assert again.status_code == 422, "sent twice, done once"
    undone = admin.post("/units/acts/1/undo")
    assert "Đã hoàn tác" in undone.text
    assert "Lê Văn Phụ Trách" in admin.get("/units/07210/roles").text
    assert "đã hoàn tác" in admin.get("/units/acts").text
    assert admin.get("/units/07210").status_code == 200


def test_a_wrong_field_comes_back_with_what_was_typed(admin: Browser) -> None:
    typed = ABSORB | {"on": "mai", "others": "99999"}
    page = admin.get("/units/acts/new", params=typed)
    assert page.status_code == 422
    assert 'value="15/NQ-HĐND"' in page.text
    assert "Hãy ghi ngày/tháng/năm" in page.text
    assert "không có đơn vị nào mang mã 99999" in page.text
    assert "Xác nhận và ghi" not in page.text


def test_what_stands_against_it_is_shown_instead_of_the_button(admin: Browser) -> None:
    page = admin.get("/units/acts/new", params={"unit": "24", "verb": "close", "on": "01/11/2026", "decision": "1"})
    assert page.status_code == 422
    assert "Còn 106 đơn vị trực thuộc chưa có cấp trên mới" in page.text
    assert "Xác nhận và ghi" not in page.text


def test_the_list_tells_what_came_with_the_data(admin: Browser) -> None:
    page = admin.get("/units/acts").text
    for day in ("01/02/2024", "01/01/2025", "01/07/2025", "20/09/2026"):
        assert day in page
    assert "/undo" not in page


def test_a_part_is_cut_off_with_the_people_that_are_named(admin: Browser) -> None:
    typed = {
        "unit": "07210", "verb": "cede", "on": "01/11/2026", "decision": "15/NQ-HĐND",
        "parts": "X1; Phường Mới; Phường; 30%\n07228; 0,1", "people": "phutrach; X1",
    }  # fmt: skip
    seen = admin.get("/units/acts/new", params=typed)
    assert seen.status_code == 200, seen.text
    for said in ("Phường Mới", "1 người sang Phường Mới", "60%", "30%", "10%"):
        assert said in seen.text
    done = admin.post("/units/acts", typed | {"seen": seen.text.split('name="seen" value="')[1].split('"')[0]})
    assert "Đã ghi: Tách một phần sang đơn vị khác, hiệu lực 01/11/2026." in done.text
    page = admin.get("/units/07210").text
    assert "Tách một phần sang Phường Đa Mai, Phường Mới" in page
    assert "Hình thành từ một phần của Phường Bắc Giang." in admin.get("/units/X1").text


def test_what_is_wrong_with_a_part_is_said_at_its_field(admin: Browser) -> None:
    typed = {
        "unit": "07210", "verb": "cede", "on": "01/11/2026", "decision": "1", "parts": "X1; Phường Mới; Phường; ba",
        "people": "aido; X1", "children": "07228; X2",
    }  # fmt: skip
    page = admin.get("/units/acts/new", params=typed)
    assert page.status_code == 422
    for said in ("“ba” không phải là tỷ lệ", "Không tìm thấy trong phạm vi", "Không có phần nào mang mã X2"):
        assert said in page.text
