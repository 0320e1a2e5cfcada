"""A contact is one's own when a code or a link sent there comes back: once, soon, and after few tries."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.i18n import lazy
from app.core.jobs import Job, Worker
from app.core.settings import Settings, get_settings
from app.identity import sealing
from app.identity.models import Account, Person
from app.identity.people import people
from app.identity.sealing import SealedFields
from app.identity.sign_in import contacts
from app.identity.sign_in.contacts import GOOD_FOR, MOST_TRIES, verified_holder
from app.notices.models import NoticeDelivery
from app.notices.service import notify
from tests import factories
from tests.browser import Browser
from tests.learning.visiting import EMAIL, FORM, PASSWORD, PHONE
from tests.notices.conftest import Postman

pytestmark = pytest.mark.on_both

PAGE = "/account/contacts/email"
OTHER = "khac@example.vn"
VERIFIED, WAITING = "đã xác minh", "chưa xác minh"


@dataclass
class Texts:
    """A gateway for SMS: what it was sent, and with which key; `status` is its answer."""

    sent: list[dict[str, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    status: int = 200


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Texts]:
    texts = Texts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts.sent.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            texts.keys.add(self.headers["authorization"])
            self.send_response(texts.status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setattr(get_settings(), "sms_url", f"http://127.0.0.1:{server.server_address[1]}/send")
    monkeypatch.setattr(get_settings(), "sms_token", SecretStr("khoa"))
    yield texts
    server.shutdown()
    server.server_close()


@pytest.fixture
def learner(db: Session, browser: Browser) -> Account:
    """Signed in, with an email nobody has verified."""
    account = factories.account(db, factories.person(db, "Trần Văn Mẫu", email=EMAIL))
    db.commit()
    browser.sign_in(account.username)
    return account


def code_in(text: str) -> str:
    found = re.search(r"\d{3} \d{3}", text)
    assert found, text
    return found.group()


def letter(worker: Worker, postman: Postman) -> str:
    """The newest letter, after everything waiting was sent."""
    worker.run_all()
    return str(postman.letters[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def holder(database: Database, email: str) -> str:
    with database.reading() as db:
        person = verified_holder(db, "email", email)
        return person.name if person else ""


def test_signing_up_leads_to_the_code_and_the_code_on(
    browser: Browser, database: Database, worker: Worker, postman: Postman
) -> None:
    browser.get("/sign-up")
    page = browser.post("/sign-up", FORM | {"contact": EMAIL, "next": "/courses"})
    assert page.url.path == PAGE
    assert f"Đã gửi mã 6 chữ số tới {EMAIL}" in page.text
    assert holder(database, EMAIL) == ""
    answer = browser.post(f"{PAGE}/confirm", {"code": code_in(letter(worker, postman)), "next": "/courses"})
    assert answer.url.path == "/courses"
    assert "Đã xác minh email." in answer.text
    assert holder(database, EMAIL) == FORM["name"]
    assert VERIFIED in browser.get("/account").text


def test_without_a_gateway_nobody_waits_for_a_text(browser: Browser, postman: Postman) -> None:
    browser.get("/sign-up")
    assert browser.post("/sign-up", FORM | {"contact": PHONE}).url.path == "/my"
    page = browser.get("/account/contacts/phone").text
    assert "chưa nối với cổng tin nhắn SMS nào" in page
    assert browser.post("/account/contacts/phone/send").status_code == 422


def test_a_text_verifies_a_phone(browser: Browser, database: Database, worker: Worker, texts: Texts) -> None:
    browser.get("/sign-up")
    browser.post("/sign-up", FORM | {"contact": PHONE})
    worker.run_all()
    (sent,) = texts.sent
    assert (sent["to"], texts.keys) == ("+84912000111", {"Bearer khoa"})
    browser.post("/account/contacts/phone/confirm", {"code": code_in(sent["text"]).replace(" ", "")})
    with database.reading() as db:
        assert verified_holder(db, "phone", "+84912000111") is not None
        assert db.scalar(select(func.count()).where(AuditEntry.action == "contact.verify")) == 1


@pytest.mark.parametrize(("status", "state"), [(400, "failed"), (429, "queued"), (503, "queued")])
def test_a_text_is_tried_again_only_where_that_may_help(
    browser: Browser, db: Session, worker: Worker, texts: Texts, status: int, state: str
) -> None:
    texts.status = status
    browser.get("/sign-up")
    browser.post("/sign-up", FORM | {"contact": PHONE})
    worker.run_all()
    assert db.scalars(select(Job.state).where(Job.kind == "notices.send_check")).all() == [state]
    assert len(texts.sent) == 1


def test_notices_are_not_sent_as_texts(db: Session, texts: Texts) -> None:
    person = factories.person(db, phone=PHONE)
    notify(db, [person.id], category="due", key="due:1", sentence=lazy("Đã xác minh email."))
    assert db.scalar(select(func.count()).select_from(NoticeDelivery)) == 0


def test_the_link_of_a_letter_confirms_once_and_only_when_asked_to(
    learner: Account, browser: Browser, new_browser: Callable[[], Browser], database: Database, worker: Worker,
    postman: Postman,
) -> None:  # fmt: skip
    browser.post(f"{PAGE}/send")
    found = re.search(r"https://hocso\.test(/contacts/\S+)", letter(worker, postman))
    assert found
    elsewhere, url = new_browser(), found.group(1)
    assert learner.username in elsewhere.get(url).text
    assert holder(database, EMAIL) == ""
    assert "Đã xác minh email." in elsewhere.post(url).text
    assert holder(database, EMAIL) == "Trần Văn Mẫu"
    assert elsewhere.post(url).status_code == 404
    assert elsewhere.get(url[:-1] + "~").status_code == 404


def test_a_code_is_over_soon_and_after_a_few_tries(
    learner: Account, browser: Browser, database: Database, worker: Worker, postman: Postman
) -> None:
    browser.post(f"{PAGE}/send")
    code = code_in(letter(worker, postman))
    with clock.frozen(clock.now() + GOOD_FOR + timedelta(seconds=1)):
        assert "Mã này đã hết hạn" in browser.post(f"{PAGE}/confirm", {"code": code}).text
    wrong = "000 000" if code != "000 000" else "000 001"
    for _try in range(MOST_TRIES - 1):
        assert "Mã chưa đúng." in browser.post(f"{PAGE}/confirm", {"code": wrong}).text
    assert "nhập sai quá nhiều lần" in browser.post(f"{PAGE}/confirm", {"code": wrong}).text
    assert browser.post(f"{PAGE}/confirm", {"code": code}).status_code == 422
    assert holder(database, EMAIL) == ""
    # Another one is as good as the first, and the first is no more.
    browser.post(f"{PAGE}/send")
    newest = code_in(letter(worker, postman))
    browser.post(f"{PAGE}/confirm", {"code": newest})
    assert holder(database, EMAIL) == "Trần Văn Mẫu"


def test_codes_are_not_sent_without_end(
    learner: Account, browser: Browser, settings: Settings, worker: Worker, postman: Postman
) -> None:
    settings.contact_limit = "2/hour"
    answers = [browser.post(f"{PAGE}/send", follow=False) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert int(answers[2].headers["retry-after"]) > 60


def test_another_email_takes_its_place_once_it_is_shown_to_be_theirs(
    learner: Account, browser: Browser, database: Database, worker: Worker, postman: Postman
) -> None:
    asked = {"contact": OTHER, "password": "khong phai"}
    assert "Mật khẩu hiện nay chưa đúng." in browser.post(f"{PAGE}/send", asked).text
    assert "Địa chỉ email không đúng." in browser.post(f"{PAGE}/send", asked | {"contact": "12"}).text
    browser.post(f"{PAGE}/send", asked | {"password": factories.PASSWORD})
    assert postman.letters == []
    code = code_in(letter(worker, postman))
    assert postman.letters[-1]["To"].addresses[0].addr_spec == OTHER
    assert EMAIL in browser.get("/account").text
    browser.post(f"{PAGE}/confirm", {"code": code})
    assert (holder(database, EMAIL), holder(database, OTHER)) == ("", "Trần Văn Mẫu")


def test_an_email_of_somebody_else_is_refused_only_to_who_reads_its_letters(
    learner: Account, browser: Browser, db: Session, worker: Worker, postman: Postman
) -> None:
    factories.account(db, factories.person(db, "Lê Thị Có", email=OTHER))
    db.commit()
    asked = browser.post(f"{PAGE}/send", {"contact": OTHER, "password": factories.PASSWORD})
    assert "Đã gửi mã" in asked.text
    answer = browser.post(f"{PAGE}/confirm", {"code": code_in(letter(worker, postman))})
    assert answer.status_code == 409
    assert "đang thuộc một tài khoản khác" in answer.text
    assert "Lê Thị Có" not in answer.text


def test_a_contact_that_is_changed_is_no_longer_verified(db: Session) -> None:
    person = factories.person(db, email=EMAIL, phone=PHONE)
    contacts.verify(db, person, "email", how="code")
    db.flush()
    fields = sealing.unseal(person)
    people.set_fields(person, fields)
    assert verified_holder(db, "email", EMAIL) is person
    people.set_fields(person, SealedFields(phone=fields.phone, email=OTHER))
    db.flush()
    assert (verified_holder(db, "email", EMAIL), verified_holder(db, "email", OTHER)) == (None, None)


def test_what_nobody_confirmed_is_forgotten(learner: Account, browser: Browser, db: Session, worker: Worker,
                                            postman: Postman) -> None:  # fmt: skip
    browser.post(f"{PAGE}/send")
    with clock.frozen(clock.now() + timedelta(hours=2)):
        worker.enqueue_due_crons()
        worker.run_all()
    assert db.scalar(select(func.count()).select_from(contacts.ContactCheck)) == 0
    assert postman.letters == []


def test_verified_people_who_signed_up_are_sent_what_they_are_told(
    browser: Browser, db: Session, worker: Worker, postman: Postman
) -> None:
    browser.get("/sign-up")
    browser.post("/sign-up", FORM | {"contact": EMAIL, "password": PASSWORD})
    assert "chưa được xác minh" in browser.get("/notices/settings").text
    browser.post(f"{PAGE}/confirm", {"code": code_in(letter(worker, postman))})
    assert "Thư được gửi tới" in browser.get("/notices/settings").text
    assert db.scalars(select(Person.name)).all() == [FORM["name"]]
