"""What every answer of the application must be like, whatever was asked of it."""

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import httpx

from app.core.attachments import NOTHING_RUNS
from app.core.middleware import _HEADERS, ANSWERED_IN_A_FRAME, SHOWN_IN_A_FRAME
from tests.browser import BASE_URL

ROOT = Path(__file__).parents[2]
# Signs of our inside that nobody outside may see.
_INTERNALS = re.compile(
    r"Traceback \(most|site-packages|sqlalchemy\.|sqlite3\.|psycopg\.|jinja2\.|pydantic|msgspec\.|"
    rf"OperationalError|IntegrityError|{re.escape(str(ROOT))}/"
)
_TOKEN = re.compile(r"[\w-]{11}\.[\w-]{20,}")
_SENT_BY_US = ("text/html; charset=utf-8", "application/json", "application/problem+json")
# What somebody types a name into asks these for choices: they are parts, however they are asked.
_PARTS = frozenset({"/units/named", "/studio/library/pick"})
# A draft as a learner sees it: the one page that another of ours may hold in a frame, where nothing of it runs.
_SHOWN = re.compile(r"/studio/[^/]+/lessons/[^/]+/learner(/quiz|/paper)?")
_NEVER_CLOSED = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "col", "area"})
_NEVER_OURS = frozenset({"iframe", "object", "embed", "base", "style", "applet", "frame", "frameset", "math"})
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "poster", "data", "xlink:href", "srcset"})
_RUNS = re.compile(r"[\s\x00-\x20]*(javascript|vbscript|data:text)", re.IGNORECASE)


def assert_proper(answer: httpx.Response) -> None:
    """Not an error of ours, nothing of our inside in it, and whole, whatever kind of answer it is."""
    said = f"{answer.request.method} {answer.request.url} {answer.status_code}\n{_start(answer)}"
    assert answer.status_code < 500, said
    is_saved = answer.headers.get("content-disposition", "").startswith("attachment")
    for name, value in _HEADERS.items():
        assert name in answer.headers, said
        proper = (value, NOTHING_RUNS.get(name)) if is_saved else (value,)
        if _SHOWN.fullmatch(answer.request.url.path) and name == "content-security-policy":
            proper = (value, SHOWN_IN_A_FRAME, ANSWERED_IN_A_FRAME)
        assert answer.headers[name] in proper or answer.request.url.path.startswith("/media/"), said
    for name in ("location", "hx-redirect"):
        assert is_local(answer.headers.get(name, "/")), said
    kind = answer.headers.get("content-type", "")
    if answer.request.method == "HEAD" or not answer.content:
        return
    if kind.startswith("text/") or "json" in kind:
        assert not _INTERNALS.search(answer.text), said
    if "json" in kind:
        json.loads(answer.content)
    elif kind.startswith("text/html"):
        assert answer.headers.get("cache-control"), said
        asks_for_part = answer.request.headers.get("hx-request") == "true" or answer.request.url.path in _PARTS
        is_fragment = asks_for_part and "<!doctype" not in answer.text.lower()
        assert not (wrong := faults(_TOKEN.sub("", answer.text), is_fragment)), (wrong, said)
    if answer.status_code >= 400:
        assert kind in _SENT_BY_US, said


def is_local(url: str) -> bool:
    return re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", url.removeprefix(BASE_URL)) is not None


@lru_cache(256)
def faults(html: str, is_fragment: bool) -> tuple[str, ...]:
    """What is broken or not ours in a page, or in a part of one."""
    page = _Page()
    page.feed(html)
    page.close()
    if page.open:
        page.faults.append(f"never closed: {page.open}")
    if not is_fragment:
        if not html.lstrip().lower().startswith("<!doctype html>") or not html.rstrip().endswith("</html>"):
            page.faults.append("not a whole page")
        page.faults += [
            f"{page.seen.count(tag)} <{tag}>" for tag in ("title", "main", "h1") if page.seen.count(tag) != 1
        ]
    return tuple(page.faults)


class _Page(HTMLParser):
    """Reads a page as a browser with the strictest eye would."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at(tag, attrs)
        if tag not in _NEVER_CLOSED:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> in {self.open}")

    def _look_at(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # A title inside a drawing is its description.
        if tag != "title" or "svg" not in self.open:
            self.seen.append(tag)
        shows_draft = (
            _SHOWN.fullmatch(given.get("src") or "") and given.get("sandbox") == "allow-same-origin allow-forms"
        )
        is_ours = tag == "iframe" and shows_draft
        if (tag in _NEVER_OURS and not is_ours) or (
            tag == "script" and not (given.get("src") or "").startswith("/static/")
        ):
            self.faults.append(f"<{tag}> {given}")
        if tag == "meta" and "http-equiv" in given:
            self.faults.append(f"<meta> {given}")
        if len(given) < len(attrs):
            self.faults.append(f"an attribute twice in <{tag}> {attrs}")
        for name, value in given.items():
            # Markup of tests/fuzz/naughty.txt is called so, whatever it is.
            if "naughty" in tag or "naughty" in name or name.startswith("on") or name == "style":
                self.faults.append(f"<{tag} {name}>")
            if name in _ADDRESSES and _RUNS.match(value or ""):
                self.faults.append(f'<{tag} {name}="{value}">')


def _start(answer: httpx.Response) -> str:
    return answer.content[:3000].decode(errors="replace")
