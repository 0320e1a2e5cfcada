"""Signing in by way of a real, certified provider (tests/openid/bring): the whole protocol, over HTTP."""

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.settings import Settings
from app.identity import sealing
from app.identity.codes.one_time_codes import find_code, issue
from app.identity.models import AccessEntry, Account, Person
from app.identity.openid.models import ExternalIdentity
from app.identity.sign_in import contacts
from tests import factories
from tests.browser import Browser
from tests.learning.visiting import FORM, PHONE
from tests.openid.running import AN, AN_IDENTITY, BINH, CHI, LABEL, RealProvider, Visitor, use_provider

pytestmark = pytest.mark.xdist_group("openid")


@pytest.fixture
def settings(settings: Settings, real_provider: RealProvider) -> Settings:
    scope = "openid profile email identity"
    return use_provider(settings, real_provider.url, oidc_identity_claim="citizen_id", oidc_scope=scope)


@pytest.fixture
def visitor(browser: Browser, real_provider: RealProvider) -> Iterator[Visitor]:
    visitor = Visitor(browser, real_provider.url)
    yield visitor
    visitor.close()


def verified(db: Session, name: str, email: str) -> Account:
    """An account whose holder showed that the email is theirs."""
    person = factories.person(db, name, email=email)
    contacts.verify(db, person, "email", how="code")
    account = factories.account(db, person)
    db.commit()
    return account


def links(database: Database) -> list[str]:
    """How each link came about."""
    with database.reading() as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.action == "account.link_provider")).all()
        assert len(entries) == db.scalar(select(func.count()).select_from(ExternalIdentity))
        return [entry.details["how"] for entry in entries]


def test_a_new_person_finds_the_form_filled_in_and_is_in_at_once_next_time(
    visitor: Visitor, browser: Browser, new_browser: Callable[[], Browser], database: Database,
    real_provider: RealProvider,
) -> None:  # fmt: skip
    assert f"Đăng nhập bằng {LABEL}" in browser.get("/sign-in").text
    page = visitor.enter("binh", "/sign-in/provider?next=/courses")
    assert page.url.path == "/sign-up"
    assert 'value="Trần Thị Bình"' in page.text
    assert f'value="{BINH}"' in page.text
    assert " checked" not in page.text
    form = FORM | {"name": "Trần Thị Bình", "contact": BINH, "provider": "1", "next": "/courses"}
    assert browser.post("/sign-up", form).url.path == "/courses"
    assert links(database) == ["sign_up"]
    # What the provider says is no proof here: they are asked to show it, as everybody.
    with database.reading() as db:
        assert contacts.verified_holder(db, "email", BINH) is None
    again = Visitor(new_browser(), real_provider.url)
    assert "Trần Thị Bình" in again.enter("binh", "/sign-in/provider?next=/account").text
    again.close()
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Account)) == 1


def test_an_email_verified_on_both_sides_leads_to_its_account(
    visitor: Visitor, db: Session, database: Database
) -> None:
    verified(db, "Trần Thị Bình", BINH)
    assert visitor.enter("binh").url.path == "/my"
    assert links(database) == ["verified"]
    deadline = time.monotonic() + 5
    while True:
        with database.reading() as reading:
            kinds = reading.scalars(select(AccessEntry.kind)).all()
        if "sign_in" in kinds:
            break
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("login", "email"), [("binh", BINH), ("chi", CHI)])
def test_an_email_verified_on_one_side_leads_nowhere(
    visitor: Visitor, db: Session, database: Database, login: str, email: str
) -> None:
    """Bình's was only declared here; Chi's was verified here, but the provider has not verified it."""
    if login == "chi":
        verified(db, "Lê Văn Chi", email)
    else:
        factories.account(db, factories.person(db, "Người Khai Trước", email=email))
        db.commit()
    page = visitor.enter(login)
    assert page.url.path == "/sign-up"
    assert "Người Khai Trước" not in page.text
    assert links(database) == []


def test_an_identity_number_of_an_office_leads_in_and_voids_the_code_on_paper(
    visitor: Visitor, browser: Browser, db: Session, database: Database
) -> None:
    account = factories.account(db, factories.person(db, "Nguyễn Văn An", identity=AN_IDENTITY))
    account.must_change_password, paper = True, account.password_hash
    slip = issue(db, [account.id], "slip", None)[account.id]
    db.commit()
    assert visitor.enter("an").url.path == "/my"
    db.expire_all()
    assert (account.must_change_password, account.password_hash == paper) == (False, False)
    assert find_code(db, slip) is None
    assert links(database) == ["verified"]


def test_what_leads_to_two_people_leads_to_none(visitor: Visitor, db: Session, database: Database) -> None:
    factories.account(db, factories.person(db, "Nguyễn Văn An", identity=AN_IDENTITY))
    verified(db, "Nguyễn Thị Khác", AN)
    page = visitor.enter("an")
    assert page.status_code == 409
    assert "không khớp với một tài khoản duy nhất" in page.text
    assert links(database) == []


def test_a_disabled_account_stays_closed(visitor: Visitor, db: Session, database: Database) -> None:
    account = verified(db, "Trần Thị Bình", BINH)
    account.disabled_at = account.created_at
    db.commit()
    assert visitor.enter("binh").status_code == 403
    assert visitor.browser.get("/my", follow_redirects=False).status_code == 303


def test_who_is_signed_in_links_by_hand_with_the_password_and_unlinks(
    visitor: Visitor, browser: Browser, db: Session, database: Database
) -> None:
    account = factories.civil_servant(db)
    db.commit()
    browser.sign_in(account.username)
    assert "Trần Thị Bình" in visitor.enter("binh").text
    assert links(database) == []
    assert "Mật khẩu hiện nay chưa đúng." in browser.post("/account/provider", {"password": "khong phai"}).text
    assert "Đã liên kết với" in browser.post("/account/provider", {"password": factories.PASSWORD}).text
    assert links(database) == ["asked"]
    assert "Đăng xuất khỏi" in browser.post("/sign-out").text
    assert visitor.signs_out_there("/sign-out/provider") == "https://hocso.test/"
    assert visitor.enter("binh").url.path == "/my"
    assert "chưa bỏ liên kết" in browser.post("/account/provider/unlink", {"password": "khong phai"}).text
    unlinked = browser.post("/account/provider/unlink", {"password": factories.PASSWORD})
    assert "Đã bỏ liên kết." in unlinked.text
    assert visitor.enter("binh", "/sign-in/provider").url.path == "/account/provider"


def test_nobody_is_linked_to_two(visitor: Visitor, browser: Browser, db: Session, database: Database) -> None:
    verified(db, "Trần Thị Bình", BINH)
    other = factories.civil_servant(db)
    db.commit()
    visitor.enter("binh")
    browser.post("/sign-out")
    browser.sign_in(other.username)
    visitor.enter("binh")
    assert browser.post("/account/provider", {"password": factories.PASSWORD}).status_code == 409
    assert links(database) == ["verified"]


def test_who_signs_up_alone_is_not_linked(visitor: Visitor, browser: Browser, database: Database) -> None:
    visitor.enter("binh")
    page = browser.get("/sign-up?alone=1")
    assert BINH not in page.text
    browser.post("/sign-up", FORM | {"contact": PHONE})
    assert links(database) == []
    with database.reading() as db:
        assert sealing.unseal(db.scalars(select(Person)).one()).email == ""
