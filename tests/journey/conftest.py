"""A running server, a clock tests can move, and headless Chromium."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from app.authoring.folder import load_starter_courses
from app.core import clock, events, limiting
from app.core.settings import ROOT, Settings
from app.main import HANDLERS, create_app
from app.runtime import Runtime
from tests import factories
from tests.seeded import Seeded

# Timings never decide a test: a busy machine gets the time it needs.
expect.set_options(timeout=30_000)

COURSE = ROOT / "courses" / "khai-thac-nen-tang-so"
PICTURES = ROOT / ".cache" / "journey"
# Comes with pa11y (tests/accessibility/bring).
AXE = ROOT / ".cache" / "pa11y" / "node_modules" / "axe-core" / "axe.min.js"


EVERY_VIEW = "EVERY_VIEW" in os.environ
VIEWS = [("sqlite", 1280), ("postgresql", 360)]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "one_view: looked at in one width a day; `make proof` looks in both")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where both databases and both widths are asked for, each database meets one width: a browser takes its time."""
    if config.getoption("--database") != "both" or EVERY_VIEW:
        return
    spared = {item for item in items if _is_here(item) and not _has_turn(item)}
    config.hook.pytest_deselected(items=list(spared))
    items[:] = [item for item in items if item not in spared]


def _is_here(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent


def _has_turn(item: pytest.Item) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) else {}
    if "width" not in parameters:
        return True
    view = parameters["database_kind"], parameters["width"]
    if item.get_closest_marker("one_view"):
        return view == VIEWS[crc32(item.path.name.encode()) % len(VIEWS)]
    return view in VIEWS


class MovableClock:
    """Stands still until told to move: minutes of reading and watching cost the test no time."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.now = datetime.now(tz=clock.VIETNAM)
        self._stack.enter_context(clock.frozen(self.now))

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)
        self._stack.enter_context(clock.frozen(self.now))

    def release(self) -> None:
        self._stack.close()


class LiveServer:
    """The application in a thread of this process, on a free port, with one worker."""

    def __init__(self, settings: Settings) -> None:
        self.runtime = Runtime(settings)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(create_app(self.runtime), log_level="warning", lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the server did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()
        self.runtime.close()


@pytest.fixture
def movable_clock() -> Iterator[MovableClock]:
    moving = MovableClock()
    yield moving
    moving.release()


@pytest.fixture
def live(tmp_path: Path, seeded: Seeded, movable_clock: MovableClock) -> Iterator[LiveServer]:
    """Units and indicators, no courses; one province administrator `quantri`."""
    with seeded.copied(tmp_path) as url:
        settings = Settings(
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=1,
            courses_dir=tmp_path / "courses",
        )  # fmt: skip
        events.wire(HANDLERS)
        limiting.forget_all()
        server = LiveServer(settings)
        with server.runtime.database.writing() as db:
            factories.account(db, factories.person(db, "Đỗ Thị Quản"), "quantri", role="province_admin")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def starter_course(live: LiveServer) -> None:
    """The first module of a starter course. Its video is transcoded, which costs more than most journeys."""
    first_module(COURSE, live.runtime.settings.courses_dir)
    load_starter_courses(live.runtime)


def first_module(course: Path, into: Path) -> None:
    """A course folder with its first module alone, in a folder of courses: one a test can finish."""
    manifest = (course / "course.yaml").read_text(encoding="utf-8")
    head, modules = manifest.split("modules:\n")
    first = modules.split("  - dir: ")[1]
    name = first.splitlines()[0]
    shutil.copytree(course / name, into / course.name / name)
    shutil.copy(course / "cover.svg", into / course.name)
    (into / course.name / "course.yaml").write_text(f"{head}modules:\n  - dir: {first}", encoding="utf-8")


def chromium_path() -> str:
    """The browser deploy/bring-chromium found or brought."""
    return os.environ.get("CHROMIUM") or next(
        found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))
    )


# Not longer than journeys go on: while Playwright runs, no other test of this process can start an event loop.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


def play_until(page: Page, video: Locator, reached: str) -> None:
    """Wait until the expression `reached` is true of a playing `video`; a player that stands still says how.

    Asked from here, again and again: a promise in the page would be waited for without an end.
    """
    deadline = time.monotonic() + 180
    while not video.evaluate(f"video => {reached}"):
        state = video.evaluate(_PLAYER_STATE)
        assert time.monotonic() < deadline, f"the video does not get on: {state}"
        page.wait_for_timeout(100)


_PLAYER_STATE = """video => ({
    time: video.currentTime, paused: video.paused, ended: video.ended, ready: video.readyState,
    network: video.networkState, error: video.error?.message, source: video.currentSrc,
})"""


# The page's own clock, which counts how long a text is read: ahead by what the tests skip.
_SKIPPING = """(() => {
    const real = performance.now.bind(performance);
    let ahead = 0;
    performance.now = () => real() + ahead;
    window.skip = (ms) => { ahead += ms; dispatchEvent(new Event("scroll")); };
})()"""


class Screen:
    """One person's window: notes every script or policy error, and takes pictures to look at."""

    def __init__(self, browser: Browser, url: str, width: int, name: str) -> None:
        self.width, self.name = width, name
        self.context = browser.new_context(
            base_url=url, viewport={"width": width, "height": 800}, locale="vi-VN", accept_downloads=True
        )
        self.context.add_init_script(_SKIPPING)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.errors: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._shots = 0

    def _note(self, message: ConsoleMessage) -> None:
        # A refused form answers 422 and htmx swaps the reason in: that is no error of the page.
        if message.type == "error" and "status of 422" not in message.text:
            self.errors.append(message.text)

    def read_on(self, minutes: int) -> None:
        """Stay on the page and touch it every minute; the server's clock is moved elsewhere."""
        for _minute in range(minutes):
            self.page.evaluate("skip(60_000)")

    def picture(self, what: str) -> None:
        """Hold the page to its width: nothing scrolls sideways. `make proof` keeps a picture of it, to look at."""
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, f"{what} scrolls sideways"
        if not EVERY_VIEW:
            return
        folder = PICTURES / str(self.width)
        folder.mkdir(parents=True, exist_ok=True)
        self._shots += 1
        self.page.screenshot(path=folder / f"{self.name}-{self._shots:02d}-{what}.png", full_page=True)

    def judged(self, part: str) -> list[str]:
        """What axe finds in a part of the page as it now stands, by selector; `make test` brings axe."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("part => axe.run(part)", part)
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto("/sign-in")
        self.page.get_by_label("Số điện thoại, email hoặc tên đăng nhập").fill(name)
        self.page.get_by_label("Mật khẩu", exact=True).fill(password)
        self.page.get_by_role("main").get_by_role("button", name="Đăng nhập", exact=True).click()

    def close(self) -> None:
        self.context.close()
        assert self.errors == [], f"errors in the browser of {self.name}: {self.errors}"
