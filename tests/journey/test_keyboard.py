"""The learner's whole way with a keyboard alone: every stop is visible, nothing traps, no swap loses the place."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.authoring.folder import load_course
from app.catalogue.service import publish
from tests import factories
from tests.authoring.folders import CAPTIONS, FILM, LESSON, SLIDES, good_folder, swap
from tests.journey.conftest import LiveServer, MovableClock, Screen

# What a person with a keyboard must be able to see of the place they are at.
_SEEN = """element => {
  const box = element.getBoundingClientRect();
  const label = element.closest("label");
  const outlined = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  // The mark may lie around the element, its label, or the card its link stretches over.
  const marks = [getComputedStyle(element), getComputedStyle(element, "::after")];
  for (const around of [label, element.closest(".course")]) if (around) marks.push(getComputedStyle(around));
  const marked = marks.some(outlined);
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 20), 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  const clear = top === element || element.contains(top) || top?.contains(element) || !!label?.contains(top);
  return { marked, inside: box.bottom > 0 && box.top < innerHeight, clear };
}"""
_NAME = "element => (element.ariaLabel || element.innerText || element.labels?.[0]?.innerText || '').trim()"


class Keyboard:
    """Hands on the keys of one page; there is no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """The name of the element the keys go to; empty if that is the bare page."""
        return str(self.page.evaluate(f"(({_NAME})(document.activeElement)).slice(0, 200)")) if self.has_place() else ""

    def has_place(self) -> bool:
        return bool(self.page.evaluate("() => document.activeElement !== document.body"))

    def tab_to(self, name: str, *, stops: int = 80) -> None:
        """Tab on until the element of that name has the focus; each stop on the way is one a person can see."""
        for _stop in range(stops):
            self.press("Tab")
            if not self.has_place():
                continue
            handle = self.page.evaluate_handle("() => document.activeElement").as_element()
            assert handle is not None
            seen = handle.evaluate(_SEEN)
            assert seen == {"marked": True, "inside": True, "clear": True}, f"{self.focused()!r} is focused but {seen}"
            if self.focused().startswith(name):
                return
        raise AssertionError(f"no way to {name!r} with {stops} times Tab on {self.page.url}")

    def follow(self, name: str) -> None:
        """Tab to a link or button and press it; returns when the next page is there."""
        self.tab_to(name)
        with self.page.expect_navigation():
            self.press("Enter")


@pytest.fixture
def course(live: LiveServer, tmp_path: Path) -> str:
    """A short course with a quiz, and a learner `hocvien` who has not begun it."""
    folder = good_folder(tmp_path / "courses")
    swap(folder, LESSON, '![Một vòng họp](01-phim.mp4 "Không lời.")\n', "")
    for name in (FILM, CAPTIONS, SLIDES, "01-mo-dau/01-nguon.svg"):
        (folder / name).unlink()
    with live.runtime.database.writing() as db:
        version = publish(db, load_course(db, live.runtime.storage, folder, None), None)
        learner = factories.person(db, "Trần Văn Giả Định")
        factories.post(db, learner, factories.BAC_GIANG)
        factories.account(db, learner, "hocvien")
        return version.title


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_a_learner_gets_from_the_front_door_to_a_passed_quiz_without_a_mouse(
    width: int, live: LiveServer, movable_clock: MovableClock, chromium: Browser, course: str
) -> None:
    screen = Screen(chromium, live.url, width, "ban-phim")
    page = screen.page
    keys = Keyboard(page)

    page.goto("/")
    keys.press("Tab")
    assert keys.focused() == "Đến nội dung chính"
    keys.press("Enter")
    assert page.evaluate("() => document.activeElement.closest('main') !== null || location.hash === '#main'")

    page.goto("/sign-in")
    keys.tab_to("Số điện thoại")
    page.keyboard.type("hocvien")
    keys.tab_to("Mật khẩu")
    page.keyboard.type(factories.PASSWORD)
    with page.expect_navigation():
        keys.press("Enter")

    page.goto("/courses")
    keys.follow(course)
    keys.follow("Bắt đầu học")
    expect(page.get_by_role("heading", level=1, name="Họp không giấy")).to_be_visible()

    keys.tab_to("Tôi đã đọc xong")
    keys.press("Enter")
    too_early = page.locator(".alert", has_text="giây nữa")
    expect(too_early).to_be_visible()
    # The focus follows once the new part has settled: a busy machine gets the time it needs.
    page.wait_for_function("() => document.activeElement.closest('.alert') !== null")
    movable_clock.advance(minutes=12)
    screen.read_on(minutes=12)
    keys.tab_to("Tôi đã đọc xong")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Tôi đã đọc xong")).to_have_count(0)
    assert page.evaluate("() => document.activeElement.closest('#state') !== null"), "the place was lost in the swap"

    keys.follow("Làm bài kiểm tra")
    keys.follow("Bắt đầu làm bài")
    for right in ("Hệ thống quản lý văn bản", "Sai"):
        _choose(keys, right)
    expect(page.locator("#saved")).to_contain_text("Đã trả lời 2 trên 2 câu")
    keys.follow("Nộp bài")
    expect(page.get_by_role("heading", level=1, name="Đạt", exact=True)).to_be_visible()
    screen.close()


@pytest.mark.by_turns
def test_a_menu_opens_and_closes_by_key_and_gives_the_focus_back(live: LiveServer, chromium: Browser) -> None:
    screen = Screen(chromium, live.url, 360, "ban-phim-trinh-don")
    keys = Keyboard(screen.page)
    screen.sign_in("quantri", factories.PASSWORD)
    screen.page.wait_for_url(lambda url: "/sign-in" not in url)
    menu = screen.page.locator("details.menu > summary").first
    name = menu.inner_text().strip() or menu.get_attribute("aria-label") or ""
    keys.tab_to(name)
    keys.press("Enter")
    expect(screen.page.locator("details.menu").first).to_have_attribute("open", "")
    keys.press("Tab", "Escape")
    expect(screen.page.locator("details.menu").first).not_to_have_attribute("open", "")
    expect(menu).to_be_focused()
    screen.close()


def _choose(keys: Keyboard, answer: str) -> None:
    """Reach the group of the answer by Tab, then walk to it with the arrows as radio buttons want."""
    page = keys.page
    radio = page.get_by_role("radio", name=answer, exact=True)
    group = radio.get_attribute("name")
    for _stop in range(40):
        keys.press("Tab")
        if page.evaluate("() => document.activeElement.name") == group:
            break
    for _turn in range(6):
        if radio.is_checked():
            return
        keys.press("ArrowDown")
    keys.press("Space")
    expect(radio).to_be_checked()
