"""The first view of a page in a real browser with an empty cache: bytes on the wire and requests."""

from dataclasses import dataclass
from shutil import which
from typing import Any

from bench.visits import cookies_of
from bench.world import Learner


@dataclass(frozen=True)
class FirstView:
    """What Chromium loaded until nothing moved any more; pictures of the page included, videos not (loaded on play)."""

    path: str
    requests: int
    kilobytes: float


def first_view(url: str, path: str, learner: Learner | None) -> FirstView | None:
    """None where there is no Chromium. A phone of 360 points."""
    program = which("chromium") or which("chromium-browser") or which("google-chrome")
    if program is None:
        return None
    from playwright.sync_api import sync_playwright

    sizes: dict[str, float] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 360, "height": 740})
        if learner:
            pairs = (pair.split("=", 1) for pair in cookies_of(learner).split("; "))
            context.add_cookies([{"name": name, "value": value, "url": url} for name, value in pairs])
        page = context.new_page()
        watch = context.new_cdp_session(page)
        watch.send("Network.enable")

        def asked(event: dict[str, Any]) -> None:
            # Drawings inside a style sheet are reported too, but cross no wire.
            if event["request"]["url"].startswith("http"):
                sizes[event["requestId"]] = 0.0

        def finished(event: dict[str, Any]) -> None:
            if event["requestId"] in sizes:
                sizes[event["requestId"]] = event["encodedDataLength"]

        def spared(event: dict[str, Any]) -> None:
            sizes.pop(event["requestId"], None)

        watch.on("Network.requestWillBeSent", asked)
        watch.on("Network.requestServedFromCache", spared)
        watch.on("Network.loadingFinished", finished)
        page.goto(url + path, wait_until="networkidle")
        browser.close()
    return FirstView(path, len(sizes), sum(sizes.values()) / 1000)
