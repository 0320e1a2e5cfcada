"""People are told once, read it where they are, and get letters only if they want them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.i18n import lazy
from app.core.jobs import Worker
from app.core.settings import get_settings
from app.identity.models import Person
from app.notices import service
from app.notices.jobs import FORGET_AFTER
from app.notices.models import Notice, NoticeDelivery
from tests import factories
from tests.browser import Browser
from tests.notices.conftest import Postman

DUE = lazy("Khóa học “%(title)s” phải xong trước %(due)s.")


def tell(db: Session, *people: Person, key: str = "due:1", title: str = "Ký số", **more: Any) -> int:
    told = {"category": "due", "key": key, "sentence": DUE, "url": "/my", "title": title, "due": "30/11/2026"} | more
    return service.notify(db, [person.id for person in people], **told)


def hoa(db: Session, email: str = "hoa@example.vn", **more: Any) -> Person:
    return factories.person(db, "Nguyễn Thị Hoa", email=email, **more)


def states(db: Session) -> dict[str, int]:
    counted = select(NoticeDelivery.state, func.count()).group_by(NoticeDelivery.state)
    return dict(db.execute(counted).all())


def test_the_same_news_is_told_once(db: Session) -> None:
    one, other = hoa(db), factories.person(db, "Trần Văn Mẫu")
    assert tell(db, one, one) == 1
    assert tell(db, one, other) == 1
    assert db.scalar(select(func.count()).select_from(Notice)) == 2


def test_many_people_are_told_at_once(db: Session) -> None:
    people = [factories.person(db, "Người Thứ Nghìn") for _number in range(1201)]
    assert tell(db, *people) == 1201


def test_an_unknown_category_is_a_mistake_of_ours(db: Session) -> None:
    with pytest.raises(ValueError, match="weather"):
        tell(db, hoa(db), category="weather")


def test_the_inbox_shows_counts_and_leads_on(db: Session, browser: Browser) -> None:
    account = factories.civil_servant(db, "mau")
    tell(db, account.person)
    tell(db, account.person, key="due:2", title="<b>An toàn</b>")
    first, newest = db.scalars(select(Notice.id).order_by(Notice.id)).all()
    db.commit()
    browser.sign_in("mau")
    page = browser.get("/notices")
    assert "2 chưa đọc" in page.text
    assert "Khóa học “Ký số” phải xong trước 30/11/2026." in page.text
    assert "&lt;b&gt;An toàn" in page.text
    answer = browser.post(f"/notices/{first}/open", follow=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    assert "Thông báo: 1 chưa đọc" in browser.get("/my").text
    assert "1 chưa đọc" not in browser.post("/notices/read", {"until": newest}).text


def test_what_came_after_the_page_was_drawn_stays_unread(db: Session, browser: Browser) -> None:
    account = factories.civil_servant(db, "mau")
    tell(db, account.person)
    newest = db.scalar(select(func.max(Notice.id)))
    tell(db, account.person, key="due:2")
    db.commit()
    browser.sign_in("mau").post("/notices/read", {"until": newest})
    assert "1 chưa đọc" in browser.get("/notices").text


def test_a_notice_is_read_in_the_language_of_its_reader(db: Session, browser: Browser) -> None:
    account = factories.civil_servant(db, "mau")
    service.notify(
        db, [account.person_id], category="message", key="trial", sentence=lazy("Thư thử của Học Số lúc %(at)s: nếu "
        "anh/chị đọc được thì đường gửi thư đã thông."), at="10:42",
    )  # fmt: skip
    db.commit()
    browser.sign_in("mau").post("/settings/language", {"lang": "en", "next": "/"})
    assert "Trial letter" in browser.get("/notices").text


def test_a_letter_carries_all_a_person_is_told(db: Session, worker: Worker, postman: Postman) -> None:
    person = hoa(db)
    tell(db, person)
    tell(db, person, key="due:2", title="An toàn thông tin")
    db.commit()
    worker.run_all()
    (letter,) = postman.letters
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert letter["To"] == "Nguyễn Thị Hoa <hoa@example.vn>"
    assert letter["From"] == "Học Số <hocso@example.vn>"
    assert letter["Subject"] == "Học Số: 2 thông báo cho anh/chị"
    assert "Khóa học “Ký số” phải xong trước 30/11/2026." in text
    assert "Khóa học “An toàn thông tin”" in text
    assert "https://hocso.test/my" in text
    worker.run_all()
    assert states(db) == {"sent": 2}
    assert len(postman.letters) == 1


def test_nothing_is_ordered_without_a_mail_server(db: Session) -> None:
    tell(db, hoa(db))
    assert states(db) == {}


def test_an_address_somebody_only_claimed_gets_no_letters(db: Session, postman: Postman) -> None:
    person = hoa(db)
    person.signed_up_at = clock.now()
    tell(db, person)
    assert states(db) == {}


def test_who_wants_no_letters_gets_none(db: Session, browser: Browser, postman: Postman) -> None:
    account = factories.account(db, hoa(db), "hoa")
    db.commit()
    browser.sign_in("hoa")
    assert "hoa@example.vn" in browser.get("/notices/settings").text
    browser.post("/notices/settings", {"wanted": ["result", "message"]})
    assert tell(db, account.person) == 1
    assert states(db) == {}
    assert tell(db, account.person, key="result:1", category="result") == 1
    assert states(db) == {"waiting": 1}


def test_work_waiting_for_somebody_is_sent_only_on_request(db: Session, postman: Postman) -> None:
    person = hoa(db)
    tell(db, person, category="work")
    assert states(db) == {}
    service.choose(db, person.id, {("work", "email"): True})
    tell(db, person, key="work:2", category="work")
    assert states(db) == {"waiting": 1}


def test_the_letter_itself_stops_further_ones(
    db: Session, worker: Worker, postman: Postman, new_browser: Callable[[], Browser]
) -> None:
    person = hoa(db)
    tell(db, person)
    db.commit()
    worker.run_all()
    stop_url = postman.letters[0]["List-Unsubscribe"].strip(" <>").removeprefix("https://hocso.test")
    stranger = new_browser()
    assert "Thôi nhận thư" in stranger.get(stop_url).text
    assert stranger.get(stop_url[:-1] + ("A" if stop_url[-1] != "A" else "B")).status_code == 404
    assert "Đã dừng" in stranger.post(stop_url).text
    tell(db, person, key="due:2")
    assert states(db) == {"sent": 1}


def test_a_refusal_for_good_is_shown_and_can_be_tried_again(
    db: Session, worker: Worker, postman: Postman, browser: Browser
) -> None:
    factories.account(db, username="vanhanh", role="operator")
    postman.refuses["hoa@example.vn"] = "550 5.1.1 no such mailbox"
    tell(db, hoa(db))
    db.commit()
    worker.run_all()
    assert states(db) == {"failed": 1}
    db.commit()
    page = browser.sign_in("vanhanh").get("/admin/mail")
    assert "no such mailbox" in page.text
    assert "1 thư không gửi được" in browser.get("/admin").text
    postman.refuses.clear()
    browser.post("/admin/mail/retry")
    worker.run_all()
    assert len(postman.letters) == 1


def test_a_refusal_that_may_pass_waits_longer_each_time_and_then_fails(
    db: Session, worker: Worker, postman: Postman
) -> None:
    postman.refuses["hoa@example.vn"] = "451 4.7.1 come back later"
    tell(db, hoa(db))
    db.commit()
    waits = []
    now = clock.now()
    for _try in range(6):
        with clock.frozen(now):
            service.order_sending(db)
            db.commit()
            worker.run_all()
        db.expire_all()
        delivery = db.scalars(select(NoticeDelivery)).one()
        waits.append(delivery.due_at - now)
        now = max(delivery.due_at, now)
        db.commit()
    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=25), timedelta(minutes=125)]
    assert states(db) == {"failed": 1}
    assert not postman.letters


def test_a_mail_server_that_is_away_counts_no_try(
    db: Session, worker: Worker, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(db, hoa(db))
    db.commit()
    with monkeypatch.context() as away:
        away.setattr(get_settings().smtp_url, "_secret_value", "smtp+plain://127.0.0.1:9")
        worker.run_all()
    waiting = db.scalars(select(NoticeDelivery)).one()
    assert (waiting.state, waiting.try_count) == ("waiting", 0)
    assert waiting.problem
    db.commit()
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        worker.enqueue_due_crons()
        worker.run_all()
    assert len(postman.letters) == 1


def test_one_bad_address_keeps_nobody_else_waiting(db: Session, worker: Worker, postman: Postman) -> None:
    postman.refuses["hoa@example.vn"] = "550 5.1.1 no such mailbox"
    tell(db, hoa(db), factories.person(db, "Trần Văn Mẫu", email="mau@example.vn"))
    db.commit()
    worker.run_all()
    assert states(db) == {"failed": 1, "sent": 1}


def test_old_news_is_forgotten(db: Session, worker: Worker, postman: Postman) -> None:
    person = hoa(db)
    tell(db, person)
    db.commit()
    with clock.frozen((clock.now() + FORGET_AFTER + timedelta(days=1)).replace(hour=5)):
        tell(db, person, key="due:2")
        db.commit()
        worker.enqueue_due_crons()
        worker.run_all()
    assert list(db.scalars(select(Notice.key))) == ["due:2"]
