"""A video in several sizes in a real browser: the lightest first, the player fetched on play, else a plain file."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.journey.conftest import LiveServer, Screen, play_until
from tests.journey.test_keyboard import Keyboard
from tests.journey.watching import LESSON, Signal, learner_with_film, open_lesson, press_play

# What the player does is the same on either database, and each needs a video in all its sizes.
pytestmark = pytest.mark.by_turns

# Heavy enough for sizes, made in a second.
_QUICKLY = ("-b:v", "900k", "-preset", "ultrafast")


@pytest.fixture
def learner(live: LiveServer, chromium: Browser, tmp_path: Path) -> Screen:
    """A learner in front of a lesson whose video, two sizes and twenty seconds of it, has not been started."""
    return learner_with_film(live, chromium, tmp_path, width=360, size="640x360", seconds=20, more=_QUICKLY)


def test_a_video_plays_as_light_as_the_signal_asks_and_as_its_viewer_chooses(learner: Screen) -> None:
    """One video for all: making its sizes costs more than looking at it six times."""
    plays_the_lightest_size_first(learner.page)
    plays_from_the_picture_that_is_pressed(learner.page)
    is_worked_by_keys_and_shuts_nobody_out(learner)
    leaves_to_an_open_page_what_it_has_still_to_send(learner)
    stays_light_on_a_weak_signal_and_climbs_on_a_strong_one(learner)
    plays_what_was_chosen_from_the_same_place(learner.page)
    goes_over_to_the_sizes_from_the_light_file(learner.page)
    plays_the_light_file_where_sizes_cannot_be_had(learner.page)
    learner.context.close()


def plays_the_lightest_size_first(page: Page) -> None:
    """The player is fetched on play, and nothing of the video before."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("?")[0].rsplit("/", 1)[-1]))
    page.goto(LESSON)
    expect(page.locator("video[data-stream]")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    assert "hls.min.js" not in asked
    assert not any(name.endswith((".m3u8", ".m4s", ".mp4")) for name in asked)
    # A part that comes too short, as Chromium's cache may hand out after a broken download, is asked for again.
    page.route("**/240p.m4s", _cut_short, times=1)
    press_play(page)
    assert "hls.min.js" in asked
    media = [name for name in asked if name.endswith(".m4s")]
    assert media[0] == "240p.m4s"
    assert "blob:" in page.locator("video").evaluate("video => video.currentSrc")
    with page.expect_response("**/progress") as saved:
        page.locator("video").evaluate("video => video.pause()")
    assert saved.value.json()["earned"] >= 1, "what was watched counts as it does in the plain file"


def plays_from_the_picture_that_is_pressed(page: Page) -> None:
    """The sheet of pictures is fetched when somebody opens it; the tab key stops once in the row, arrows go on."""
    film, row = page.locator("video"), page.get_by_role("group", name=re.compile("^Hình của"))
    with page.expect_request("**/storyboard-2s.webp"):
        page.get_by_text("Xem nhanh bằng hình").click()
    row.get_by_role("button", name="0:14", exact=True).click()
    play_until(page, film, "video.currentTime >= 14")
    page.keyboard.press("ArrowLeft")
    expect(row.get_by_role("button", name="0:12", exact=True)).to_be_focused()
    expect(row.locator("button[tabindex='0']")).to_have_count(1)
    film.evaluate("video => video.addEventListener('seeking', () => (video.sought = video.currentTime))")
    page.keyboard.press("Enter")
    play_until(page, film, "video.sought === 12")
    film.evaluate("video => video.pause()")


def is_worked_by_keys_and_shuts_nobody_out(learner: Screen) -> None:
    """With all of it open: what stands under the video is reached in the order it stands there."""
    page, keys = learner.page, Keyboard(learner.page)
    page.get_by_text("Lời của video (").first.click()
    page.locator("video").focus()
    # Past the browser's own controls.
    for _stop in range(20):
        if page.evaluate("document.activeElement.tagName !== 'VIDEO'"):
            break
        keys.press("Tab")
    assert keys.focused().startswith("Tự động")
    for name in ("0,75×", "Xem nhanh bằng hình", "0:12", "Lời của video", "Tìm trong lời"):
        keys.tab_to(name, stops=20)
    assert learner.judged("figure.film") == []


def leaves_to_an_open_page_what_it_has_still_to_send(learner: Screen) -> None:
    """Watched without a network: the first page may still add to it; a second one sends it once that is closed."""
    first, second = learner.page, learner.context.new_page()
    film = first.locator("video")
    play_until(first, film, "video.buffered.end(video.buffered.length - 1) > 19")
    Signal(first).cut()
    for start in (13, 16):
        film.evaluate(f"video => {{ video.currentTime = {start}; video.play().catch(() => {{}}); }}")
        play_until(first, film, f"!video.seeking && video.currentTime > {start} + 0.5")
        film.evaluate("video => video.pause()")
    kept = first.evaluate(f"JSON.parse(Object.entries(localStorage).find({_OUTBOX})[1])")
    waiting = [save for save in kept if save["block"] == "01-phim"]
    assert [save["tried"] for save in waiting] == [True, False], "the second waits behind the first, and may grow"
    sent: list[Any] = []
    second.on("request", lambda request: sent.append(request.post_data_json) if "/progress" in request.url else None)
    second.goto(LESSON)
    second.wait_for_load_state("networkidle")
    assert not [save for save in sent if save["block"] == "01-phim"], "an open page sends its own"
    first.close()
    second.reload()
    second.wait_for_function(f"() => !Object.entries(localStorage).some({_OUTBOX})")
    assert all(save["spans"] in [other["spans"] for other in sent] for save in waiting)
    learner.page = second


def stays_light_on_a_weak_signal_and_climbs_on_a_strong_one(learner: Screen) -> None:
    """In short, and far from the border, for this machine may be busy: proof_weak_signal.py watches a longer film,
    counts its stalls and takes 5 Mbit/s for strong.
    """
    page = learner.page
    signal = Signal(page)
    signal.dots(2)
    for kbps, fetched_s, sizes in ((300, 11, {"240p.m4s"}), (50_000, 19, {"240p.m4s", "360p.m4s"})):
        open_lesson(page)
        signal.files.clear()
        signal.limit(kbps)
        press_play(page, until=f"video.buffered.length && video.buffered.end(0) > {fetched_s}")
        assert set(signal.files) == sizes, f"{kbps} kbit/s: {signal.files}"
        signal.limit(-1)


def plays_what_was_chosen_from_the_same_place(page: Page) -> None:
    """Sizes are said with their weight; a choice goes on where the video was."""
    quality, film = page.get_by_label("Chất lượng, dung lượng"), page.locator("video")
    choices = quality.locator("option").all_inner_texts()
    names = ["Tự động · đến", "360p ·", "240p ·", "Chỉ nghe ·"]
    assert [re.sub(r" ?[\d,.]+ [kM]B$", "", choice) for choice in choices] == names
    page.get_by_label("Tốc độ").select_option("1.5")
    before = film.evaluate("video => video.currentTime")
    quality.select_option("audio")
    play_until(page, film, "!video.videoWidth && video.currentTime > 0")
    assert film.evaluate("video => [video.playbackRate, video.paused]") == [1.5, False]
    assert film.evaluate("video => video.currentTime") >= before, "it goes on where it was"
    film.evaluate("video => video.pause()")
    film.press("<")
    quality.select_option("360")


def goes_over_to_the_sizes_from_the_light_file(page: Page) -> None:
    """Play is pressed before what makes a video comfortable has come; a choice holds on this device, speed as well."""
    film = page.locator("video")
    held: list[Route] = []
    page.route("**/film.js*", lambda route: held.append(route))
    page.goto(LESSON)
    files: list[str] = []
    page.on("request", lambda request: files.append(request.url.rsplit("/", 1)[-1]))
    press_play(page)
    assert film.evaluate("video => video.currentSrc").endswith("/light.mp4")
    before = film.evaluate("video => video.currentTime")
    held[0].continue_()
    play_until(page, film, "video.currentSrc.startsWith('blob:') && video.readyState > 2")
    assert film.evaluate("video => video.currentTime") >= before, "it goes on where it was"
    play_until(page, film, f"video.currentTime > {before} + 1")
    assert {name for name in files if name.endswith(".m4s")} == {"360p.m4s"}
    expect(page.get_by_label("Chất lượng, dung lượng")).to_have_value("360")
    expect(page.get_by_label("Tốc độ")).to_have_value("1.25")
    page.unroute("**/film.js*")


def plays_the_light_file_where_sizes_cannot_be_had(page: Page) -> None:
    """Without the player, without the lists, in a browser that knows neither; and in a page without JavaScript."""
    for refused in ("**/hls.min.js*", "**/*.m3u8", ""):
        if refused:
            page.route(refused, _refuse)
        else:
            page.add_init_script(_OLD_BROWSER)
        open_lesson(page)
        press_play(page)
        played = page.locator("video").evaluate("video => video.currentSrc")
        assert played.endswith("/light.mp4"), f"without {refused or 'lists'}: {played}"
        expect(page.get_by_label("Chất lượng, dung lượng")).to_be_hidden()
        if refused:
            page.unroute(refused)
    source = page.request.get(LESSON).text()
    assert re.search(r'<source src="/media/[^"]+/light\.mp4" type="video/mp4">', source)


_OUTBOX = "([name]) => name.startsWith('hs-progress')"

# As inside some other app, or an old one: no MediaSource, and no lists either.
_OLD_BROWSER = """
    delete window.MediaSource;
    delete window.ManagedMediaSource;
    HTMLMediaElement.prototype.canPlayType = () => "";
"""


def _cut_short(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, headers=answer.headers | {"content-length": "9"}, body=answer.body()[:9])


def _refuse(route: Route) -> None:
    route.abort()
