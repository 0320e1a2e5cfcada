"""Requests no page of ours would send: addresses, methods, bodies and headers of broken clients and of attackers.

The values of fields are in test_naughty_strings.py.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from urllib.parse import quote

import httpx
import pytest

from tests.access.declarations import DECLARED, Declared
from tests.access.stage import Stage
from tests.access.world import ANONYMOUS
from tests.fuzz.answers import assert_proper
from tests.fuzz.conftest import some, somebody
from tests.fuzz.described import names_in

pytestmark = [pytest.mark.xdist_group("fuzz"), pytest.mark.by_turns]

ADDRESSED = [declared for declared in DECLARED if "{" in declared.path]
UNSAFE = [declared for declared in DECLARED if declared.is_unsafe]
LOOKS = [declared for declared in DECLARED if not declared.is_unsafe]

# As they stand in an address: numbers a database cannot hold, texts it cannot, other letters, and other folders.
NAMES = (
    "0", "-1", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" * 40, "9" * 5000,
    "%EF%BC%91", "%D9%A3", "1e3", "1.0", "1_0", "0x10", "true", "null", "NaN", "%20", "%201", "%00", "1%00", "a%00b",
    "%FF%FE", "%ED%A0%80", "%C0%AF", "%F0%9F%98%80", "%E2%80%AE", "%0A", "%0D%0AX-Made: up", "..", "%2e%2e",
    "..%2F..%2Fetc%2Fpasswd", "..%5C", "x" * 5000, "%27", "%22%3E%3Cnaughty%3E", "%25", "%", "%zz", "%7B%7B7*7%7D%7D",
    "*", ";", "a;b=c", "&", "=", "@", "CON", "index.html",
)  # fmt: skip

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO")

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
JSON = "application/json"


def part(head: str, body: bytes, charset: str = "") -> bytes:
    """One part of a form in parts, with `charset` as its last."""
    said = b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + charset.encode() + b"\r\n"
    return (said if charset else b"") + b"--b\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n--b--\r\n"


TITLE = 'Content-Disposition: form-data; name="title"'
BODIES: tuple[tuple[str, bytes], ...] = (
    (FORM, b""),
    (FORM, b"%"), (FORM, b"&&&==&=%zz&%00=%00"), (FORM, b"\x00\xff\xfe"), (FORM, b"a" * 200_000),
    (FORM, b"&".join(b"f%d=1" % number for number in range(2000))), (FORM + "; charset=utf-16", b"title=%00t"),
    (FORM + "; charset=nonsense", b"title=t"), (FORM, b'{"title": 1}'),
    ("multipart/form-data", b"--b\r\n"), ("multipart/form-data; boundary=", b"--\r\n"), (MULTIPART, b""),
    (MULTIPART, b"nothing like it"), (MULTIPART, b"--b\r\n"), (MULTIPART, part(TITLE, b"t")[:-6]),
    (MULTIPART, part("Content-Disposition: form-data", b"t")), (MULTIPART, part("X: y", b"t")),
    (MULTIPART, part("Content-Disposition: attachment; name=title", b"t")), (MULTIPART, part(TITLE, b"\xff\xfe\x00")),
    (MULTIPART, part(TITLE + '; filename=""', b"")), (MULTIPART, part(TITLE + '; filename="t.png"', b"\x89PNG")),
    (MULTIPART, part('Content-Disposition: form-data; name="file"; filename="\x00"', b"%PDF-")),
    (MULTIPART, part('Content-Disposition: form-data; name="file"', b"not a file")),
    (MULTIPART, part('Content-Disposition: form-data; name="picture"; filename="../../a.png"', b"\x89PNG\r\n\x1a\n")),
    (MULTIPART, part(TITLE, b"\\ud800", "unicode_escape")), (MULTIPART, part(TITLE, b"+2AA-", "utf-7")),
    (MULTIPART + "; charset=unicode_escape", part(TITLE, b"\\ud800 \\x00")),
    (MULTIPART + "; charset=utf-7", part(TITLE, b"+2AA-")), (MULTIPART + "; charset=hex", part(TITLE, b"00")),
    (MULTIPART + "; charset=idna", part(TITLE, b"xn--" + b"a" * 200)),
    (MULTIPART, b"".join(part(f'{TITLE[:-6]}f{number}"', b"1")[:-7] for number in range(1200)) + b"--b--\r\n"),
    (JSON, b""), (JSON, b"{"), (JSON, b"null"), (JSON, b"[]"), (JSON, b"0"), (JSON, b"\xff"), (JSON, b"[" * 100_000),
    (JSON, b'{"seq": 1e999}'), (JSON, b'{"seq": NaN}'), (JSON, b'{"title": "\\ud800"}'), (JSON, b'{"a": 1, "a": 2}'),
    ("text/plain", b"title=t"), ("", b"title=t"), ("nonsense", b"title=t"), ("\xff/\xfe", b"title=t"),
)  # fmt: skip

HEADERS: tuple[tuple[str, str], ...] = (
    ("accept", ""), ("accept", "*/*;q=x"), ("accept", "application/json"), ("accept", "text/html;;;,,"),
    ("accept", "x" * 8000), ("accept-encoding", "gzip;q=nonsense, \xff"), ("accept-language", "\xff;q=1"),
    ("hx-request", "true"), ("hx-request", "TRUE"), ("hx-request", "\x80"), ("hx-target", '"><naughty>'),
    ("hx-current-url", "http://["), ("if-none-match", '"'), ("if-none-match", "*"), ("if-none-match", "W/\"x\", \xff"),
    ("if-modified-since", "yesterday"), ("if-range", '"'), ("range", "bytes=0-0"), ("range", "bytes=-"),
    ("range", "bytes=5-1"), ("range", "bytes=" + "9" * 5000 + "-"), ("range", "bytes=-" + "9" * 30),
    ("range", "bytes=0-0,1-1,2-2"), ("range", "bytes=\xb2-\xb3"), ("range", "lines=1-2"), ("referer", "http://["),
    ("referer", "https://hocso.test/\xff?a=%00"), ("referer", "//elsewhere.example/"), ("origin", "null"),
    ("content-length", "-1"), ("content-length", "9" * 5000), ("content-length", "\xb2"), ("content-type", "\xff"),
    ("host", "elsewhere.example"), ("host", "[::1"), ("host", '"><naughty>'), ("x-forwarded-for", "\xff"),
    ("x-forwarded-host", "elsewhere.example"), ("x-http-method-override", "DELETE"), ("x-csrf-token", "\xff.\xff"),
    ("x-csrf-token", "." * 9000), ("authorization", "Basic \xff"), ("expect", "100-continue"), ("user-agent", ""),
)  # fmt: skip

COOKIES = (
    "", ";;;=;=", "=\xff", "\x80\xff", "hs_session=", "hs_session=\xff", "hs_session=" + "x" * 8000, "hs_session=%00",
    "hs_browser=", "hs_browser=\xff", "hs_browser=<naughty>", "hs_browser=" + "x" * 8000, "hs_flash=x.y", "hs_flash=.",
    "hs_flash=\xff.\xff", "lang=zz", "lang=../../etc/passwd", "lang=\xff", "theme=<naughty>", "text=\"'><naughty>",
    'hs_browser="\\377"',
)  # fmt: skip


@dataclass(frozen=True)
class Plain:
    """A request as it goes over the wire."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes

    @classmethod
    def of(cls, stage: Stage, persona: str, declared: Declared) -> "Plain":
        call = declared.request(stage.world, stage.callers[persona].token)
        made = stage.callers[persona].client.build_request(declared.method, **call)
        made.read()
        wanted = ("accept", "content-type", "x-csrf-token", *declared.headers)
        kept = {name: made.headers[name] for name in wanted if name in made.headers}
        url = made.url.raw_path.decode()
        return cls(declared.method, url, kept, made.content).with_token(stage.callers[persona].token)

    def with_token(self, token: str) -> "Plain":
        """The token in a header, so that whatever becomes of the rest gets behind the door."""
        return replace(self, headers=self.headers | ({} if self.method == "GET" else {"x-csrf-token": token}))

    def having(self, **headers: str) -> "Plain":
        return replace(self, headers=self.headers | {name.replace("_", "-"): value for name, value in headers.items()})


def send(stage: Stage, persona: str, plain: Plain) -> httpx.Response:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in plain.headers.items()]
    answer = stage.ask(persona, plain.method, plain.url, headers=headers, content=plain.content)
    assert_proper(answer)
    return answer


@pytest.mark.parametrize("declared", ADDRESSED, ids=str)
def test_what_an_address_cannot_name_is_not_there(stage: Stage, declared: Declared) -> None:
    persona = somebody(declared)
    plain = Plain.of(stage, persona, declared)
    with stage.copied() if declared.is_unsafe else nullcontext():
        for url in _misnamed(plain.url, declared, stage):
            answer = send(stage, persona, replace(plain, url=url))
            # A program without its token is told so; a person is led to the sign-in.
            refused = (401,) if url.startswith("/api/v1/") else ()
            assert answer.status_code in (200, 204, 303, 403, 404, 405, 409, 422, *refused), url


def _misnamed(url: str, declared: Declared, stage: Stage) -> Iterator[str]:
    path, mark, query = url.partition("?")
    for name in names_in(declared, stage.world).values():
        before, _found, after = path.partition(quote(name))
        for odd in some(NAMES, declared):
            yield before + odd + after + mark + query


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_a_method_nobody_declared_gets_a_page_of_ours(stage: Stage, declared: Declared) -> None:
    known = {one.method for one in DECLARED if one.path == declared.path}
    allowed = known | ({"HEAD"} if "GET" in known else set())
    persona = somebody(declared)
    plain = Plain.of(stage, persona, declared)
    before = stage.everything()
    for method in some(METHODS, declared):
        if method not in allowed:
            assert send(stage, persona, replace(plain, method=method)).status_code in (404, 405), method
    assert stage.everything() == before


@pytest.mark.parametrize("declared", UNSAFE, ids=str)
def test_a_body_that_is_no_form_is_refused_or_taken_as_an_empty_one(stage: Stage, declared: Declared) -> None:
    persona = somebody(declared)
    plain = Plain.of(stage, persona, declared)
    with stage.copied():
        for kind, content in some(BODIES, declared):
            answer = send(stage, persona, replace(plain.having(content_type=kind), content=content))
            assert answer.status_code in (200, 204, 303, 400, 403, 404, 409, 413, 415, 422), (kind, content[:80])
        twice = replace(plain, content=plain.content + b"&" + plain.content)
        send(stage, persona, twice)


@pytest.mark.parametrize("declared", DECLARED, ids=str)
def test_odd_headers_make_no_odd_answer(stage: Stage, declared: Declared) -> None:
    for persona in {somebody(declared), ANONYMOUS if ANONYMOUS in declared.allowed else somebody(declared)}:
        plain = Plain.of(stage, persona, declared)
        with stage.copied() if declared.is_unsafe else nullcontext():
            for name, value in some(HEADERS, declared):
                send(stage, persona, replace(plain, headers=plain.headers | {name: value}))


@pytest.mark.parametrize("declared", LOOKS, ids=str)
def test_odd_cookies_are_no_cookies(stage: Stage, declared: Declared) -> None:
    before = stage.everything()
    plain = Plain.of(stage, ANONYMOUS, declared)
    for cookie in some(COOKIES, declared):
        send(stage, ANONYMOUS, plain.having(cookie=cookie))
    assert stage.everything() == before
