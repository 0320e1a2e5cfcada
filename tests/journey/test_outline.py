"""The outline of a course in Chromium: lessons dragged, and moved with the keyboard, on one page."""

import pytest
from playwright.sync_api import Browser

from app.catalogue.service import save_version
from app.catalogue.source import ModuleSource
from tests import factories
from tests.catalogue import making
from tests.journey.conftest import LiveServer, Screen

ORDER = """() => [...document.querySelectorAll("[data-lessons]")].map(
    (list) => [...list.querySelectorAll("[data-lesson]")].map((one) => one.dataset.lesson))"""


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
    handle = page.locator("#lesson-THU\\.1\\.1 [data-handle]")
    target = page.locator('[data-lessons="02-sau"]')
    # Both in the window, clear of what stands at its edges.
    handle.evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 200)")
    start, end = handle.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 40, end["y"] + end["height"] / 2, steps=6)
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
    assert screen.judged("#outline") == []
    screen.picture("dan-bai")
    screen.close()
