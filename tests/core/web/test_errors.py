"""Errors: a page, a fragment or problem+json, always in words, never a trace, whatever goes wrong."""

import errno
import logging
import re
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Form, Request
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from app.core import audit
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.core.errors import AppError, Conflict, Forbidden, Invalid, NotFound, SignInRequired, StorageFull, TooMany
from app.core.i18n import lazy
from app.core.web import Db, Me, Response
from tests import factories
from tests.browser import Browser

# Nothing in them depends on the kind of database.
pytestmark = pytest.mark.by_turns

SECRET = "bí mật của mã nguồn"
router = APIRouter()

RAISED: dict[str, Exception] = {
    "boom": RuntimeError(SECRET),
    "not-found": NotFound(),
    "forbidden": Forbidden("Chỉ phụ trách đơn vị được xem."),
    "sign-in": SignInRequired(),
    "conflict": Conflict(lazy("Bài %(name)s đã được nộp."), name="Tuần 1"),
    "invalid": Invalid(fields={"name": "Hãy nhập tên."}),
    "too-many": TooMany(retry_after_s=17),
    "storage-full": StorageFull(),
    "disk-full": OSError(errno.ENOSPC, "No space left on device"),
    "database-full": OperationalError("INSERT", {}, Exception("database or disk is full")),
    "database-gone": OperationalError("SELECT", {}, Exception(f"connection refused {SECRET}")),
    "teapot": HTTPException(418, SECRET),
    "gone-away": ClientDisconnect(),
    "wrong-values": AppError(lazy("Còn %(days)s ngày"), other=SECRET),
}


@router.get("/test/raise/{name}")
@router.post("/test/raise/{name}")
def raise_error(name: str) -> Response:
    raise RAISED[name]


@router.get("/test/number/{number}")
def number(number: int, page: int = 1) -> Response:
    return Response(f"{number} {page}")


@router.post("/test/form")
def form(name: Annotated[str, Form(min_length=2)], age: Annotated[int, Form()]) -> Response:
    return Response(f"{name} {age}")


@router.post("/test/fill-disk")
def fill_disk(db: Db) -> Response:
    """The disk is full only at the commit, after the route has done its work."""
    pages = db.scalar(text("PRAGMA page_count")) or 0
    db.execute(text(f"PRAGMA max_page_count={pages}"))
    for number in range(2000):
        audit.record(db, "test.fill", "thing", number)
    return Response("saved")


@router.post("/test/write-then-fail")
def write_then_fail(db: Db) -> Response:
    audit.record(db, "test.write", "thing", 1)
    db.flush()
    raise Conflict


@router.get("/test/half")
def half() -> Response:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError(SECRET)

    return StreamingResponse(chunks())


@router.get("/test/mine")
def mine(actor: Me) -> Response:
    return Response(actor.name)


@pytest.fixture
def signed_in(db: Session, browser: Browser) -> Browser:
    account = factories.account(db, factories.person(db, "Nguyễn Văn An"))
    db.commit()
    return browser.sign_in(account.username)


def heading(page: str) -> str:
    found = re.search(r'<h1 id="wrong"[^>]*>([^<]*)</h1>', page)
    assert found, page
    return found.group(1)


WORDS = [
    ("boom", 500, "Có lỗi xảy ra", "đã ghi lại với mã"),
    ("not-found", 404, "Không tìm thấy", "không thuộc phạm vi"),
    ("forbidden", 403, "Không có quyền", "Chỉ phụ trách đơn vị được xem."),
    ("conflict", 409, "Việc này đã được làm", "Bài Tuần 1 đã được nộp."),
    ("invalid", 422, "Dữ liệu chưa hợp lệ", "Có chỗ chưa hợp lệ"),
    ("too-many", 429, "Quá nhiều lần thử", "Hãy chờ một phút"),
    ("storage-full", 507, "Hết chỗ lưu trữ", "Hãy báo người vận hành"),
    ("disk-full", 507, "Hết chỗ lưu trữ", "Hãy báo người vận hành"),
    ("database-full", 507, "Hết chỗ lưu trữ", "Hãy báo người vận hành"),
    ("database-gone", 500, "Có lỗi xảy ra", "đã ghi lại với mã"),
    ("teapot", 418, "Có lỗi xảy ra", "Hãy thử lại sau ít phút."),
    ("wrong-values", 500, "Có lỗi xảy ra", "Còn %(days)s ngày"),
]


@pytest.mark.parametrize(("name", "status", "title", "words"), WORDS)
def test_an_error_is_a_page_for_people(browser: Browser, name: str, status: int, title: str, words: str) -> None:
    response = browser.client.get(f"/test/raise/{name}")
    assert (response.status_code, heading(response.text)) == (status, title)
    assert words in response.text
    assert f"Mã {status}" in response.text
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize(("name", "status", "title", "words"), WORDS)
def test_an_error_is_a_fragment_for_htmx(browser: Browser, name: str, status: int, title: str, words: str) -> None:
    response = browser.client.get(f"/test/raise/{name}", headers={"hx-request": "true"})
    assert response.status_code == status
    assert response.text.startswith('<div class="alert error"')
    assert title in response.text
    assert words in response.text
    assert "<html" not in response.text
    assert SECRET not in response.text


@pytest.mark.parametrize(("name", "status", "title", "words"), WORDS)
def test_an_error_is_problem_json_for_programs(
    browser: Browser, name: str, status: int, title: str, words: str
) -> None:
    for accept in ("application/json", "*/*", ""):
        response = browser.client.get(f"/test/raise/{name}", headers={"accept": accept})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert (problem["status"], problem["title"], problem["type"]) == (status, title, "about:blank")
        assert words in problem["detail"]
        assert SECRET not in response.text


def test_an_unexpected_error_is_logged_under_the_reference_the_reader_sees(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "hocso.web"):
        page = browser.client.get("/test/raise/boom").text
    reference = re.search(r"với mã (\w{8})\.", page)
    assert reference is not None
    assert f"error {reference.group(1)} at GET /test/raise/boom" in caplog.text
    assert SECRET in caplog.text, "the operator finds the cause there"


def test_programs_learn_which_field_is_wrong_and_when_to_come_back(browser: Browser) -> None:
    json = {"accept": "application/json"}
    assert browser.client.get("/test/raise/invalid", headers=json).json()["errors"] == {"name": "Hãy nhập tên."}
    assert browser.client.get("/test/raise/too-many", headers=json).headers["retry-after"] == "17"
    assert browser.client.get("/test/raise/too-many").headers["retry-after"] == "17"


# --- what no route answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/khong-co", "/khong/co/gi", "/static/none.css", "/test/number/x", "//evil.example/x", "/ă"]
)
def test_an_unknown_address_is_a_page_with_a_way_on(browser: Browser, path: str) -> None:
    response = browser.client.get(f"https://hocso.test{path}")
    assert (response.status_code, heading(response.text)) == (404, "Không tìm thấy")
    assert 'href="/"' in response.text


def test_an_unknown_address_knows_who_asks(signed_in: Browser) -> None:
    """No route, so no `identify`: still the reader must not seem to be signed out."""
    page = signed_in.client.get("/khong-co").text
    assert "Tài khoản của Nguyễn Văn An" in page
    assert "/sign-in" not in page


def test_an_unknown_address_is_a_fragment_or_json_as_well(browser: Browser) -> None:
    assert browser.client.get("/khong-co", headers={"hx-request": "true"}).text.startswith('<div class="alert')
    assert browser.client.get("/khong-co", headers={"accept": "*/*"}).json()["status"] == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_method_nobody_expects_says_which_ones_are(browser: Browser, method: str) -> None:
    response = browser.client.request(method, "/test/number/1")
    assert (response.status_code, heading(response.text)) == (405, "Không tìm thấy")
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("url", ["/test/number/x", "/test/number/1?page=x", "/test/number/" + "9" * 5000])
def test_an_address_that_does_not_parse_names_nothing_we_have(browser: Browser, url: str) -> None:
    assert browser.client.get(url).status_code == 404


def test_a_form_that_does_not_parse_is_a_bad_form(browser: Browser) -> None:
    response = browser.post("/test/form", {"name": "A", "age": "già"})
    assert (response.status_code, heading(response.text)) == (422, "Dữ liệu chưa hợp lệ")
    browser.client.headers["accept"] = "application/json"
    errors = browser.post("/test/form", {"name": "A"}).json()["errors"]
    assert errors == {"name": "Thiếu hoặc sai dữ liệu.", "age": "Thiếu hoặc sai dữ liệu."}


@pytest.mark.parametrize("query", [b"\xff\xfe", b"%ff%fe", b"a=%", b"%00", b"q=" + b"x" * 5000])
def test_bytes_that_are_no_text_are_an_answer_not_a_crash(browser: Browser, query: bytes) -> None:
    for path in ("/khong-co", "/test/raise/forbidden", "/test/mine"):
        response = browser.client.get(f"https://hocso.test{path}?" + query.decode("latin-1"), follow_redirects=False)
        assert response.status_code in (303, 403, 404)


# --- who has to sign in -----------------------------------------------------------------------------------------------


def test_whoever_must_sign_in_comes_back_to_the_page_they_wanted(db: Session, browser: Browser) -> None:
    account = factories.account(db, factories.person(db, "Nguyễn Văn An"))
    db.commit()
    response = browser.client.get("/test/mine?q=học số&page=2", follow_redirects=False)
    assert response.status_code == 303
    form = browser.get(response.headers["location"]).text
    target = re.search(r'name="next" value="([^"]*)"', form)
    assert target is not None
    data = {"name": account.username, "password": factories.PASSWORD, "next": target.group(1).replace("&amp;", "&")}
    back = browser.post("/sign-in", data, follow=False).headers["location"]
    assert back == "/test/mine?q=h%E1%BB%8Dc%20s%E1%BB%91&page=2"
    assert browser.get(back).text == "Nguyễn Văn An"


def test_a_form_sent_too_late_comes_back_to_the_page_it_was_on(browser: Browser) -> None:
    browser.get("/sign-in")

    def sent_to(referer: str) -> str:
        headers = {"referer": referer, "x-csrf-token": browser.token}
        return browser.client.post("/test/raise/sign-in", headers=headers, follow_redirects=False).headers["location"]

    assert sent_to("https://hocso.test/learn/x?a=1") == "/sign-in?next=/learn/x%3Fa%3D1"
    for foreign in ("https://evil.example/x", "http://[", "", "/x"):
        assert sent_to(foreign) == "/sign-in"


def test_programs_and_fragments_are_told_to_sign_in_without_being_moved(browser: Browser) -> None:
    json = browser.client.get("/test/mine", headers={"accept": "application/json"})
    assert (json.status_code, json.json()["title"]) == (401, "Cần đăng nhập")
    fragment = browser.client.get("/test/mine", headers={"hx-request": "true"})
    assert fragment.status_code == 401
    assert 'href="/sign-in"' in fragment.text


# --- when everything goes wrong at once -------------------------------------------------------------------------------


def test_an_error_rolls_back_what_the_route_had_written(browser: Browser, database: Database) -> None:
    assert browser.post("/test/write-then-fail").status_code == 409
    with database.reading() as db:
        assert db.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.action == "test.write")) == 0


@pytest.mark.databases("sqlite")
def test_a_disk_that_is_full_at_the_commit_is_not_acknowledged(browser: Browser, database: Database) -> None:
    response = browser.post("/test/fill-disk")
    database.dispose()  # its connections remember the small disk
    assert (response.status_code, heading(response.text)) == (507, "Hết chỗ lưu trữ")
    with database.reading() as db:
        assert db.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.action == "test.fill")) == 0


def test_a_form_that_fills_the_disk_while_it_arrives_is_told_so(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large uploads are spooled to disk before a route sees them; FastAPI would call that a bad request."""
    browser.get("/sign-in")

    async def full(*_args: object, **_options: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Request, "_get_form", full)
    assert browser.post("/test/form", {"name": "An", "age": "30"}).status_code == 507


@pytest.mark.parametrize("broken", ["error_answers.render_template", "error_answers.page_context", "web.issue_token"])
@pytest.mark.parametrize("name", ["boom", "forbidden"])
def test_an_error_inside_the_error_page_still_tells_the_message(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str, name: str
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(f"app.core.{broken}", fail)
    response = browser.client.get(f"/test/raise/{name}")
    assert response.status_code == (500 if name == "boom" else 403)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert ("đã ghi lại với mã" if name == "boom" else "Chỉ phụ trách đơn vị được xem.") in response.text
    assert SECRET not in response.text
    assert "the error page could not be shown" in caplog.text


def test_a_broken_database_does_not_cost_an_unknown_address_its_page(
    signed_in: Browser, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_options: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(app.state, "load_actor", gone)
    assert heading(signed_in.client.get("/khong-co").text) == "Không tìm thấy"
    assert signed_in.client.get("/test/mine").status_code == 500


def test_a_client_that_went_away_is_no_error_of_ours(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "hocso.web"):
        assert browser.client.get("/test/raise/gone-away").status_code == 400
    assert "hocso.web" not in {record.name for record in caplog.records}


def test_an_answer_that_breaks_off_is_not_followed_by_another(browser: Browser) -> None:
    response = browser.client.get("/test/half")
    assert response.text == "half"
    assert "wrong" not in response.text
