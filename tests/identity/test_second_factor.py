"""The second factor: RFC 6238's own examples, set up, asked for on every way in, required of who holds a role."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.settings import get_settings
from app.identity.models import AccessEntry, Account
from app.identity.people import people
from app.identity.sealing import SealedFields
from app.identity.second_factor import totp
from app.identity.second_factor.models import SecondFactor
from app.identity.sign_in.account_queries import password_facts
from tests import factories
from tests.browser import Browser
from tests.identity.test_one_time_codes import given, use
from tests.learning.visiting import FORM, PHONE

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
PAGE = "/account/second-factor"
OVER = "Hãy đăng nhập lại từ đầu"
_HIDDEN = re.compile(r'name="(secret|tag)" value="([^"]+)"')


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.code_at(secret, seconds // 30) == code
    instant = datetime.fromtimestamp(seconds, UTC)
    assert totp.fitting_step(secret, code, instant + timedelta(seconds=30)) == seconds // 30
    assert totp.fitting_step(secret, code, instant + timedelta(seconds=90)) is None


def digits(secret: str, at: datetime) -> str:
    return totp.code_at(secret, totp.step_of(at))


def turn_on(browser: Browser) -> tuple[str, list[str]]:
    """At NOON, signed in: the secret, and the recovery codes shown."""
    with clock.frozen(NOON):
        form = dict(_HIDDEN.findall(browser.get(PAGE).text))
        answer = browser.post(PAGE, form | {"password": factories.PASSWORD, "code": digits(form["secret"], NOON)})
    codes = re.findall(r'<code translate="no">([0-9A-Z-]+)</code>', answer.text)
    assert len(codes) == 10, answer.text
    return form["secret"], codes


def first_step(browser: Browser, name: str) -> str:
    """After the password: the path one is at."""
    return browser.post("/sign-in", {"name": name, "password": factories.PASSWORD, "next": "/account"}).url.path


def second_step(browser: Browser, code: str) -> str:
    return browser.post("/sign-in/second", {"code": code, "next": "/account"}).text


def is_in(browser: Browser) -> bool:
    return browser.get("/account").url.path == "/account"


@pytest.fixture
def learner(db: Session, browser: Browser) -> Account:
    """Signed in since before NOON."""
    account = factories.civil_servant(db, "hocvien")
    db.commit()
    with clock.frozen(NOON - timedelta(minutes=5)):
        browser.sign_in("hocvien")
    return account


def test_after_the_password_the_digits_are_asked_for_and_only_then_is_one_in(
    db: Session, learner: Account, browser: Browser, new_browser: Callable[[], Browser], app: FastAPI
) -> None:
    secret, _codes = turn_on(browser)
    other, now = new_browser(), NOON + timedelta(minutes=1)
    with clock.frozen(now):
        assert first_step(other, "hocvien") == "/sign-in/second"
        assert "hs_session" not in other.client.cookies
        assert not is_in(other)
        other.get("/sign-in/second")
        assert "Mã chưa đúng" in second_step(other, "000000")
        assert "Trần Văn Mẫu" in second_step(other, digits(secret, now))
        assert is_in(other)
    stored = db.scalars(select(SecondFactor)).one()
    assert secret.encode() not in stored.sealed_secret
    app.state.access_log.stop()
    kinds = db.scalars(select(AccessEntry.kind).where(AccessEntry.account_id == learner.id).order_by(AccessEntry.id))
    assert [kind for kind in kinds if kind != "use"] == ["sign_in", "failed", "sign_in"]


def test_a_code_works_once_even_for_who_read_it_over_a_shoulder(
    learner: Account, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    secret, _codes = turn_on(browser)
    now = NOON + timedelta(minutes=1)
    with clock.frozen(now):
        for expected in (True, False):
            other = new_browser()
            first_step(other, "hocvien")
            second_step(other, digits(secret, now))
            assert is_in(other) is expected
        # Nor does an earlier one that was never used.
        second_step(other, digits(secret, now - timedelta(seconds=30)))
        assert not is_in(other)


def test_a_recovery_code_stands_in_once(learner: Account, browser: Browser, new_browser: Callable[[], Browser]) -> None:
    _secret, codes = turn_on(browser)
    with clock.frozen(NOON + timedelta(minutes=1)):
        for expected in (True, False):
            other = new_browser()
            first_step(other, "hocvien")
            second_step(other, codes[3].lower())
            assert is_in(other) is expected
        assert "Còn 9 mã dự phòng" in browser.get(PAGE).text


def test_ten_wrong_codes_shut_the_second_step_for_a_while(
    learner: Account, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    secret, _codes = turn_on(browser)
    other, now = new_browser(), NOON + timedelta(minutes=1)
    with clock.frozen(now):
        first_step(other, "hocvien")
        for _number in range(10):
            second_step(other, "000000")
        answer = other.post("/sign-in/second", {"code": digits(secret, now)})
        assert answer.status_code == 429
        assert not is_in(other)


def test_the_first_step_holds_ten_minutes_in_one_browser_for_one_password(
    db: Session, learner: Account, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    secret, _codes = turn_on(browser)
    now = NOON + timedelta(minutes=1)
    late, stolen, changed = new_browser(), new_browser(), new_browser()
    with clock.frozen(now):
        for one in (late, changed):
            first_step(one, "hocvien")
        stolen.client.cookies.set("hs_second", late.client.cookies["hs_second"], domain="hocso.test", path="/sign-in")
        second_step(stolen, digits(secret, now))
        assert not is_in(stolen)
        learner.password_hash = "hmac$another"
        db.commit()
        assert OVER in changed.get("/sign-in/second").text
    with clock.frozen(now + timedelta(minutes=11)):
        assert OVER in late.get("/sign-in/second").text


def test_a_one_time_code_does_not_pass_by_the_second_factor(
    db: Session, learner: Account, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    """A manager who has a code made for a learner does not come in as them."""
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    turn_on(browser)
    with clock.frozen(NOON + timedelta(minutes=2)):
        code, thief = given(new_browser().sign_in("quanly"), learner), new_browser()
        assert "Mã trên điện thoại" in use(thief, code)
        assert not is_in(thief)


def test_signing_up_with_ones_password_does_not_pass_by_it_either(
    db: Session, learner: Account, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    turn_on(browser)
    person = learner.person
    people.set_fields(person, SealedFields(phone="+84912000111"))
    db.commit()
    with clock.frozen(NOON + timedelta(minutes=2)):
        other = new_browser()
        other.get("/sign-up")
        answer = other.post("/sign-up", FORM | {"contact": PHONE, "password": factories.PASSWORD})
        assert answer.status_code == 403
        assert not is_in(other)


def test_setting_up_needs_the_password_and_the_digits_and_keeps_the_secret_shown(
    db: Session, learner: Account, browser: Browser
) -> None:
    with clock.frozen(NOON):
        form = dict(_HIDDEN.findall(browser.get(PAGE).text))
        right = digits(form["secret"], NOON)
        assert "Mật khẩu hiện nay chưa đúng" in browser.post(PAGE, form | {"password": "sai", "code": right}).text
        again = browser.post(PAGE, form | {"password": factories.PASSWORD, "code": "000000"})
        assert again.status_code == 422
        assert form["secret"] in again.text
        forged = form | {"secret": totp.new_secret(), "password": factories.PASSWORD, "code": right}
        assert browser.post(PAGE, forged).status_code == 403
    assert db.scalars(select(SecondFactor)).all() == []


def test_switching_off_needs_the_password_and_a_code(db: Session, learner: Account, browser: Browser) -> None:
    secret, codes = turn_on(browser)
    now = NOON + timedelta(minutes=1)
    form = {"act": "remove", "password": factories.PASSWORD}
    with clock.frozen(now):
        assert browser.post(f"{PAGE}/change", form | {"code": "000000"}).status_code == 422
        wrong = {"act": "remove", "password": "sai", "code": digits(secret, now)}
        assert browser.post(f"{PAGE}/change", wrong).status_code == 422
        renewed = browser.post(f"{PAGE}/change", form | {"act": "recovery", "code": digits(secret, now)}).text
        assert "chúng chỉ hiện một lần" in renewed
        assert browser.post(f"{PAGE}/change", form | {"code": codes[0]}).status_code == 422, "replaced"
        new_code = re.findall(r'<code translate="no">([0-9A-Z-]+)</code>', renewed)[0]
        assert "Đã tắt xác thực hai bước" in browser.post(f"{PAGE}/change", form | {"code": new_code}).text
    assert db.scalars(select(SecondFactor)).all() == []


def test_an_administrator_takes_it_away_and_a_manager_does_not(
    db: Session, learner: Account, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    factories.account(db, username="quanly", role="unit_manager", at=factories.BAC_GIANG)
    factories.account(db, factories.person(db, "Đỗ Thu Thủy"), "quantri", role="province_admin")
    db.commit()
    turn_on(browser)
    address = f"/people/{learner.person.ref}/account/second-factor/remove"
    db.commit()
    assert new_browser().sign_in("quanly").post(address).status_code == 403
    assert new_browser().sign_in("quantri").post(address).status_code == 200
    assert db.scalars(select(SecondFactor)).all() == []
    assert "second_factor.remove" in set(db.scalars(select(AuditEntry.action)))
    db.commit()
    other = new_browser()
    assert first_step(other, "hocvien") == "/account"
    assert "Đỗ Thu Thủy đã tắt xác thực hai bước" in other.get("/notices").text


def test_whoever_holds_a_role_sets_one_up_before_anything_else(
    db: Session, browser: Browser, new_browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = factories.account(db, username="phutrach", role="unit_manager", at=factories.BAC_GIANG)
    trial = factories.account(db, username="dungthu", role="unit_manager", at=factories.BAC_GIANG)
    trial.is_demo = True
    factories.civil_servant(db, "nguoihoc")
    db.commit()
    monkeypatch.setattr(get_settings(), "second_factor_from", date(2026, 11, 20))
    with clock.frozen(NOON - timedelta(days=1)):
        assert first_step(browser, "phutrach") == "/account"
    with clock.frozen(NOON):
        for path in ("/account", "/people", "/my"):
            page = browser.get(path)
            assert page.url.path == PAGE
        assert "Tài khoản có vai trò" in page.text
        for free in ("nguoihoc", "dungthu"):
            assert first_step(new_browser(), free) == "/account"
        assert password_facts(db, staff.id).is_staff
        db.commit()
    turn_on(browser)
    with clock.frozen(NOON + timedelta(minutes=1)):
        assert browser.get("/people").url.path == "/people"
        # With it, eight characters are enough.
        assert not password_facts(db, staff.id).is_staff
