"""One-time codes: who may have one made for whom, and what it opens, once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database
from app.identity.codes.models import OneTimeCode
from app.identity.models import AccessEntry, Account
from app.identity.roles.grants import grant_role
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser

NEW = "một câu dài khó đoán"
OVER = "không đúng, đã dùng rồi hoặc đã hết hạn"
_CODE = re.compile(r'<code translate="no">([2-9A-Z-]+)</code>')


def given(manager: Browser, account: Account) -> str:
    """The code a manager reads on the page after having it made."""
    page = manager.post(f"/people/{account.person.ref}/account/code")
    assert page.status_code == 200, page.text
    found = _CODE.search(page.text)
    assert found is not None
    return found.group(1)


def use(browser: Browser, code: str, new: str = NEW) -> str:
    """Both steps of the page; the text of the page one ends on."""
    first = browser.post("/sign-in/code", {"code": code}).text
    if OVER in first:
        return first
    return browser.post("/sign-in/code", {"code": code, "step": "password", "new": new, "again": new}).text


@pytest.fixture
def manager(db: Session, new_browser: Callable[[], Browser]) -> Browser:
    factories.account(db, factories.person(db, "Phạm Văn Quang"), "quanly", role="unit_manager", at=factories.BAC_GIANG)
    db.commit()
    return new_browser().sign_in("quanly")


def test_a_code_sets_a_password_once_and_ends_other_sessions(
    db: Session, manager: Browser, new_browser: Callable[[], Browser], app: FastAPI, database: Database
) -> None:
    account = factories.civil_servant(db, "anchi")
    db.commit()
    old = new_browser().sign_in("anchi")
    code = given(manager, account)
    assert re.fullmatch(r"(?:[2-9A-HJKMNP-TV-Z]{4}-){2}[2-9A-HJKMNP-TV-Z]{4}", code), "no signs that look alike"
    browser = new_browser()
    typed = code.lower().replace("-", " ")
    assert "tài khoản của Trần Văn Mẫu" in browser.post("/sign-in/code", {"code": typed}).text
    assert "Lần sau hãy đăng nhập bằng tên anchi" in use(browser, typed)
    assert "Thiết bị đang đăng nhập" in browser.get("/account").text
    assert old.get("/account").url.path == "/sign-in"
    assert OVER in use(new_browser(), code)
    new_browser().sign_in("anchi", NEW)
    assert "Phạm Văn Quang đã cấp mã" in browser.get("/notices").text
    actions = set(db.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(account.id))))
    assert {"code.issue", "code.use"} <= actions
    assert code not in db.scalars(select(OneTimeCode)).one().code_hash
    app.state.access_log.stop()
    noted = db.scalars(select(AccessEntry.kind).where(AccessEntry.account_id == account.id).order_by(AccessEntry.id))
    assert list(noted) == ["sign_in", "sign_in", "sign_in"]


def test_a_later_code_replaces_an_earlier_one_and_each_is_over_after_three_days(
    db: Session, manager: Browser, new_browser: Callable[[], Browser]
) -> None:
    account = factories.civil_servant(db)
    db.commit()
    first, second = given(manager, account), given(manager, account)
    assert OVER in use(new_browser(), first)
    with clock.frozen(clock.now() + timedelta(days=3, minutes=1)):
        assert OVER in use(new_browser(), second)


def test_a_poor_password_is_explained_and_the_code_still_holds(db: Session, manager: Browser, browser: Browser) -> None:
    account = factories.civil_servant(db)
    db.commit()
    code = given(manager, account)
    assert "ít nhất 8 ký tự" in use(browser, code, "ngan")
    assert "Lần sau hãy đăng nhập" in use(browser, code)


def test_a_code_typed_as_the_password_leads_to_its_own_page(db: Session, manager: Browser, browser: Browser) -> None:
    account = factories.civil_servant(db, "binh")
    db.commit()
    page = browser.post("/sign-in", {"name": "binh", "password": given(manager, account)})
    assert page.url.path == "/sign-in/code"


def test_guessing_codes_is_limited_and_logged(db: Session, browser: Browser, app: FastAPI, database: Database) -> None:
    for _number in range(10):
        assert browser.post("/sign-in/code", {"code": "2222-3333-4444"}).status_code == 422
    answer = browser.post("/sign-in/code", {"code": "2222-3333-4444"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    app.state.access_log.stop()
    assert len(list(db.scalars(select(AccessEntry).where(AccessEntry.kind == "failed")))) == 11


def test_a_disabled_account_stays_shut(db: Session, manager: Browser, browser: Browser) -> None:
    account = factories.civil_servant(db)
    account.disabled_at = clock.now()
    db.commit()
    assert "đang bị khóa" in use(browser, given(manager, account))


@pytest.mark.parametrize(
    ("role", "at", "answer"),
    [
        (None, "", 200),
        ("instructor", factories.BAC_GIANG, 403),
        ("unit_manager", factories.BAC_GIANG, 403),
        ("province_admin", "24", 403),
    ],
)
def test_a_manager_makes_codes_for_learners_only(
    db: Session, manager: Browser, role: str | None, at: str, answer: int
) -> None:
    account = factories.civil_servant(db)
    if role:
        grant_role(db, account, role, factories.unit_id(db, at))
    db.commit()
    assert manager.post(f"/people/{account.person.ref}/account/code").status_code == answer
    page = manager.get(f"/people/{account.person.ref}/account").text
    assert ('/account/code"' in page) == (answer == 200)


def test_an_administrator_of_the_province_makes_them_for_staff(db: Session, browser: Browser) -> None:
    factories.account(db, username="quantri", role="province_admin")
    staff = factories.civil_servant(db)
    grant_role(db, staff, "unit_manager", factories.unit_id(db))
    db.commit()
    assert len(given(browser.sign_in("quantri"), staff)) == 14


def test_nobody_makes_one_for_themselves_nor_for_people_elsewhere(
    db: Session, manager: Browser, browser: Browser
) -> None:
    mine = db.scalars(select(Account).where(Account.username == "quanly")).one()
    factories.post(db, mine.person)
    stranger = factories.civil_servant(db, code="07228")
    # Once they taught here; that is no reason to open their account.
    grant_role(db, stranger, "instructor", factories.unit_id(db)).ends_on = clock.today() - timedelta(days=1)
    db.commit()
    assert manager.post(f"/people/{mine.person.ref}/account/code").status_code == 403
    assert manager.post(f"/people/{stranger.person.ref}/account/code").status_code == 404


def test_a_role_given_later_makes_a_code_void(db: Session, manager: Browser, browser: Browser) -> None:
    """Else a manager could keep the code of a learner and open an administrator's account with it."""
    account = factories.civil_servant(db)
    db.commit()
    code = given(manager, account)
    grant_role(db, account, "province_admin", factories.unit_id(db, "24"))
    db.commit()
    assert OVER in use(browser, code)


def test_one_person_can_not_be_flooded_with_codes(db: Session, manager: Browser) -> None:
    account = factories.civil_servant(db)
    db.commit()
    for _number in range(6):
        given(manager, account)
    assert manager.post(f"/people/{account.person.ref}/account/code").status_code == 429
    told = db.scalars(select(Notice).where(Notice.person_id == account.person_id)).all()
    assert len(told) == 6
