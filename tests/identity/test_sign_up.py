"""Signing up: one contact, one's commune, one's consent; what others entered about one is never handed over."""

import zlib
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.settings import Settings
from app.coverage.models import IndicatorVersion
from app.identity import sealing
from app.identity.models import Account, AffiliationAudience, Consent, Person
from app.identity.sign_in.sign_up import GROUPS, PURPOSES
from app.identity.sign_in.sign_up_communes import commune_by_key, communes_like
from tests import factories
from tests.browser import Browser
from tests.learning.visiting import BAC_GIANG_KEY, EMAIL, FORM, PASSWORD, PHONE

TAKEN = "Chưa mở được tài khoản mới với số điện thoại hoặc email này."


def sign_up(browser: Browser, **fields: str) -> str:
    browser.get("/sign-up")
    return browser.post("/sign-up", FORM | fields).text


def people(database: Database) -> list[Person]:
    with database.reading() as db:
        found = list(db.scalars(select(Person).order_by(Person.id)))
        db.expunge_all()
    return found


# --- an account ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("contact", "stored"), [(PHONE, "+84912000111"), (f" {EMAIL.upper()} ", EMAIL)])
def test_a_phone_or_an_email_suffices_to_come_back_with(
    browser: Browser, new_browser: Callable[[], Browser], database: Database, contact: str, stored: str
) -> None:
    assert "Tài khoản đã sẵn sàng." in sign_up(browser, contact=contact)
    new_browser().sign_in(contact, PASSWORD)
    (person,) = people(database)
    fields = sealing.unseal(person)
    assert stored in (fields.phone, fields.email)
    assert (person.name, person.sex, fields.birth_year) == ("Nguyễn Thị Khách", None, None)
    assert person.signed_up_at is not None


def test_consents_are_kept_in_the_words_they_were_given_to(browser: Browser, database: Database) -> None:
    sign_up(browser, birth_year="1975", sex="female", agrees_statistics="1")
    with database.reading() as db:
        proofs = db.scalars(select(Consent).order_by(Consent.purpose)).all()
        assert [(proof.purpose, proof.version, proof.wording) for proof in proofs] == [
            (purpose, version, str(words)) for purpose, (version, words) in sorted(PURPOSES.items())
        ]
        assert sealing.unseal(db.scalars(select(Person)).one()).birth_year == 1975
        (entry,) = db.scalars(select(AuditEntry).where(AuditEntry.action == "account.sign_up")).all()
        assert entry.details == {"group": "citizen"}


def test_other_words_of_a_consent_are_another_version() -> None:
    """Whoever changes the words changes the version and, here, both."""
    known = {purpose: (version, zlib.crc32(words.message.encode())) for purpose, (version, words) in PURPOSES.items()}
    assert known == {"account": (2, 3899975452), "statistics": (1, 2363722314)}


def test_nothing_is_ticked_beforehand(browser: Browser) -> None:
    page = browser.get("/sign-up").text
    assert " checked" not in page


def test_who_did_not_give_the_optional_things_consented_to_one_purpose(browser: Browser, database: Database) -> None:
    sign_up(browser, agrees_statistics="1")
    with database.reading() as db:
        assert db.scalars(select(Consent.purpose)).all() == ["account"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "Khách"}, "Hãy nhập cả họ và tên"),
        ({"name": "=1+1 2"}, "Hãy nhập cả họ và tên"),
        ({"contact": "12"}, "Hãy nhập một số điện thoại hoặc một địa chỉ email."),
        ({"commune": "", "place": ""}, "Hãy gõ tên xã, phường rồi chọn một nơi trong danh sách."),
        ({"commune": "p24n"}, "Hãy gõ tên xã, phường rồi chọn một nơi trong danh sách."),
        ({"commune": "khong\x00co"}, "Hãy gõ tên xã, phường rồi chọn một nơi trong danh sách."),
        ({"group": ""}, "Hãy chọn một nghề nghiệp."),
        ({"group": "CBCC"}, "Hãy chọn một nghề nghiệp."),
        ({"password": "ngan"}, "Mật khẩu cần ít nhất 8 ký tự."),
        ({"password": "0912000111"}, "Mật khẩu không được trùng"),
        ({"agrees": ""}, "Cần sự đồng ý này mới mở được tài khoản"),
        ({"birth_year": "1975"}, "Hãy đánh dấu đồng ý, hoặc bỏ trống năm sinh và giới tính."),
        ({"birth_year": "75", "agrees_statistics": "1"}, "Năm sinh gồm bốn chữ số"),
        ({"birth_year": "2015", "agrees_statistics": "1"}, "Người dưới 16 tuổi cần cha mẹ"),
        ({"note": "http://mua-ngay.example"}, "Còn 1 chỗ cần xem lại"),
    ],
)
def test_a_form_to_mend_keeps_what_was_typed(
    browser: Browser, database: Database, fields: dict[str, str], message: str
) -> None:
    browser.get("/sign-up")
    answer = browser.post("/sign-up", FORM | fields)
    assert answer.status_code == 422
    assert message in answer.text
    if "name" not in fields:
        assert f'value="{FORM["name"]}"' in answer.text
    assert PASSWORD not in answer.text
    assert people(database) == []


def test_who_is_signed_in_needs_no_second_account(browser: Browser, db: Session) -> None:
    account = factories.civil_servant(db)
    db.commit()
    browser.sign_in(account.username)
    assert browser.get("/sign-up", follow_redirects=False).headers["location"] == "/my"
    assert browser.post("/sign-up", FORM, follow=False).headers["location"] == "/my"


def test_an_address_that_tries_too_often_has_to_wait(browser: Browser, settings: Settings, database: Database) -> None:
    settings.sign_up_limit = "1/hour"
    sign_up(browser)
    browser.post("/sign-out")
    browser.get("/sign-up")
    assert browser.post("/sign-up", FORM | {"contact": EMAIL}).status_code == 429
    assert len(people(database)) == 1


# --- groups -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", list(GROUPS))
def test_every_group_makes_a_citizen_of_the_commune(browser: Browser, database: Database, group: str) -> None:
    sign_up(browser, group=group)
    with database.reading() as db:
        audiences = set(db.scalars(select(AffiliationAudience.audience_code)))
    assert audiences == set(GROUPS[group][1])
    assert "NGUOIDAN" in audiences


def test_nobody_can_put_themselves_into_a_roster(db: Session) -> None:
    rosters = select(IndicatorVersion.audiences).where(IndicatorVersion.denominator == "roster")
    counted = {audience for audiences in db.scalars(rosters) for audience in audiences}
    assert counted
    assert counted.isdisjoint({audience for _label, audiences in GROUPS.values() for audience in audiences})


def test_a_declared_group_waits_for_its_office(browser: Browser) -> None:
    sign_up(browser, group="teacher")
    account = browser.get("/account").text
    assert "Nghề nghiệp tự khai: Giáo viên." in account
    assert "Nơi ở, tự khai" in account
    assert "Cán bộ quản lý, giáo viên" not in account


# --- somebody is there already ------------------------------------------------------------------------------------


def test_signing_up_again_with_the_same_password_signs_in(
    browser: Browser, new_browser: Callable[[], Browser], database: Database
) -> None:
    sign_up(browser)
    again = new_browser()
    sign_up(again, name="Nguyễn Thị Khác")
    assert "Nguyễn Thị Khách" in again.get("/account").text
    assert len(people(database)) == 1


def test_an_account_and_an_entry_of_an_office_are_refused_in_the_same_words(
    browser: Browser, new_browser: Callable[[], Browser], db: Session, database: Database
) -> None:
    factories.account(db, factories.person(db, "Trần Văn Có", phone="0912000222"))
    factories.post(db, factories.person(db, "Lê Thị Danh Sách", phone="0912000333"))
    db.commit()
    answers = [sign_up(new_browser(), contact=phone) for phone in ("0912000222", "0912000333")]
    parts = [answer.partition('id="f-contact-err"')[2].partition("</span></span>")[0] for answer in answers]
    assert parts[0] == parts[1]
    for answer in answers:
        assert TAKEN in answer
        assert "Đăng nhập bằng tài khoản đã có" in answer
        assert "Trần Văn Có" not in answer
        assert "Lê Thị Danh Sách" not in answer
    assert len(people(database)) == 2


def test_guessing_passwords_here_is_limited_as_at_the_sign_in(browser: Browser, db: Session) -> None:
    factories.account(db, factories.person(db, phone="0912000222"))
    db.commit()
    for _try in range(10):
        assert TAKEN in sign_up(browser, contact="0912000222")
    browser.get("/sign-up")
    assert browser.post("/sign-up", FORM | {"contact": "0912000222"}).status_code == 429


# --- the commune --------------------------------------------------------------------------------------------------


def names(db: Session, text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(found.name, found.formerly) for found in communes_like(db, text, clock.today())]


@pytest.mark.parametrize("typed", ["bac giang", "Bắc Giang", "phường bắc giang", "xa bac giang", "P. Bắc Giang"])
def test_a_commune_is_found_by_its_name_of_today(db: Session, typed: str) -> None:
    assert names(db, typed)[0] == ("Phường Bắc Giang", ())


def test_a_commune_is_found_by_a_name_of_before_the_mergers(db: Session) -> None:
    (found,) = names(db, "dinh tri")
    assert found[0] == "Phường Bắc Giang"
    assert "Xã Dĩnh Trì, Thành phố Bắc Giang" in found[1]


def test_exact_marks_come_first_and_the_list_is_short(db: Session) -> None:
    assert names(db, "Tân Yên")[0][0] == "Xã Tân Yên"
    assert len(names(db, "an")) <= 8
    assert names(db, "a") == names(db, "khong co noi nay") == names(db, "\x00\x01") == names(db, " , ") == []


def test_every_commune_that_ever_was_leads_to_one_of_today(db: Session) -> None:
    for name in ("Thọ Xương", "Cách Bi", "Phượng Mao", "Nham Biền", "Đức Giang"):
        assert names(db, name), name


def test_without_javascript_the_button_searches_and_keeps_the_form(browser: Browser, database: Database) -> None:
    browser.get("/sign-up")
    answer = browser.post("/sign-up", FORM | {"commune": "", "place": "da mai", "act": "find"})
    assert answer.status_code == 200
    assert "Phường Đa Mai" in answer.text
    assert f'value="{FORM["name"]}"' in answer.text
    assert 'class="err"' not in answer.text
    assert people(database) == []


def test_htmx_gets_only_the_list(browser: Browser) -> None:
    part = browser.get("/sign-up?place=dinh+tri", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert 'id="communes"' in part
    assert f'value="{BAC_GIANG_KEY}"' in part


def test_the_key_of_a_commune_must_be_of_one_in_force(db: Session) -> None:
    found = commune_by_key(db, BAC_GIANG_KEY, clock.today())
    assert found is not None
    assert found.name == "Phường Bắc Giang"
    assert [commune_by_key(db, key, clock.today()) for key in ("c07207", "p24n", "khong-co", "'; --", "")] == [None] * 5


def test_accounts_have_their_own_user_names(browser: Browser, new_browser: Callable[[], Browser], db: Session) -> None:
    sign_up(browser)
    sign_up(new_browser(), contact=EMAIL)
    assert len(set(db.scalars(select(Account.username)))) == 2
