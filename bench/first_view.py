"""The first view of a page in a real browser with an empty cache: bytes on the wire and requests."""

from dataclasses import dataclass
from shutil import which
from typing import Any

from playwright.sync_api import CDPSession, sync_playwright

from bench.visits import cookies_of
from bench.world import Learner


@dataclass(frozen=True)
class FirstView:
    """What Chromium loaded until nothing moved any more; pictures of the page included, videos not (loaded on play)."""

    path: str
    requests: int
    kilobytes: float


class Wire:
    """What a page fetches, from now on: bytes of each answer with its head; when the first was asked for and the last
    was there, in seconds of Chromium's clock. What it sends of its own later, as progress, is no part of it.
    """

    def __init__(self, network: CDPSession) -> None:
        self.sizes: dict[str, float] = {}
        self.begun = self.ended = 0.0
        network.on("Network.requestWillBeSent", self._asked)
        network.on("Network.loadingFinished", self._finished)
        network.send("Network.enable")

    def _asked(self, event: dict[str, Any]) -> None:
        # Drawings inside a style sheet are reported too, but cross no wire.
        if event["request"]["url"].startswith("http") and event["request"]["method"] == "GET":
            self.begun = self.begun or event["timestamp"]
            self.sizes[event["requestId"]] = 0.0

    def _finished(self, event: dict[str, Any]) -> None:
        if not event["encodedDataLength"]:
            # The browser had it.
            self.sizes.pop(event["requestId"], None)
        elif event["requestId"] in self.sizes:
            self.sizes[event["requestId"]] = event["encodedDataLength"]
            self.ended = event["timestamp"]


def first_view(url: str, path: str, learner: Learner | None) -> FirstView | None:
    """None where there is no Chromium. A phone of 360 points."""
    program = find_chromium()
    if program is None:
        return None
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 360, "height": 740})
        if learner:
            pairs = (pair.split("=", 1) for pair in cookies_of(learner).split("; "))
            context.add_cookies([{"name": name, "value": value, "url": url} for name, value in pairs])
        page = context.new_page()
        wire = Wire(context.new_cdp_session(page))
        page.goto(url + path, wait_until="networkidle")
        browser.close()
    return FirstView(path, len(wire.sizes), sum(wire.sizes.values()) / 1000)


def find_chromium() -> str | None:
    """The browser of this machine."""
    return which("chromium") or which("chromium-browser") or which("google-chrome")
