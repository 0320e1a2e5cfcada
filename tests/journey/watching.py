"""A learner in front of a lesson with a video in several sizes, and a signal as weak as one likes."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from app.authoring.folder import load_course
from app.catalogue.models import Course
from app.catalogue.service import publish
from app.core.db import Database
from app.core.jobs import Job
from app.learning.service import enrol
from tests import factories
from tests.authoring.folders import FILM, good_folder
from tests.journey.conftest import LiveServer, Screen, play_until
from tests.media.samples import video

LESSON = "/learn/hop-so/HS01.1.1"


def learner_with_film(live: LiveServer, browser: Browser, place: Path, *, width: int, **film: Any) -> Screen:
    """Enrolled and signed in; every size of the film (options of `samples.video`) is made, none was started."""
    folder = good_folder(place / "courses")
    video(folder / FILM, faststart=True, **film)
    runtime = live.runtime
    with runtime.database.writing() as db:
        version = publish(db, load_course(db, runtime.storage, folder, None), None)
        course = db.get_one(Course, version.course_id)
        person = factories.person(db, "Trần Văn Giả Định")
        factories.account(db, person, "hocvien")
        enrol(db, person.id, course.id)
    _wait_for_the_worker(runtime.database)
    screen = Screen(browser, live.url, width, "xem-video")
    screen.sign_in("hocvien", factories.PASSWORD)
    screen.page.wait_for_url(lambda url: "/sign-in" not in url)
    return screen


def open_lesson(page: Page) -> None:
    """Until what makes its video comfortable is there: before that, play would begin with the light file."""
    page.goto(LESSON)
    expect(page.get_by_label("Tốc độ")).to_be_visible()


def press_play(page: Page, *, until: str = "video.currentTime > 1") -> None:
    """Press play as the browser's own button does, and wait until `until` is true of the video."""
    film = page.locator("video")
    film.evaluate("video => { video.muted = true; video.play().catch(() => {}); }")
    play_until(page, film, until)


@dataclass
class Signal:
    """The network of one page: as slow as `limit` says, and what was fetched of the film over it, in order.

    Nothing comes from the browser's cache: a part that was there already would look like a strong signal.
    """

    page: Page
    files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chromium = self.page.context.new_cdp_session(self.page)
        self._chromium.send("Network.enable")
        self._chromium.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.page.on("request", self._note)

    def limit(self, kbps: int) -> None:
        rate = kbps * 1000 / 8
        limits = {"offline": False, "latency": 100, "downloadThroughput": rate, "uploadThroughput": rate}
        self._chromium.send("Network.emulateNetworkConditions", limits)

    def cut(self) -> None:
        """No network at all, until `limit` gives one again."""
        limits = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._chromium.send("Network.emulateNetworkConditions", limits)

    def dots(self, per_point: int) -> None:
        """A screen with so many dots a point: a player asks for no sharper picture than it can show."""
        size = {"width": 0, "height": 0, "deviceScaleFactor": per_point, "mobile": False}
        self._chromium.send("Emulation.setDeviceMetricsOverride", size)

    def _note(self, request: Any) -> None:
        if request.url.endswith(".m4s"):
            self.files.append(request.url.rsplit("/", 1)[-1])


def count_stalls(page: Page) -> None:
    """From now on, note each time a film that had begun ran out of what was fetched: `stalls(page)`.

    A machine too busy to show what it has is no weak signal.
    """
    page.locator("video").evaluate("""video => {
        window.stalls = [];
        video.addEventListener("playing", () => video.addEventListener("waiting", () => {
            const now = video.currentTime, had = video.buffered;
            const places = [...Array(had.length).keys()];
            const isAhead = places.some((at) => had.start(at) <= now && had.end(at) > now + 0.5);
            if (!isAhead && now < video.duration - 0.5) window.stalls.push(now);
        }), { once: true });
    }""")


def stalls(page: Page) -> list[float]:
    found: list[float] = page.evaluate("window.stalls")
    return found


def _wait_for_the_worker(database: Database) -> None:
    """Until the server has made every size of every video."""
    waiting = select(func.count()).where(Job.subject.like("asset:%"), Job.state.in_(("queued", "running")))
    deadline = time.monotonic() + 300
    while True:
        with database.reading() as db:
            if not db.scalar(waiting):
                return
        assert time.monotonic() < deadline, "the video is not ready"
        time.sleep(0.1)
