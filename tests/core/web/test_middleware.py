"""Around every request: the browser cookie, the security headers, the language, and no body over its limit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.core.csrf import check_token
from app.core.middleware import BodyLimit
from app.core.static import StaticFiles
from app.core.templating import STATIC_DIR, static_bytes, static_url
from app.core.web import Response, identify
from app.main import create_app
from app.runtime import Runtime
from tests.browser import BASE_URL, Browser

router = APIRouter()
guarded = APIRouter()
LIMIT = 1000

# Nothing in them depends on the kind of database.
pytestmark = pytest.mark.by_turns


@router.post("/test/read")
async def read(request: Request) -> Response:
    return Response(str(len(await request.body())))


@router.post("/test/stream")
async def stream(request: Request) -> Response:
    return Response(str(sum([len(chunk) async for chunk in request.stream()])))


@router.post("/test/json")
def take_json(body: dict[str, str]) -> Response:
    return Response(str(len(body)))


@router.post("/test/form")
async def take_form(request: Request) -> Response:
    return Response(str(len(await request.form())))


@guarded.post("/test/guarded")
def change() -> Response:
    return Response("changed")


@router.get("/test/file")
def file(kind: str) -> StreamingResponse:
    return StreamingResponse(iter([b"x" * 3000] * 2), headers={"content-length": "6000"}, media_type=kind)


@router.get("/test/boom")
def boom() -> Response:
    raise RuntimeError("bí mật của mã nguồn")


# --- headers and cookies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/khong-co", "/test/boom", "/healthz", "/static/css/base.css"])
def test_every_answer_carries_the_security_headers(browser: Browser, path: str) -> None:
    headers = browser.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


def test_a_browser_gets_its_cookie_with_its_first_page_and_keeps_it(browser: Browser) -> None:
    first = browser.client.get("/sign-in").headers["set-cookie"]
    assert first.startswith("hs_browser=")
    assert "HttpOnly; SameSite=Lax; Max-Age=31536000" in first
    assert "Secure" not in first
    assert "set-cookie" not in browser.client.get("/sign-in").headers


@pytest.mark.parametrize("path", ["/healthz", "/static/css/base.css"])
def test_what_is_no_page_sets_no_cookie(browser: Browser, path: str) -> None:
    assert "set-cookie" not in browser.client.get(path).headers


def test_behind_https_cookies_never_travel_in_the_clear(runtime: Runtime) -> None:
    runtime.settings.session_cookie_secure = True
    with TestClient(create_app(runtime), base_url=BASE_URL) as client:
        assert client.get("/sign-in").headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize(("cookie", "lang"), [("", "vi"), ("lang=en", "en"), ("lang=vi", "vi"), ("lang=xx", "vi")])
def test_the_page_is_in_the_language_of_the_cookie(browser: Browser, cookie: str, lang: str) -> None:
    assert f'<html lang="{lang}"' in browser.client.get("/sign-in", headers={"cookie": cookie}).text


# --- static files -----------------------------------------------------------------------------------------------------


def test_a_static_file_is_kept_for_ever_only_under_its_own_hash(browser: Browser) -> None:
    """While servers are upgraded, an old one must not plant the old file under the new name for a year."""

    def cached(url: str) -> str:
        response = browser.client.get(url)
        assert response.status_code == 200
        return response.headers["cache-control"]

    for_ever = "public, max-age=31536000, immutable"
    assert cached(static_url("css/base.css")) == for_ever
    assert cached("/static/fonts/be-vietnam-pro.woff2?v=1") == for_ever, "numbered by hand in a style sheet"
    assert cached("/static/css/base.css?v=0123456789ab") == "no-cache"
    assert cached("/static/css/base.css") == "no-cache"
    assert cached("/static/css/base.css?xv=1") == "no-cache"


def test_a_static_file_not_changed_is_not_sent_again(browser: Browser) -> None:
    etag = browser.client.get("/static/css/base.css").headers["etag"]
    assert browser.client.get("/static/css/base.css", headers={"if-none-match": etag}).status_code == 304


@pytest.mark.parametrize("path", ["css/all.css", "js/app.js", "img/seal.svg"])
def test_a_text_is_sent_compressed_to_who_takes_it_so(browser: Browser, path: str) -> None:
    url = static_url(path)
    plain = browser.client.get(url, headers={"accept-encoding": "identity"})
    packed = browser.client.get(url, headers={"accept-encoding": "gzip"})
    assert plain.content == packed.content == static_bytes(path)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["vary"] == "Accept-Encoding"


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("kind", ["application/pdf", _XLSX, "application/zip", "image/webp", "image/jpeg", "video/mp4"])
def test_what_is_compressed_already_goes_out_as_it_is_with_its_length(browser: Browser, kind: str) -> None:
    headers = browser.get("/test/file", params={"kind": kind}, headers={"accept-encoding": "gzip"}).headers
    assert headers["content-length"] == "6000"
    assert "content-encoding" not in headers


@pytest.mark.parametrize("kind", ["text/html", "text/csv", "application/json", "image/svg+xml"])
def test_a_text_made_for_one_request_is_compressed(browser: Browser, kind: str) -> None:
    response = browser.get("/test/file", params={"kind": kind}, headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert response.content == b"x" * 6000


@pytest.mark.parametrize("path", ["none.css", "../settings.py", "..%2fsettings.py", "css", "%00", "a" * 300])
def test_static_serves_only_its_own_files(browser: Browser, path: str) -> None:
    response = browser.client.get(f"/static/{path}")
    assert response.status_code == 404
    assert "immutable" not in response.headers.get("cache-control", "")


def test_static_files_are_those_of_the_application() -> None:
    assert StaticFiles(STATIC_DIR).directory == str(STATIC_DIR)


# --- the size of a body -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_app(runtime: Runtime) -> FastAPI:
    """The application with small limits; its routes need no form tokens."""
    init = BodyLimit.__init__

    def small(self: BodyLimit, app: Any, limits: Sequence[tuple[str, int]]) -> None:
        init(self, app, [("/test/", LIMIT), ("/", LIMIT)])

    app = create_app(runtime)
    app.include_router(router, dependencies=[Depends(identify)])
    app.include_router(guarded, dependencies=[Depends(identify), Depends(check_token)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BodyLimit, "__init__", small)
        app.middleware_stack = app.build_middleware_stack()
    return app


@pytest.fixture
def limited(small_app: FastAPI) -> Browser:
    return Browser(TestClient(small_app, base_url=BASE_URL, raise_server_exceptions=False))


def in_chunks(*sizes: int) -> "Any":
    """A body without Content-Length."""

    def chunks() -> Any:
        for size in sizes:
            yield b"x" * size

    return chunks()


PATHS = ["/test/read", "/test/stream", "/test/form"]


@pytest.mark.parametrize("path", PATHS)
def test_a_body_at_the_limit_passes(limited: Browser, path: str) -> None:
    assert limited.client.post(path, content=b"x" * LIMIT).status_code == 200
    assert limited.client.post(path, content=in_chunks(500, 500)).status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/test/json", "/sign-in", "/khong-co"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_over_the_limit_is_refused_in_words(limited: Browser, path: str, declared: bool) -> None:
    content = b"x" * (2 * LIMIT) if declared else in_chunks(700, 700, 700)
    headers = {"content-type": "application/json" if path == "/test/json" else "application/x-www-form-urlencoded"}
    response = limited.client.post(path, content=content, headers=headers)
    if path == "/khong-co":
        assert response.status_code in (404, 405), "nobody reads the body there"
        return
    assert response.status_code == 413
    assert "lớn" in response.text
    assert "Traceback" not in response.text


async def send_raw(app: Any, headers: list[tuple[bytes, bytes]], messages: list[Message], path: str = "/x") -> None:
    """One request straight to an ASGI application: what no HTTP client would send."""
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        """The answer is not looked at."""

    await app({"type": "http", "method": "POST", "path": path, "headers": headers, "state": {}}, receive, send)


class Counter:
    """An application that reads its whole body and remembers how much came."""

    def __init__(self) -> None:
        self.read = 0
        self.too_large = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.too_large = scope["state"].get("too_large", False)
        async for size in self.sizes(receive):
            self.read += size

    @staticmethod
    async def sizes(receive: Receive) -> AsyncIterator[int]:
        while (message := await receive())["type"] == "http.request":
            yield len(message["body"])
            if not message.get("more_body"):
                return


def body(*sizes: int) -> list[Message]:
    last = len(sizes) - 1
    return [{"type": "http.request", "body": b"x" * s, "more_body": n < last} for n, s in enumerate(sizes)]


@pytest.mark.parametrize(
    "length",
    [
        b"",
        b"-1",
        b"-99999999999",
        b"+5",
        b"1_000",
        b"abc",
        b"1e9",
        b"0x10",
        b"5, 5",
        "٣".encode(),
        b"\xb2",
        b"\xff\xfe",
    ],
)
def test_a_content_length_that_makes_no_sense_neither_crashes_nor_opens_the_door(length: bytes) -> None:
    counter = Counter()
    limit = BodyLimit(counter, [("/", LIMIT)])
    asyncio.run(send_raw(limit, [(b"content-length", length)], body(400)))
    assert (counter.read, counter.too_large) == (400, False)
    with pytest.raises(Exception, match="lớn"):
        asyncio.run(send_raw(limit, [(b"content-length", length)], body(600, 600)))


@pytest.mark.parametrize("length", [b"1001", b"9" * 30, b"9" * 6000])
def test_an_absurd_content_length_is_over_the_limit(length: bytes) -> None:
    counter = Counter()
    asyncio.run(send_raw(BodyLimit(counter, [("/", LIMIT)]), [(b"content-length", length)], body(10)))
    assert (counter.read, counter.too_large) == (0, True)


def test_what_is_too_much_is_thrown_away_only_so_far() -> None:
    """A browser that is still sending sees our answer; one that never ends does not keep us for ever."""
    endless = ({"type": "http.request", "body": b"x" * 500, "more_body": True} for _ in range(1000))
    taken: list[Message] = []

    async def receive() -> Message:
        taken.append(next(endless))
        return taken[-1]

    async def send(message: Message) -> None:
        """Nothing is sent in this test."""

    scope = {"type": "http", "path": "/x", "headers": [(b"content-length", b"500000")], "state": {}}
    asyncio.run(BodyLimit(Counter(), [("/", LIMIT)])(scope, receive, send))
    assert len(taken) == 4 * LIMIT / 500


def test_each_path_has_its_own_limit_and_unknown_ones_the_last() -> None:
    limit = BodyLimit(Counter(), [("/studio/", 5 * LIMIT), ("/", LIMIT)])

    def too_large(path: str, size: int) -> bool:
        counter = Counter()
        limit.app = counter
        asyncio.run(send_raw(limit, [(b"content-length", str(size).encode())], body(0), path=path))
        return counter.too_large

    assert not too_large("/studio/x/assets", 5 * LIMIT)
    assert too_large("/studio/x/assets", 5 * LIMIT + 1)
    assert too_large("/studio", LIMIT + 1)
    assert too_large("*", LIMIT + 1), "OPTIONS * has a path that begins with no slash"


def test_a_request_that_is_only_asking_has_no_limit_to_break(limited: Browser) -> None:
    assert limited.client.head("/sign-in").status_code == 200
    assert limited.client.request("OPTIONS", "/sign-in").status_code == 405


def test_check_token_reads_no_form_that_is_too_large(limited: Browser) -> None:
    """Routes with form tokens answer 413 as well, not that the form has expired."""
    for content in (b"csrf_token=" + b"x" * 2 * LIMIT, in_chunks(700, 700)):
        headers = {"content-type": "application/x-www-form-urlencoded"}
        assert limited.client.post("/test/guarded", content=content, headers=headers).status_code == 413
