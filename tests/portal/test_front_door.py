"""The home page for anybody, and the switches at the foot of every page."""

from contextlib import closing

import pytest
from sqlalchemy.orm import Session

from app.core.settings import Settings
from app.main import create_app
from app.runtime import Runtime
from tests import factories
from tests.browser import BASE_URL, Browser, TestClient
from tests.learning import making


def test_anybody_finds_the_three_doors_and_the_courses(db: Session, browser: Browser) -> None:
    making.course(db, making.READ)
    db.commit()
    page = browser.get("/").text
    for door in ("Học một khóa", "Tra cứu giấy chứng nhận", "Đăng nhập"):
        assert door in page
    assert f'href="/courses/{making.SLUG}"' in page


def test_home_without_courses_says_so(browser: Browser) -> None:
    assert "Chưa có khóa học nào" in browser.get("/").text


def test_home_leads_whoever_is_signed_in_to_their_own_page(db: Session, browser: Browser) -> None:
    account = factories.account(db)
    db.commit()
    assert "Vào trang của tôi" in browser.sign_in(account.username).get("/").text


@pytest.mark.parametrize(
    ("field", "value", "sign"),
    [
        ("theme", "dark", 'data-theme="dark"'),
        ("text", "large", 'data-text="large"'),
        ("lang", "en", '<html lang="en"'),
    ],
)
def test_a_switch_changes_the_page_and_leads_back(browser: Browser, field: str, value: str, sign: str) -> None:
    page = browser.post("/settings/look", {field: value, "next": "/courses"})
    assert str(page.url) == f"{BASE_URL}/courses"
    assert sign in page.text
    assert sign in browser.get("/").text


def test_the_language_can_be_chosen_by_itself(browser: Browser) -> None:
    assert '<html lang="en"' in browser.post("/settings/language", {"lang": "en", "next": "/"}).text


@pytest.mark.parametrize("next_url", ["https://xau.example", "//xau.example", "", "javascript:alert(1)"])
def test_a_switch_never_leads_to_another_site(browser: Browser, next_url: str) -> None:
    response = browser.post("/settings/look", {"theme": "dark", "next": next_url}, follow=False)
    assert response.headers["location"] == "/"


def test_an_unknown_choice_changes_nothing(browser: Browser) -> None:
    page = browser.post("/settings/look", {"theme": "hồng", "text": "khổng lồ", "lang": "fr", "next": "/"})
    assert 'data-theme="auto"' in page.text
    assert browser.client.cookies.get("theme") is None


def test_the_gallery_of_parts_is_for_a_demo(browser: Browser, settings: Settings) -> None:
    assert browser.get("/look").status_code == 404
    demo = Runtime(settings.model_copy(update={"demo": True}))
    with closing(demo), TestClient(create_app(demo), base_url=BASE_URL) as client:
        assert Browser(client).get("/look").status_code == 200
