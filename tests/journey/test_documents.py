"""A document and a gallery of a lesson in Chromium: one page at a time and one picture, by button and key; without a
script the pages stand one below the other, and each picture opens by itself."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from app.authoring.folder import load_course
from app.catalogue.service import publish
from tests import factories
from tests.authoring.folders import CAPTIONS, FILM, LESSON, SLIDES, good_folder, swap
from tests.journey.conftest import LiveServer, MovableClock, Screen
from tests.media.test_pdf import written

URL = "/learn/hop-so/HS01.1.1"
GALLERY = """::: gallery
![Giấy mời có dấu](01-giay.png "Bản giấy.")
![Con dấu](01-dau.png)
:::
"""


@pytest.fixture
def course(live: LiveServer, tmp_path: Path) -> str:
    """A lesson with a document of three pages and two pictures, and a learner `hocvien` enrolled in its course."""
    folder = good_folder(tmp_path / "courses")
    swap(
        folder,
        LESSON,
        '![Một vòng họp](01-phim.mp4 "Không lời.")',
        '![Bảng kiểm họp](01-bang.pdf "Ba trang.")\n\n' + GALLERY,
    )
    for name in (FILM, CAPTIONS, SLIDES, "01-mo-dau/01-nguon.svg"):
        (folder / name).unlink()
    (folder / "01-mo-dau" / "01-bang.pdf").write_bytes(written("Mời họp.", "Họp.", "Kết luận."))
    for name, size in (("01-giay.png", (640, 480)), ("01-dau.png", (300, 600))):
        Image.new("RGB", size, "teal").save(folder / "01-mo-dau" / name)
    with live.runtime.database.writing() as db:
        version = publish(db, load_course(db, live.runtime.storage, folder, None), None)
        learner = factories.person(db, "Trần Văn Giả Định")
        factories.post(db, learner, factories.BAC_GIANG)
        factories.account(db, learner, "hocvien")
        return version.title


def begin(screen: Screen, course: str) -> Page:
    screen.sign_in("hocvien", factories.PASSWORD)
    screen.page.wait_for_url(lambda url: "/sign-in" not in url)
    screen.page.goto("/courses")
    screen.page.get_by_role("link", name=course).first.click()
    screen.page.get_by_role("button", name="Bắt đầu học").click()
    expect(screen.page.get_by_role("heading", level=1, name="Họp không giấy")).to_be_visible()
    return screen.page


def asks(page: Page) -> Locator:
    return page.locator("[data-asks='01-bang-pdf']")


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_are_turned_and_counted(
    width: int, live: LiveServer, movable_clock: MovableClock, chromium: Browser, course: str
) -> None:
    screen = Screen(chromium, live.url, width, "tai-lieu")
    page = begin(screen, course)
    document = page.locator("[data-document]")
    place = document.locator("[data-place]")
    expect(place).to_have_text("1/3")
    expect(document.get_by_role("img")).to_have_count(1)
    expect(asks(page)).to_have_text("Tài liệu “Bảng kiểm họp”: Đã xem 0 trên 3 trang.")
    movable_clock.advance(seconds=60)

    document.get_by_role("img").scroll_into_view_if_needed()
    document.get_by_text("Chữ của trang 1").click()
    expect(document.get_by_text("Mời họp.")).to_be_visible()
    screen.picture("trang-mot")
    page.wait_for_timeout(4000)
    document.get_by_role("button", name="Trang sau").click()
    expect(place).to_have_text("2/3")
    page.wait_for_timeout(4000)
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("3/3")
    expect(document.get_by_role("button", name="Trang sau")).to_have_attribute("aria-disabled", "true")
    expect(document.get_by_role("button", name="Trang sau")).to_be_focused()
    expect(asks(page)).to_have_text("Tài liệu “Bảng kiểm họp”: đã xem đủ.")
    screen.picture("xem-du")
    look_closely(screen)

    page.reload()
    expect(page.locator("[data-document] [data-place]")).to_have_text("3/3")
    expect(asks(page)).to_have_text("Tài liệu “Bảng kiểm họp”: đã xem đủ.")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Tải tệp PDF").click()
    assert downloaded.value.suggested_filename == "01-bang.pdf"
    screen.close()


def look_closely(screen: Screen) -> None:
    """Through the gallery by keys alone."""
    page, zoom = screen.page, screen.page.get_by_role("dialog", name="Xem ảnh lớn")
    first, second = page.locator("a[data-zoom]").all()
    first.focus()
    page.keyboard.press("Enter")
    shown = zoom.get_by_role("img")
    expect(shown).to_have_attribute("alt", "Giấy mời có dấu")
    expect(zoom.locator("[data-said]")).to_have_text("Bản giấy.")
    expect(zoom.locator("[data-place]")).to_have_text("1/2")
    assert shown.bounding_box()["width"] > first.bounding_box()["width"]
    assert screen.judged("dialog") == []
    screen.picture("anh-lon")
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_attribute("alt", "Con dấu")
    expect(zoom.locator("[data-said]")).to_have_text("")
    box = zoom.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 800, "a tall picture stays in the window"
    page.keyboard.press("Escape")
    expect(zoom).to_be_hidden()
    expect(second).to_be_focused()
    expect(page.locator("[data-document] [data-place]")).to_have_text("3/3")


@pytest.mark.by_turns
def test_without_a_script_all_pages_are_there(
    live: LiveServer, movable_clock: MovableClock, chromium: Browser, course: str
) -> None:
    context = chromium.new_context(
        base_url=live.url, viewport={"width": 360, "height": 800}, java_script_enabled=False
    )  # fmt: skip
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Số điện thoại, email hoặc tên đăng nhập").fill("hocvien")
    page.get_by_label("Mật khẩu", exact=True).fill(factories.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Đăng nhập", exact=True).click()
    page.goto("/courses/hop-so")
    page.get_by_role("button", name="Bắt đầu học").click()
    document = page.locator("[data-document]")
    expect(document.get_by_role("img")).to_have_count(3)
    expect(document.get_by_role("button", name="Trang sau")).to_have_count(0)
    picture = page.get_by_role("link", name="Giấy mời có dấu").get_attribute("href")
    assert page.request.get(picture).headers["content-type"].startswith("image/")
    movable_clock.advance(minutes=3)
    page.get_by_role("button", name="Tôi đã đọc xong").click()
    expect(asks(page)).to_have_text("Tài liệu “Bảng kiểm họp”: đã xem đủ.")
    context.close()
