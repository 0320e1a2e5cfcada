"""Signing in: by user name, phone or email; what a wrong try says; limits; the forced first change."""

import re
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, Type
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.identity.demo import DEMO_PASSWORD, PERSONAS, seed_demo
from app.identity.models import Account
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import new_account
from app.identity.sign_in.passwords import Verdict
from tests import factories
from tests.browser import Browser
from tests.hashing import REAL_HASHER

WRONG = "Tên đăng nhập hoặc mật khẩu chưa đúng"


def enter(browser: Browser, name: str, password: str = factories.PASSWORD, **more: str) -> str:
    """Send the form of the sign-in page; the text of the page one ends on."""
    return browser.post("/sign-in", {"name": name, "password": password, "next": "/account", **more}).text


@pytest.mark.parametrize("typed", ["an.nguyen", " AN.NGUYEN ", "0912 345 678", "+84912345678", "An@vidu.example"])
def test_one_signs_in_by_user_name_phone_or_email(db: Session, browser: Browser, typed: str) -> None:
    person = factories.person(db, "Nguyễn Văn An", phone="0912345678", email="an@vidu.example")
    factories.account(db, person, "an.nguyen")
    db.commit()
    assert "Nguyễn Văn An" in enter(browser, typed)


def test_a_wrong_password_and_an_unknown_name_read_the_same(db: Session, browser: Browser) -> None:
    factories.account(db, username="binh")
    db.commit()
    wrong, unknown = enter(browser, "binh", "sai-mat-khau"), enter(browser, "khong-co-ai", "sai-mat-khau")
    message = re.search(WRONG + r"[^<]*", wrong)
    assert message is not None
    assert message.group(0) in unknown
    assert 'value="binh"' in wrong, "what was typed stays"
    assert "sai-mat-khau" not in wrong


def test_an_empty_form_says_what_is_missing(browser: Browser) -> None:
    response = browser.post("/sign-in", {})
    assert response.status_code == 422
    assert "Hãy nhập số điện thoại, email hoặc tên đăng nhập." in response.text
    assert "Hãy nhập mật khẩu." in response.text


def test_a_disabled_account_is_told_so_only_to_its_owner(db: Session, browser: Browser) -> None:
    factories.account(db, username="cuong").disabled_at = clock.now()
    db.commit()
    assert "đang bị khóa" in enter(browser, "cuong")
    assert "đang bị khóa" not in enter(browser, "cuong", "sai-mat-khau")


def test_failures_are_limited_per_account_whatever_the_name_used(db: Session, browser: Browser) -> None:
    person = factories.person(db, phone="0912345678")
    factories.account(db, person, "dung")
    db.commit()
    for number in range(10):
        enter(browser, "dung" if number % 2 else "0912345678", "sai")
    response = browser.post("/sign-in", {"name": "dung", "password": factories.PASSWORD})
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert "quá nhiều lần" in response.text


def test_an_office_behind_one_address_may_sign_in_all_at_once(db: Session, new_browser: Callable[[], Browser]) -> None:
    names = [factories.account(db, username=f"nguoi{number}").username for number in range(15)]
    db.commit()
    for name in names:
        assert name in enter(new_browser(), name)


def test_the_next_page_must_be_ours(db: Session, browser: Browser) -> None:
    factories.account(db, username="dung")
    db.commit()
    browser.get("/sign-in")
    response = browser.post(
        "/sign-in", {"name": "dung", "password": factories.PASSWORD, "next": "//evil.example"}, follow=False
    )
    assert response.headers["location"] == "/my"


def test_a_form_without_our_token_is_refused(db: Session, browser: Browser) -> None:
    factories.account(db, username="dung")
    db.commit()
    browser.get("/sign-in")
    browser.token = "made.up"
    assert browser.post("/sign-in", {"name": "dung", "password": factories.PASSWORD}).status_code == 403


def test_a_hash_of_older_parameters_is_replaced_at_sign_in(db: Session, browser: Browser) -> None:
    account = factories.account(db, username="emm")
    account.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(factories.PASSWORD)
    db.commit()
    enter(browser, "emm")
    db.expire_all()
    assert "m=8,t=1,p=1" in db.get_one(Account, account.id).password_hash
    assert passwords.verify(account.password_hash, factories.PASSWORD) is Verdict.RIGHT


def test_the_first_password_must_be_changed_before_anything_else(db: Session, browser: Browser) -> None:
    code = passwords.make_one_time_code()
    db.add(new_account(factories.person(db, "Lê Thị Giang"), "giang", passwords.hash_one_time_code(code)))
    db.commit()
    typed = code.lower().replace("-", " ")
    assert "Đặt mật khẩu của anh/chị" in enter(browser, "giang", typed)
    assert "Đặt mật khẩu của anh/chị" in browser.get("/account").text
    form = {"old": typed, "new": "con mèo ngủ trưa", "again": "con mèo ngủ trưa", "next": "/account"}
    assert "Lê Thị Giang" in browser.post("/account/password", form).text
    account = db.scalars(select(Account).where(Account.username == "giang")).one()
    db.refresh(account)
    assert account.password_hash.startswith("$argon2id$")
    assert not account.must_change_password
    db.commit()
    assert WRONG in enter(browser, "giang", code)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("ngan", "ít nhất 8 ký tự"),
        ("12345678", "quá dễ đoán"),
        ("Mật Khẩu 123", "quá dễ đoán"),
        ("aaaaaaaabb", "quá dễ đoán"),
        ("0912345678", "không được trùng"),
        ("hanhnguyen", "không được trùng"),
        (factories.PASSWORD, "phải khác mật khẩu hiện nay"),
    ],
)
def test_a_poor_new_password_is_explained(db: Session, browser: Browser, new: str, message: str) -> None:
    factories.account(db, factories.person(db, phone="0912345678"), "hanhnguyen")
    db.commit()
    enter(browser, "hanhnguyen")
    response = browser.post("/account/password", {"old": factories.PASSWORD, "new": new, "again": new})
    assert response.status_code == 422
    assert message in response.text


def test_staff_need_longer_passwords_than_learners() -> None:
    assert passwords.password_problem("mười hai chữ", is_staff=False) is None
    assert passwords.password_problem("mười hai chữ", is_staff=True) is not None
    assert passwords.password_problem("mười bốn chữ cái", is_staff=True) is None


def test_changing_needs_the_old_password_and_the_new_one_twice(db: Session, browser: Browser) -> None:
    factories.account(db, username="khanh")
    db.commit()
    enter(browser, "khanh")
    new = "một câu dài khó đoán"
    assert "hiện nay chưa đúng" in browser.post("/account/password", {"old": "sai", "new": new, "again": new}).text
    wrong_again = browser.post("/account/password", {"old": factories.PASSWORD, "new": new, "again": "khác"})
    assert "chưa giống nhau" in wrong_again.text


def test_an_unknown_account_costs_a_whole_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    fits = passwords._argon2_fits
    monkeypatch.setattr(
        passwords,
        "_argon2_fits",
        lambda known, typed: compared.append(known) or fits(known, typed),  # type: ignore[func-returns-value]
    )
    assert passwords.verify(None, "bất kỳ") is Verdict.WRONG
    assert passwords.verify(passwords.hash_one_time_code("ABC"), "bất kỳ") is Verdict.WRONG
    assert len(compared) == 2


def test_demo_accounts_are_shown_and_work_only_in_a_trial(db: Session, app: FastAPI, browser: Browser) -> None:
    assert DEMO_PASSWORD not in browser.get("/sign-in").text
    seed_demo(db)
    seed_demo(db)
    db.commit()
    app.state.settings = app.state.settings.model_copy(update={"demo": True})
    page = browser.get("/sign-in").text
    for persona in PERSONAS:
        assert persona.username in page
    for persona in PERSONAS:
        assert persona.name in enter(browser, persona.username, DEMO_PASSWORD)
        browser.post("/sign-out")


def test_passwords_are_slow_to_guess() -> None:
    """One of OWASP's equal choices for argon2id; the tests themselves use a quick one (tests/hashing.py)."""
    assert (REAL_HASHER.type, REAL_HASHER.memory_cost, REAL_HASHER.time_cost) == (Type.ID, 7168, 5)
