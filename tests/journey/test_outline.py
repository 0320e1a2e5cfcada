"""The outline of a course in Chromium: lessons dragged by mouse and finger, and moved with the keyboard."""

import pytest
from playwright.sync_api import Browser, Page

from app.catalogue.service import save_version
from app.catalogue.source import ModuleSource
from tests import factories
from tests.catalogue import making
from tests.journey.conftest import LiveServer, Screen

ORDER = """() => [...document.querySelectorAll("[data-lessons]")].map(
    (list) => [...list.querySelectorAll("[data-lesson]")].map((one) => one.dataset.lesson))"""


def start_and_end(page: Page) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the first lesson is held, and a place in the second module."""
    handle = page.locator("#lesson-THU\\.1\\.1 [data-handle]")
    # Both in the window, clear of what stands at its edges.
    handle.evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 200)")
    start, end = handle.bounding_box(), page.locator('[data-lessons="02-sau"]').bounding_box()
    assert start is not None
    assert end is not None
    return (start["x"] + 10, start["y"] + 10), (end["x"] + 40, end["y"] + end["height"] / 2)


@pytest.mark.one_view
def test_lessons_are_moved_by_hand_and_by_keys(live: LiveServer, chromium: Browser) -> None:
    with live.runtime.database.writing() as db:
        lessons = tuple(making.lesson(f"THU.1.{number}", f"Bài {number}", quiz=None) for number in (1, 2))
        modules = (ModuleSource("01-dau", "Đầu", "Làm được", lessons), ModuleSource("02-sau", "Sau", "Làm được", ()))
        source = making.course(slug="khoa-thu", modules=modules)
        save_version(db, live.runtime.storage, source, factories.unit_id(db, "24"), None)
        factories.account(db, username="tacgia", role="author", at="24")
    screen = Screen(chromium, live.url, 1280, "dan-bai")
    page = screen.page
    screen.sign_in("tacgia", factories.PASSWORD)
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto("/studio/khoa-thu")
    (x, y), end = start_and_end(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    with page.expect_response("**/outline"):
        page.mouse.up()
    page.locator("[data-moved]", has_text="Sau, 1").wait_for(state="attached")
    assert page.evaluate(ORDER) == [["THU.1.2"], ["THU.1.1"]]
    assert page.evaluate("document.activeElement.id") == "hold-THU.1.1", "the keyboard goes on where the hand was"
    with page.expect_response("**/outline"):
        page.keyboard.press("ArrowUp")
    page.locator("[data-moved]", has_text="Đầu, 2").wait_for(state="attached")
    assert page.evaluate(ORDER) == [["THU.1.2", "THU.1.1"], []]
    page.reload()
    assert page.evaluate(ORDER) == [["THU.1.2", "THU.1.1"], []], "kept"
    # A finger does what the mouse did, and does not scroll the page instead.
    finger = page.context.new_cdp_session(page)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    (x, y), (to_x, to_y) = start_and_end(page)
    scrolled = page.evaluate("scrollY")
    with page.expect_response("**/outline"):
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(1, 7):
            point = {"x": x + (to_x - x) * step / 6, "y": y + (to_y - y) * step / 6}
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.locator("[data-moved]", has_text="Sau, 1").wait_for(state="attached")
    assert page.evaluate(ORDER) == [["THU.1.2"], ["THU.1.1"]]
    assert page.evaluate("scrollY") == scrolled
    assert screen.judged("#outline") == []
    screen.picture("dan-bai")
    screen.close()
