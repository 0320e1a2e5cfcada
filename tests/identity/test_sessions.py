"""Sessions: opaque tokens, sign-out everywhere, expiry after the last use, last-seen outside of the request."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Client
from app.core.db import Database
from app.identity.models import SignInSession
from app.identity.sign_in.accounts import load_actor
from app.identity.sign_in.last_seen import KnownUse, LastSeen
from tests import factories
from tests.browser import Browser

HERE = Client("203.0.113.7", 40001)


def enter(browser: Browser, name: str, password: str = factories.PASSWORD) -> Browser:
    assert browser.post("/sign-in", {"name": name, "password": password, "next": "/account"}).status_code == 200
    return browser


def is_in(browser: Browser) -> bool:
    return "Thiết bị đang đăng nhập" in browser.get("/account").text


def test_the_cookie_is_httponly_and_the_database_holds_only_a_hash(db: Session, browser: Browser) -> None:
    factories.account(db, username="an1")
    db.commit()
    response = browser.post("/sign-in", {"name": "an1", "password": factories.PASSWORD}, follow=False)
    cookie = next(value for value in response.headers.get_list("set-cookie") if value.startswith("hs_session="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    token = browser.client.cookies["hs_session"]
    stored = db.scalars(select(SignInSession)).one()
    assert stored.token_hash == hashlib.sha256(token.encode()).digest()
    assert len(token) >= 22


def test_behind_https_the_cookie_is_secure(db: Session, app: FastAPI, browser: Browser) -> None:
    factories.account(db, username="an2")
    db.commit()
    app.state.settings = app.state.settings.model_copy(update={"session_cookie_secure": True})
    response = browser.post("/sign-in", {"name": "an2", "password": factories.PASSWORD}, follow=False)
    assert any("hs_session" in value and "Secure" in value for value in response.headers.get_list("set-cookie"))


def test_a_stranger_is_sent_to_sign_in_and_back(db: Session, browser: Browser) -> None:
    factories.account(db, username="an3")
    db.commit()
    page = browser.get("/account")
    assert page.url.path == "/sign-in"
    assert 'name="next" value="/account"' in page.text


def test_signing_in_again_ends_the_former_session_of_this_browser(db: Session, browser: Browser) -> None:
    factories.account(db, username="an4")
    db.commit()
    enter(browser, "an4")
    former = browser.client.cookies["hs_session"]
    enter(browser, "an4")
    assert browser.client.cookies["hs_session"] != former
    assert load_actor(db, former) is None


def test_signing_out_ends_the_session_for_good(db: Session, browser: Browser) -> None:
    factories.account(db, username="an5")
    db.commit()
    token = enter(browser, "an5").client.cookies["hs_session"]
    browser.post("/sign-out", follow=False)
    assert "hs_session" not in browser.client.cookies
    browser.client.cookies.set("hs_session", token)
    assert not is_in(browser)


def test_signing_out_everywhere_ends_every_device(db: Session, new_browser: Callable[[], Browser]) -> None:
    factories.account(db, username="an6")
    factories.account(db, username="khac")
    db.commit()
    desk, phone, other = enter(new_browser(), "an6"), enter(new_browser(), "an6"), enter(new_browser(), "khac")
    desk.post("/sign-out/everywhere", follow=False)
    assert not is_in(desk)
    assert not is_in(phone)
    assert is_in(other)


def test_changing_the_password_ends_all_other_sessions(db: Session, new_browser: Callable[[], Browser]) -> None:
    factories.account(db, username="an7")
    db.commit()
    desk, phone = enter(new_browser(), "an7"), enter(new_browser(), "an7")
    new = "một câu dài khó đoán"
    page = desk.post("/account/password", {"old": factories.PASSWORD, "new": new, "again": new})
    assert "Đã đổi mật khẩu" in page.text
    assert is_in(desk)
    assert not is_in(phone)
    enter(phone, "an7", new)
    assert is_in(phone)


def test_disabling_an_account_ends_its_sessions_at_once(db: Session, browser: Browser) -> None:
    account = factories.account(db, username="an8")
    db.commit()
    enter(browser, "an8")
    db.refresh(account)
    account.disabled_at = clock.now()
    db.commit()
    assert not is_in(browser)


def test_a_session_ends_fourteen_days_after_its_last_use(db: Session, browser: Browser) -> None:
    factories.account(db, username="an9")
    db.commit()
    token = enter(browser, "an9").client.cookies["hs_session"]
    start = clock.now()
    with clock.frozen(start + timedelta(days=13, hours=23)):
        assert load_actor(db, token) is not None
    with clock.frozen(start + timedelta(days=14, hours=1)):
        assert load_actor(db, token) is None
        assert not is_in(browser)


def test_use_is_noted_at_most_every_five_minutes_and_after_the_commit(db: Session, database: Database) -> None:
    account = factories.account(db, username="an10")
    start = clock.now()
    session = SignInSession(
        account_id=account.id, token_hash=b"x" * 32, created_at=start, last_seen_at=start, address=HERE.address
    )
    db.add(session)
    db.commit()
    known = KnownUse(session.id, account.id, start, HERE.address)
    last_seen = LastSeen(database)
    last_seen.saw(known, HERE)  # not started yet: nothing happens, nothing fails
    last_seen.start()
    with clock.frozen(start + timedelta(minutes=4)):
        last_seen.saw(known, HERE)
    with clock.frozen(start + timedelta(minutes=6)):
        last_seen.saw(known, HERE)
    with clock.frozen(start + timedelta(minutes=7)):
        last_seen.saw(known, HERE)
    last_seen.stop()
    last_seen.saw(known, HERE)
    db.refresh(session)
    assert session.last_seen_at == start + timedelta(minutes=6)


def test_the_account_page_shows_posts_roles_and_devices(db: Session, browser: Browser) -> None:
    person = factories.person(db, "Trần Văn Minh", phone="0912345678")
    factories.post(db, person, title="Phó Chủ tịch")
    factories.account(db, person, "minh", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    browser.client.headers["user-agent"] = (
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36"
    )
    text = enter(browser, "minh").get("/account").text
    for expected in (
        "Trần Văn Minh",
        "0912 345 678",
        "Phó Chủ tịch",
        "Phường Bắc Giang",
        "Phụ trách đơn vị",
        "Chrome · Android",
    ):
        assert expected in text
