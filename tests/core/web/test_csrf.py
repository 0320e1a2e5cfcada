"""Form tokens: what changes something must come from a page of ours, made for this browser and this session."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from fastapi import APIRouter, Request
from sqlalchemy.orm import Session

from app.core.csrf import issue_token
from app.core.web import Response
from tests import factories
from tests.browser import BASE_URL, Browser

router = APIRouter()
EXPIRED = "Biểu mẫu đã hết hạn"

# Nothing in them depends on the kind of database.
pytestmark = pytest.mark.by_turns


@router.api_route("/test/change", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def change(request: Request) -> Response:
    async with request.form() as form:
        return Response(f"changed {form.get('word', '')}")


@router.get("/test/token")
def token(request: Request) -> Response:
    return Response(issue_token(request), media_type="text/html")


def token_of(browser: Browser) -> str:
    return browser.get("/test/token").text


def status(browser: Browser, method: str = "POST", url: str = "/test/change", **options: object) -> int:
    return browser.client.request(method, url, **options).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_without_a_token_is_refused_and_says_what_to_do(browser: Browser, method: str) -> None:
    browser.get("/test/token")
    response = browser.client.request(method, "/test/change")
    assert response.status_code == 403
    assert EXPIRED in response.text
    assert "Hãy tải lại trang rồi gửi lại." in response.text


def test_a_token_may_come_in_the_form_the_query_or_a_header(browser: Browser) -> None:
    token = token_of(browser)
    fields = {"csrf_token": token, "word": "chữ"}
    assert browser.client.post("/test/change", data=fields).text == "changed chữ"
    upload = {"data": fields, "files": {"f": b"x"}}
    assert status(browser, **upload) == 403, "the body of an upload is not read for its token"
    assert status(browser, url=f"/test/change?csrf_token={quote(token)}", **upload) == 200
    assert status(browser, url=f"/test/change?csrf_token={quote(token)}", content=b"raw") == 200
    assert status(browser, headers={"x-csrf-token": token}, json={"a": 1}) == 200
    assert status(browser, json={"csrf_token": token}) == 403, "a JSON body is not a form"


def test_looking_needs_no_token(browser: Browser) -> None:
    assert status(browser, "GET") == 200


def test_every_page_has_a_token_of_its_own_and_all_of_them_fit(browser: Browser) -> None:
    tokens = {token_of(browser) for _ in range(3)}
    assert len(tokens) == 3
    assert [status(browser, headers={"x-csrf-token": token}) for token in tokens] == [200] * 3


def test_a_token_of_another_browser_does_not_fit(new_browser: Callable[[], Browser]) -> None:
    mine, other = new_browser(), new_browser()
    assert status(other, headers={"x-csrf-token": token_of(mine)}) == 403
    token_of(other)
    assert status(other, headers={"x-csrf-token": token_of(mine)}) == 403


def test_a_token_from_before_signing_in_does_not_fit_afterwards(db: Session, browser: Browser) -> None:
    account = factories.account(db)
    db.commit()
    before = token_of(browser)
    browser.sign_in(account.username)
    assert status(browser, headers={"x-csrf-token": before}) == 403
    assert status(browser, headers={"x-csrf-token": token_of(browser)}) == 200


@pytest.mark.parametrize("made_up", ["", ".", "a.b", "nonce.", ".tag", "ă.ê", "\x7f", "." * 200, "x" * 5000])
def test_a_made_up_token_is_refused(browser: Browser, made_up: str) -> None:
    token_of(browser)
    assert status(browser, data={"csrf_token": made_up}) == 403
    assert status(browser, url=f"/test/change?csrf_token={quote(made_up)}") == 403


def test_a_browser_without_cookies_is_refused(browser: Browser) -> None:
    token = token_of(browser)
    browser.client.cookies.clear()
    assert status(browser, headers={"x-csrf-token": token}) == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (BASE_URL, 200), (BASE_URL.upper(), 200), ("null", 200), ("", 200),
        ("https://evil.example", 403), ("https://hocso.test.evil.example", 403), ("https://hocso.test:8443", 403),
        ("http://[", 403), ("nonsense", 403),
    ],
)  # fmt: skip
def test_another_site_is_refused_even_with_a_token(browser: Browser, origin: str, expected: int) -> None:
    headers = {"x-csrf-token": token_of(browser), "origin": origin}
    assert status(browser, headers=headers) == expected


def test_a_broken_form_is_an_answer_not_a_crash(browser: Browser) -> None:
    url = f"/test/change?csrf_token={quote(token_of(browser))}"
    headers = {"content-type": "multipart/form-data"}
    response = browser.client.post(url, content=b"--x\r\nnonsense", headers=headers)
    assert response.status_code == 400
    assert "Dữ liệu chưa hợp lệ" in response.text


def test_odd_cookies_of_other_sites_do_not_cost_us_ours(browser: Browser) -> None:
    """Another service of the province on the same domain may set anything."""
    token = token_of(browser)
    ours = browser.client.cookies["hs_browser"]
    browser.client.cookies.clear()
    for odd in ("a/b=1; ", 'theme={"dark": true}; ', "no-value; ", "=; ", "path=/; ", 'x="unclosed; ', "é=1; "):
        headers = {"x-csrf-token": token, "cookie": f"{odd}hs_browser={ours}".encode("latin-1")}
        response = browser.client.post("/test/change", headers=headers)  # type: ignore[arg-type]
        assert response.status_code == 200, odd
        assert "hs_browser" not in response.headers.get("set-cookie", ""), odd
