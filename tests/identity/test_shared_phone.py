"""Several learners on one phone: a PIN each, handed on by one tap, nothing of one seen by another."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.identity.models import AccessEntry, Account
from app.identity.roles import grants
from app.identity.shared_phone.models import PhoneSeat
from app.identity.shared_phone.seats import MOST_TRIES, pin_problem
from app.identity.sign_in.accounts import SHARED_MINUTES
from tests import factories
from tests.browser import Browser

NOBODY = "Trên máy này chưa có ai đặt mã PIN."
PINS = {"hanh": "274913", "minh": "508162"}


@pytest.fixture
def phone(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    """Hạnh and Minh have a PIN on it; nobody is signed in."""
    for username, name in (("hanh", "Nguyễn Thị Hạnh"), ("minh", "Lê Văn Minh")):
        factories.civil_servant(db, username, name=name)
    db.commit()
    browser = new_browser()
    for username, pin in PINS.items():
        browser.sign_in(username)
        take(browser, pin)
        browser.post("/sign-out")
    return browser


def take(browser: Browser, pin: str, again: str = "", password: str = factories.PASSWORD) -> str:
    form = {"password": password, "pin": pin, "again": again or pin}
    return browser.post("/account/shared-phone", form).text


def enter(browser: Browser, name: str, pin: str) -> str:
    page = browser.get("/switch").text
    seat = re.search(rf'name="seat" value="(\d+)"[^>]*><span>{name} ', page)
    assert seat, page
    return browser.post("/switch", {"seat": seat[1], "pin": pin}).text


def test_a_phone_is_handed_on(phone: Browser) -> None:
    page = phone.get("/switch").text
    assert page.index("Hạnh (N.T.H.)") < page.index("Minh (L.V.M.)")
    assert "Nguyễn Thị Hạnh" not in page
    assert "Nguyễn Thị Hạnh" in enter(phone, "Hạnh", PINS["hanh"])
    hers = phone.get("/account")
    assert hers.headers["cache-control"] == "private, no-store"
    assert "Đổi người học" in hers.text
    handed = phone.post("/sign-out")
    assert handed.url.path == "/switch"
    assert phone.get("/account").url.path == "/sign-in"
    enter(phone, "Minh", PINS["minh"])
    his = phone.get("/account").text
    assert "Lê Văn Minh" in his
    assert "Hạnh" not in his


def test_a_pin_opens_only_its_own_seat_and_only_this_phone(phone: Browser, new_browser: Callable[[], Browser]) -> None:
    assert "Còn 4 lần thử" in enter(phone, "Hạnh", PINS["minh"])
    other = new_browser()
    assert NOBODY in other.get("/switch").text
    assert other.post("/switch", {"seat": "1", "pin": PINS["hanh"]}).status_code == 422
    assert other.get("/account").url.path == "/sign-in"


def test_too_many_wrong_pins_end_the_seat(app: FastAPI, phone: Browser, db: Session) -> None:
    for _try in range(MOST_TRIES - 1):
        enter(phone, "Hạnh", "111222")
    assert "không dùng được nữa" in enter(phone, "Hạnh", "111222")
    assert "Hạnh" not in phone.get("/switch").text
    app.state.access_log.stop()
    assert db.scalars(select(AccessEntry.kind)).all().count("failed") == MOST_TRIES
    db.rollback()
    phone.sign_in("hanh")
    assert "Đã đặt mã PIN" in take(phone, "381946")


def test_a_right_pin_forgets_the_wrong_ones(phone: Browser) -> None:
    for _round in range(2):
        for _try in range(MOST_TRIES - 1):
            enter(phone, "Hạnh", "111222")
        assert "Nguyễn Thị Hạnh" in enter(phone, "Hạnh", PINS["hanh"])
        phone.post("/sign-out")


def test_a_session_on_a_shared_phone_is_over_soon(phone: Browser) -> None:
    enter(phone, "Hạnh", PINS["hanh"])
    now = clock.now()
    with clock.frozen(now + timedelta(minutes=SHARED_MINUTES - 1)):
        assert phone.get("/account").url.path == "/account"
    with clock.frozen(now + timedelta(minutes=2 * SHARED_MINUTES)):
        assert phone.get("/account").url.path == "/sign-in"


def test_a_changed_password_and_a_role_end_the_pin(phone: Browser, db: Session) -> None:
    enter(phone, "Minh", PINS["minh"])
    phone.post(
        "/account/password", {"old": factories.PASSWORD, "new": "mot-mat-khau-moi-9", "again": "mot-mat-khau-moi-9"}
    )
    phone.post("/sign-out")
    assert "Minh" not in phone.get("/switch").text
    account = db.scalars(select(Account).where(Account.username == "hanh")).one()
    grants.grant_role(db, account, "instructor", factories.unit_id(db))
    db.commit()
    assert NOBODY in phone.get("/switch").text
    phone.sign_in("hanh")
    assert "đăng nhập bằng mật khẩu, không dùng mã PIN" in phone.get("/account/shared-phone").text
    assert (
        phone.post(
            "/account/shared-phone", {"password": factories.PASSWORD, "pin": "274913", "again": "274913"}
        ).status_code
        == 409
    )


def test_what_is_wrong_with_a_new_pin_is_said_at_its_field(phone: Browser, db: Session) -> None:
    before = len(db.scalars(select(PhoneSeat.id)).all())
    db.rollback()
    phone.sign_in("hanh")
    assert "Mật khẩu hiện nay chưa đúng." in take(phone, "381946", password="sai")
    assert "chưa giống nhau" in take(phone, "381946", "381947")
    assert "quá dễ đoán" in take(phone, "123456")
    assert len(db.scalars(select(PhoneSeat.id)).all()) == before


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456", "654321", "000000", "121212"])
def test_a_bad_pin_is_refused(pin: str) -> None:
    assert pin_problem(pin)


def test_a_pin_can_be_given_up_here_or_everywhere(phone: Browser, new_browser: Callable[[], Browser]) -> None:
    second = new_browser().sign_in("hanh")
    take(second, PINS["hanh"])
    enter(phone, "Hạnh", PINS["hanh"])
    assert "mã PIN trên 1 máy khác" in phone.get("/account/shared-phone").text
    phone.post("/account/shared-phone/leave")
    phone.post("/sign-out")
    assert "Hạnh" not in phone.get("/switch").text
    second.post("/account/shared-phone/leave", {"everywhere": "1"})
    second.post("/sign-out")
    assert NOBODY in second.get("/switch").text
