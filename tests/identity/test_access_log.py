"""The access log: who came when, from which address and port; looked through, taken away, forgotten after a year."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.admin import access_pages
from app.core import clock, jobs
from app.core.access import Client
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.core.jobs import Worker
from app.identity.models import AccessEntry, SignInSession
from app.identity.sign_in.access_log import Access, Kind, add
from app.identity.sign_in.last_seen import KnownUse, LastSeen
from tests import factories
from tests.browser import BASE_URL, Browser

HOME, OFFICE = Client("203.0.113.7", 40001), Client("198.51.100.20", 50002)
NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


def written(app: FastAPI, database: Database) -> list[tuple[str, int | None, str, int | None]]:
    """What was logged until now, all of it; nothing is logged after."""
    app.state.last_seen.stop()
    app.state.access_log.stop()
    with database.reading() as db:
        rows = db.scalars(select(AccessEntry).order_by(AccessEntry.id))
        return [(row.kind, row.account_id, row.address, row.port) for row in rows]


def test_signing_in_and_out_and_failing_to_are_logged(
    db: Session, app: FastAPI, browser: Browser, database: Database
) -> None:
    account = factories.account(db, username="an1")
    db.commit()
    browser.post("/sign-in", {"name": "an1", "password": "sai"})
    browser.post("/sign-in", {"name": "khong-co-ai", "password": "sai"})
    browser.sign_in("an1")
    browser.get("/account")
    browser.post("/sign-out")
    here = ("testclient", 50000)
    assert written(app, database) == [
        ("failed", account.id, *here), ("failed", None, *here), ("sign_in", account.id, *here),
        ("sign_out", account.id, *here),
    ]  # fmt: skip


def test_behind_a_trusted_proxy_it_is_the_visitor_who_is_logged(
    db: Session, app: FastAPI, new_browser: Callable[[], Browser], database: Database
) -> None:
    """As nginx sends it (deploy/nginx); who is not a trusted proxy may claim what they like."""
    account = factories.account(db, username="an2")
    db.commit()
    headers = {"x-forwarded-for": "203.0.113.7:40001"}
    for trusted in ("testclient", "192.0.2.1"):
        proxied = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type]
        Browser(TestClient(proxied, base_url=BASE_URL, headers=headers)).sign_in("an2")  # type: ignore[arg-type]
    new_browser()
    assert written(app, database) == [("sign_in", account.id, *HOME), ("sign_in", account.id, "testclient", 50000)]


def test_a_session_is_logged_once_a_day_and_address(db: Session, database: Database) -> None:
    account = factories.account(db, username="an3")
    session = SignInSession(
        account_id=account.id, token_hash=b"x" * 32, created_at=NOON, last_seen_at=NOON, address=HOME.address
    )
    db.add(session)
    db.commit()
    last_seen = LastSeen(database)
    last_seen.start()

    def use(after: timedelta, client: Client) -> None:
        with clock.frozen(NOON + after):
            last_seen.saw(KnownUse(session.id, account.id, NOON, HOME.address), client)

    hours = [timedelta(hours=number) for number in range(24)]
    use(hours[1], HOME)  # signed in there today: known
    use(hours[2], OFFICE)
    use(hours[3], Client(OFFICE.address, 50003))  # another connection from there
    use(hours[4], HOME)
    use(hours[5], OFFICE)  # to and fro
    use(hours[13], HOME)  # after midnight in Vietnam
    use(hours[14], HOME)
    last_seen.stop()
    db.expire_all()
    rows = db.scalars(select(AccessEntry).order_by(AccessEntry.at)).all()
    assert [(row.kind, row.at - NOON, row.address, row.port) for row in rows] == [
        ("use", hours[2], *OFFICE), ("use", hours[13], *HOME),
    ]  # fmt: skip
    assert (session.address, session.last_seen_at) == (HOME.address, NOON + hours[14])


def test_what_is_older_than_a_year_is_forgotten(db: Session, worker: Worker) -> None:
    for days in (400, 367, 365, 0):
        add(db, [Access("use", 1, clock.now() - timedelta(days=days), HOME)])
    jobs.enqueue(db, "identity.forget_access")
    db.commit()
    worker.run_all()
    ages = [(clock.now() - at).days for at in db.scalars(select(AccessEntry.at).order_by(AccessEntry.at))]
    assert ages == [365, 0]


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.fixture
def operator(db: Session, browser: Browser) -> Browser:
    """With accesses of Bình from home and the office, and one of nobody, on 20/11/2026 at noon and the day before."""
    factories.account(db, username="vanhanh", role="operator")
    binh = factories.account(db, factories.person(db, "Đỗ Thị Bình"), "binhdt")
    log: list[tuple[Kind, int | None, timedelta, Client]] = [
        ("sign_in", binh.id, timedelta(days=1), HOME), ("use", binh.id, timedelta(), OFFICE),
        ("failed", None, timedelta(minutes=1), Client("192.0.2.66", None)),
    ]  # fmt: skip
    add(db, [Access(kind, account_id, NOON - ago, client) for kind, account_id, ago, client in log])
    db.commit()
    return browser.sign_in("vanhanh")


DAYS = "first=2026-11-19&last=2026-11-20"


def test_the_log_is_looked_through_by_who_day_and_address(operator: Browser) -> None:
    office, nobody, home = "198.51.100.20", "192.0.2.66", "203.0.113.7"
    for query, shown in {
        DAYS: [office, nobody, home],
        "first=19/11/2026&last=19/11/2026": [home],
        f"{DAYS}&who=do+thi+binh": [office, home],
        f"{DAYS}&who=binhdt&kind=use": [office],
        f"{DAYS}&address=192.0.2.66": [nobody],
        f"{DAYS}&address=192.0.2.6": [],
        f"{DAYS}&who=khong-ai": [],
    }.items():
        page = operator.get(f"/admin/access?{query}").text
        assert re.findall(r"<code>(\d[^<]+)</code>", page) == shown, query
    page = operator.get(f"/admin/access?{DAYS}").text
    assert "20/11/2026 12:00:00" in page
    assert "không có tài khoản ấy" in page
    number = re.search(r"</code> (#\d+)<", page)
    assert number
    page = operator.get(f"/admin/access?{DAYS}&who=%23{number[1][1:]}").text
    assert re.findall(r"<code>(\d[^<]+)</code>", page) == [office, home], "by the number the audit shows"


def test_an_operator_of_one_commune_does_not_see_the_province(
    db: Session, operator: Browser, new_browser: Callable[[], Browser]
) -> None:
    factories.post(db, factories.person(db), "07228")
    factories.account(db, username="vanhanhxa", role="operator", at=factories.BAC_GIANG)
    db.commit()
    answer = new_browser().sign_in("vanhanhxa").get("/admin/access")
    assert (answer.status_code, "binhdt" in answer.text) == (403, False)
    assert "ở cấp tỉnh" in answer.text


def test_a_day_that_is_none_comes_back_with_a_word(operator: Browser) -> None:
    page = operator.get("/admin/access?first=hom-qua")
    assert page.status_code == 422
    assert "Hãy ghi ngày như" in page.text
    page = operator.get("/admin/access?first=2026-11-20&last=2026-11-19")
    assert "Ngày đầu phải trước hoặc bằng ngày cuối." in page.text


def test_the_log_is_taken_away_as_a_table_and_the_audit_says_so(operator: Browser, db: Session) -> None:
    wish = {"first": "2026-11-19", "last": "2026-11-20"}
    text = operator.post("/admin/access/file", wish | {"format": "csv"}).content.decode("utf-8-sig").splitlines()
    assert text[0] == "Lúc,Việc,Số tài khoản,Tên đăng nhập,Họ và tên,Địa chỉ mạng,Cổng"
    assert text[1].startswith("20/11/2026 12:00:00,sử dụng,")
    assert text[1].endswith(",binhdt,Đỗ Thị Bình,198.51.100.20,50002")
    assert text[2] == "20/11/2026 11:59:00,đăng nhập không được,,,,192.0.2.66,"
    book = openpyxl.load_workbook(io.BytesIO(operator.post("/admin/access/file", wish | {"format": "xlsx"}).content))
    assert [row[5].value for row in list(book.active.rows)[2:]] == ["198.51.100.20", "192.0.2.66", "203.0.113.7"]
    acts = db.scalars(select(AuditEntry).where(AuditEntry.action == "access.export")).all()
    assert [(act.subject_id, act.details["count"]) for act in acts] == [("2026-11-19..2026-11-20", 3)] * 2


def test_too_many_for_one_file_is_said_and_nothing_is_taken(
    operator: Browser, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_pages, "MOST_ROWS", 2)
    answer = operator.post("/admin/access/file", {"first": "2026-11-19", "last": "2026-11-20", "format": "csv"})
    assert answer.status_code == 422
    assert "nhiều nhất 2 dòng, ở đây có 3" in answer.text
    assert db.scalar(select(AuditEntry.id).where(AuditEntry.action == "access.export")) is None
