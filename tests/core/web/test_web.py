"""Pages, fragments, redirects and messages: what a browser, htmx and a link checker each get."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from sqlalchemy import func, select

from app.core import audit, templating
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.core.templating import make_environment
from app.core.web import Db, MaybeMe, Response, local_url, redirect, render
from app.main import BARE, PAGES
from tests import factories
from tests.browser import Browser

router = APIRouter()


@router.get("/test/page")
def page(request: Request, actor: MaybeMe) -> Response:
    return render(request, "test.html", fragment="rows", word="<chữ>")


@router.get("/test/go")
@router.post("/test/go")
def go(request: Request, to: str = "/test/page", say: str = "") -> Response:
    return redirect(request, to, flash=("ok", say) if say else None)


@router.get("/test/stray-write")
@router.post("/test/stray-write")
def stray_write(db: Db) -> Response:
    audit.record(db, "test.stray", "thing", 1)
    return Response("written")


@pytest.fixture(autouse=True, scope="module")
def test_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """test.html beside the real templates."""
    folder = tmp_path_factory.mktemp("templates")
    rows = "<ul>{% block rows %}<li>{{ word }}</li>{% endblock %}</ul>"
    (folder / "test.html").write_text('{% extends "base.html" %}{% block main %}' + rows + "{% endblock %}")
    environment = make_environment()
    environment.loader.searchpath.append(str(folder))  # type: ignore[union-attr]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templating, "environment", lambda: environment)
        yield


HTMX = {"hx-request": "true"}


def sign_in(db: Session, browser: Browser) -> Browser:
    account = factories.account(db)
    db.commit()
    return browser.sign_in(account.username)


# --- pages and fragments ----------------------------------------------------------------------------------------------


def test_one_address_gives_a_page_or_the_part_htmx_swaps(browser: Browser) -> None:
    whole = browser.client.get("/test/page")
    part = browser.client.get("/test/page", headers=HTMX)
    assert "<html" in whole.text
    assert "<li>&lt;chữ&gt;</li>" in whole.text
    assert part.text == "<li>&lt;chữ&gt;</li>"
    assert "HX-Request" in whole.headers["vary"], "no cache may show one for the other"
    assert "HX-Request" in part.headers["vary"]


def test_what_a_signed_in_person_sees_is_not_kept_anywhere(db: Session, browser: Browser) -> None:
    assert browser.client.get("/test/page").headers["cache-control"] == "no-cache"
    sign_in(db, browser)
    for headers in ({}, HTMX):
        assert browser.client.get("/test/page", headers=headers).headers["cache-control"] == "private, no-store"


def test_a_page_is_small_on_the_wire(browser: Browser) -> None:
    assert browser.client.get("/test/page").headers["content-encoding"] == "gzip"


# --- redirects and messages -------------------------------------------------------------------------------------------


def test_after_a_change_the_browser_moves_and_htmx_moves_the_whole_page(browser: Browser) -> None:
    browser.get("/sign-in")
    plain = browser.post("/test/go", follow=False)
    assert (plain.status_code, plain.headers["location"]) == (303, "/test/page")
    htmx = browser.post("/test/go", follow=False, headers=HTMX)
    assert (htmx.status_code, htmx.headers["hx-redirect"], htmx.text) == (204, "/test/page", "")
    assert "location" not in htmx.headers


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_address_cannot_smuggle_a_header(browser: Browser, headers: dict[str, str]) -> None:
    to = "/học?q=một\r\nset-cookie: a=b\ttab"
    response = browser.client.get("/test/go", params={"to": to}, headers=headers, follow_redirects=False)
    assert response.headers.get("location", response.headers.get("hx-redirect")) == (
        "/h%E1%BB%8Dc?q=m%E1%BB%99t%0D%0Aset-cookie:%20a=b%09tab"
    )
    assert "set-cookie" not in response.headers


def test_a_message_is_shown_once_on_the_next_page(browser: Browser) -> None:
    message = "Đã lưu bài “1 & 2”; xong <b>100%</b>."
    browser.client.get("/test/go", params={"say": message}, follow_redirects=False)
    assert "100%" not in browser.client.get("/test/page", headers=HTMX).text
    shown = browser.client.get("/test/page").text
    assert "Đã lưu bài “1 &amp; 2”; xong &lt;b&gt;100%&lt;/b&gt;." in shown
    assert "Đã lưu bài" not in browser.client.get("/test/page").text


def test_a_message_survives_the_error_page_in_between(browser: Browser) -> None:
    """An error page shows it, and does not use it up: the page one meant to reach still tells."""
    browser.client.get("/test/go", params={"say": "Đã lưu."}, follow_redirects=False)
    assert browser.client.get("/khong-co").status_code == 404
    assert "Đã lưu." in browser.client.get("/test/page").text


@pytest.mark.parametrize("made_up", ["", "x", ".", "a.b", "a.%5B%22ok%22%2C%22x%22%5D", "ă.ê", "x" * 3000])
def test_a_made_up_message_is_not_shown(browser: Browser, made_up: str) -> None:
    headers = {"cookie": f"hs_flash={made_up}".encode()}
    response = browser.client.get("/test/page", headers=headers)  # type: ignore[arg-type]
    assert response.status_code == 200
    assert 'class="alert' not in response.text


@pytest.mark.parametrize(
    "url", ["/", "/my", "/courses?q=học số&page=2", "/units/07210?on=2026-07-01#x", "/a//b", "/%2e%2e"]
)
def test_a_local_address_is_taken(url: str) -> None:
    assert local_url(url, "/other") == url


@pytest.mark.parametrize(
    "url",
    [
        None, "", "my", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", " /my", "/\x00/evil.example",
        "/a\\..\\..\\evil", "javascript:alert(1)", "data:text/html,x", "http:evil.example", "/my\r\nset-cookie: a=b",
        "/\x7f",
    ],
)  # fmt: skip
def test_an_address_that_could_lead_elsewhere_is_not(url: str | None) -> None:
    assert local_url(url, "/other") == "/other"


# --- methods and transactions -----------------------------------------------------------------------------------------


def test_every_page_can_be_asked_about(browser: Browser) -> None:
    """HEAD is what link checkers and monitors send; HTTP wants it wherever there is a GET."""
    for path in ("/sign-in", "/healthz", "/test/page", "/static/css/base.css"):
        response = browser.client.head(path)
        assert response.status_code == 200, path
    assert browser.client.head("/khong-co").status_code == 404
    for module in (*PAGES, *BARE):
        for route in module.router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                assert "HEAD" in (route.methods or ()), route.path


def test_only_a_request_that_may_change_something_can(browser: Browser, database: Database) -> None:
    assert browser.client.get("/test/stray-write").status_code == 500
    assert browser.client.head("/test/stray-write").status_code == 500
    assert browser.post("/test/stray-write").text == "written"
    with database.reading() as db:
        assert db.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.action == "test.stray")) == 1


def test_the_interface_description_is_not_public(browser: Browser) -> None:
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert browser.client.get(path).status_code == 404
