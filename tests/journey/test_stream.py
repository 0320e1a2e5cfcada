"""A video in several sizes in a real browser: the lightest first, the player fetched on play, else a plain file."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
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

# What the player does is the same on either database, and each needs a video in all its sizes.
pytestmark = pytest.mark.by_turns

LESSON = "/learn/hop-so/HS01.1.1"


@pytest.fixture
def learner(live: LiveServer, chromium: Browser, tmp_path: Path) -> Screen:
    """A learner in front of a lesson whose video, two sizes and eight seconds of it, has not been started."""
    folder = good_folder(tmp_path / "courses")
    video(folder / FILM, size="854x480", seconds=8, faststart=True, more=("-b:v", "900k"))
    runtime = live.runtime
    with runtime.database.writing() as db:
        version = publish(db, load_course(db, runtime.storage, folder, None), None)
        course = db.get_one(Course, version.course_id)
        person = factories.person(db, "Trần Văn Giả Định")
        factories.account(db, person, "hocvien")
        enrol(db, person.id, course.id)
    _wait_for_the_worker(runtime.database)
    screen = Screen(chromium, live.url, 360, "xem-video")
    screen.sign_in("hocvien", factories.PASSWORD)
    screen.page.wait_for_url(lambda url: "/sign-in" not in url)
    return screen


def test_the_lightest_size_plays_first_and_a_plain_file_where_sizes_cannot_be_had(learner: Screen) -> None:
    """One video for all: making its sizes costs more than looking at it three times."""
    plays_the_lightest_size_first(learner.page)
    for refused in ("**/hls.min.js*", "**/*.m3u8"):
        page = learner.context.new_page()
        page.route(refused, _refuse)
        page.goto(LESSON)
        _play(page)
        played = page.locator("video").evaluate("video => video.currentSrc")
        assert played.endswith("/light.mp4"), f"without {refused}: {played}"
        page.close()


def plays_the_lightest_size_first(page: Page) -> None:
    """The player is fetched on play, and nothing of the video before."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("?")[0].rsplit("/", 1)[-1]))
    page.goto(LESSON)
    expect(page.locator("video[data-stream]")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    assert "hls.min.js" not in asked
    assert not any(name.endswith((".m3u8", ".m4s", ".mp4")) for name in asked)
    _play(page)
    assert "hls.min.js" in asked
    media = [name for name in asked if name.endswith(".m4s")]
    assert media[0] == "240p.m4s"
    assert "blob:" in page.locator("video").evaluate("video => video.currentSrc")
    with page.expect_response("**/progress") as saved:
        page.locator("video").evaluate("video => video.pause()")
    assert saved.value.json()["earned"] >= 1, "what was watched counts as it does in the plain file"


def _wait_for_the_worker(database: Database) -> None:
    """Until the server has made every size of every video."""
    waiting = select(func.count()).where(Job.subject.like("asset:%"), Job.state.in_(("queued", "running")))
    deadline = time.monotonic() + 120
    while True:
        with database.reading() as db:
            if not db.scalar(waiting):
                return
        assert time.monotonic() < deadline, "the video is not ready"
        time.sleep(0.1)


def _play(page: Page) -> None:
    """Press play as the browser's own button does, and wait until pictures have moved for a second."""
    video = page.locator("video")
    video.evaluate("video => { video.muted = true; video.play().catch(() => {}); }")
    play_until(page, video, "video.currentTime > 1")


def _refuse(route: Route) -> None:
    route.abort()
