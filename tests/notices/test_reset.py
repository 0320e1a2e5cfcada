"""Forgotten passwords: a letter to a verified email, and an answer that tells nobody who has an account."""

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import Worker
from app.identity.models import Account
from app.identity.sign_in import contacts
from tests import factories
from tests.browser import Browser
from tests.identity.test_one_time_codes import OVER, use
from tests.notices.conftest import Postman

EMAIL = "an@vidu.example"


def account_with(db: Session, email: str, *, verified: bool) -> Account:
    person = factories.person(db, "Nguyễn Văn An", email=email)
    if verified:
        contacts.verify(db, person, "email", how="test")
    account = factories.account(db, person)
    db.commit()
    return account


def asked(browser: Browser, worker: Worker, name: str) -> str:
    answer = browser.post("/sign-in/forgot", {"name": name})
    worker.run_all()
    assert answer.status_code == 200
    return answer.text.replace(name, "…")


def code_in(postman: Postman) -> str:
    text = str(postman.letters[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    found = re.search(r"https://hocso\.test/sign-in/code\?code=([0-9A-Z-]+)", text)
    assert found, text
    return found.group(1)


def test_a_letter_sets_a_new_password_once_and_within_an_hour(
    db: Session, browser: Browser, new_browser: Callable[[], Browser], worker: Worker, postman: Postman
) -> None:
    account = account_with(db, EMAIL, verified=True)
    name = account.username
    db.commit()
    asked(browser, worker, name)
    assert postman.letters[-1]["to"].addresses[0].addr_spec == EMAIL
    first = code_in(postman)
    asked(browser, worker, EMAIL)
    second = code_in(postman)
    assert OVER in use(browser, first), "the later letter replaces the earlier"
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert OVER in use(browser, second)
    assert f"đăng nhập bằng tên {name}" in use(browser, second)
    assert OVER in use(new_browser(), second)


def test_the_answer_is_the_same_for_everybody(db: Session, browser: Browser, worker: Worker, postman: Postman) -> None:
    known = account_with(db, EMAIL, verified=True).username
    claimed = account_with(db, "binh@vidu.example", verified=False).username
    shut = account_with(db, "cuong@vidu.example", verified=True)
    shut.disabled_at, closed = clock.now(), shut.username
    db.commit()
    answers = {
        re.sub(r'value="[^"]*"', "", asked(browser, worker, name)) for name in (known, claimed, closed, "khongai")
    }
    assert len({re.sub(r'content="[^"]*"|\{[^}]*\}', "", answer) for answer in answers}) == 1
    assert [letter["to"].addresses[0].addr_spec for letter in postman.letters] == [EMAIL]


def test_letters_to_one_name_are_limited(db: Session, browser: Browser, postman: Postman) -> None:
    statuses = [browser.post("/sign-in/forgot", {"name": "ai do"}).status_code for _number in range(12)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_without_a_mail_server_the_page_says_whom_to_ask(browser: Browser) -> None:
    assert "chưa gửi được thư" in browser.get("/sign-in/forgot").text
    assert browser.post("/sign-in/forgot", {"name": "an"}).status_code == 422
