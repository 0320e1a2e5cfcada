"""`python -m bench.lesson_weight`: what a lesson weighs, and when it can be read and used on a weak signal.

A Chromium as narrow as a phone, its cache empty, its network held to 50 kbit/s and 400 ms for each request. The floor
of each lesson is one bare HTML file of as many bytes over the same line, until its last byte is here.
"""

import argparse
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import httpx
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from app.core import clock
from bench.block import say
from bench.first_view import Wire, find_chromium
from bench.servers import ours
from bench.table import machine, number, replace_in, row
from bench.weighed_lessons import Weighed, make_lessons

_TURNS = 3
_KBPS, _ROUND_TRIP_MS = 50, 400
_AIM_KB, _AIM_S = 300, 10
_PATIENCE_MS = 120_000
# Reports when a line of the lesson itself was first painted, in whatever font there was.
_WATCH_WORDS = """
    new MutationObserver(() => {
        for (const one of document.querySelectorAll("article h1, article .prose :is(p, li)"))
            one.setAttribute("elementtiming", "words");
    }).observe(document, { childList: true, subtree: true });
    window.painted = [];
    new PerformanceObserver((list) => window.painted.push(...list.getEntries().map((one) => one.renderTime)))
        .observe({ type: "element", buffered: true });
"""


@dataclass
class Lesson:
    """One number for each turn. `kilobytes` on the wire, heads of the answers included; `requests`; the rest seconds
    since somebody asked for the page, until: a line of it can be read; it is usable, which is when every script it came
    with has run; everything came. `floor_s`: a bare file of as many bytes, whole."""

    kilobytes: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    readable_s: list[float] = field(default_factory=list)
    usable_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    floor_s: list[float] = field(default_factory=list)


def measure_weights(turns: int = _TURNS) -> dict[str, Lesson] | None:
    """By what the lesson holds; None where there is no Chromium."""
    program = find_chromium()
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        lessons = make_lessons(Path(name))
        found = {what: Lesson() for what in lessons.paths}
        with ours(lessons.environment) as server, _bare() as bare, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
            for path in lessons.paths.values():
                # What a server does once, for whoever comes first, is no part of a lesson's weight.
                httpx.get(server.url + path, headers={"cookie": f"hs_session={lessons.session}"}).raise_for_status()
            for turn in range(1, turns + 1):
                for what, lesson in found.items():
                    say(f"{what}: lượt {turn} trên {turns}")
                    with _phone(browser, server.url, lessons) as context:
                        size = _look(context, server.url + lessons.paths[what], lesson)
                    with _phone(browser, server.url, lessons) as context:
                        wire, _page = _fetch(context, f"{bare}/{size}")
                        lesson.floor_s.append(wire.ended - wire.begun)
            browser.close()
    return found


def markdown(found: dict[str, Lesson] | None) -> str:
    """The table, for docs/performance.md."""
    return "\n".join(_lines(found)) if found else "Chưa đo: máy này không có Chromium."


def _lines(found: dict[str, Lesson]) -> Iterator[str]:
    turns = len(next(iter(found.values())).floor_s)
    yield f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}; trung vị của {turns} lượt. Trong ngoặc: gấp mấy lần sàn."
    yield ""
    yield row(["bài học", "kB (≤ 300)", "yêu cầu", "đọc được, giây", "dùng được, giây (≤ 10)", "tải hết, giây",
               "sàn, giây", "đạt?"])  # fmt: skip
    yield row(["---"] * 8)
    for name, lesson in found.items():
        met = median(lesson.kilobytes) <= _AIM_KB and median(lesson.usable_s) <= _AIM_S
        floor_s = median(lesson.floor_s)
        times = (median(seconds) for seconds in (lesson.readable_s, lesson.usable_s, lesson.whole_s))
        yield row([name, number(median(lesson.kilobytes)), number(median(lesson.requests)),
                   *(f"{number(one, 1)} ({number(one / floor_s, 2)})" for one in times), number(floor_s, 1),
                   "đạt" if met else "chưa"])  # fmt: skip


def _look(context: BrowserContext, address: str, lesson: Lesson) -> int:
    """Open a lesson and note it; the bytes it took. Raises RuntimeError if it does not do what it is there for."""
    wire, page = _fetch(context, address)
    size = round(sum(wire.sizes.values()))
    lesson.kilobytes.append(size / 1000)
    lesson.requests.append(len(wire.sizes))
    lesson.readable_s.append(page.evaluate("Math.min(...window.painted)") / 1000)
    ready_ms = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    lesson.usable_s.append(ready_ms / 1000)
    lesson.whole_s.append(wire.ended - wire.begun)
    _press(page)
    return size


def _press(page: Page) -> None:
    """The button at its end, else play: answered within the page, without loading another."""
    button, player = page.locator("form[data-read] button"), page.locator(":is(audio, video)[data-block]")
    if player.count():
        with page.expect_response(lambda answer: "/media/" in answer.url) as heard:
            player.first.evaluate("player => { player.muted = true; player.play().catch(() => {}); }")
    else:
        with page.expect_response(lambda answer: answer.url.endswith("/read")) as heard:
            button.click()
    # 422: nobody has read it so fast, and the page says so.
    if heard.value.status not in (200, 206, 422):
        raise RuntimeError(f"{heard.value.url}: {heard.value.status}")


def _fetch(context: BrowserContext, address: str) -> tuple[Wire, Page]:
    """Open an address over the weak signal until nothing more comes; then the page has all the network there is."""
    page = context.new_page()
    network = context.new_cdp_session(page)
    wire = Wire(network)
    _limit(network, _KBPS * 1000 / 8, _ROUND_TRIP_MS)
    page.goto(address, wait_until="networkidle", timeout=_PATIENCE_MS)
    _limit(network, -1, 0)
    return wire, page


def _limit(network: CDPSession, bytes_per_s: float, latency_ms: int) -> None:
    limits = {
        "offline": False,
        "latency": latency_ms,
        "downloadThroughput": bytes_per_s,
        "uploadThroughput": bytes_per_s,
    }
    network.send("Network.emulateNetworkConditions", limits)


@contextmanager
def _phone(browser: Browser, url: str, lessons: Weighed) -> Iterator[BrowserContext]:
    """A window as narrow as a phone, signed in, that has seen nothing yet."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    cookies = {"hs_session": lessons.session, "hs_browser": "may-do-cua-phep-do"}
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    context.add_init_script(_WATCH_WORDS)
    try:
        yield context
    finally:
        context.close()


class _BareFile(BaseHTTPRequestHandler):
    """`/{bytes}`: a file of so many, nothing to load beside it."""

    def do_GET(self) -> None:
        words = b"<!doctype html><title>.</title><link rel=icon href=data:,><p>"
        content = words + b"." * (int(self.path[1:]) - len(words))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def _bare() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _BareFile) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.lesson_weight", description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=_TURNS, metavar="N", help="số lượt")
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa hai dấu weights")
    options = parser.parse_args()
    text = markdown(measure_weights(options.turns))
    print(text)
    if options.write:
        replace_in(options.write, text, "weights")


if __name__ == "__main__":
    main()
