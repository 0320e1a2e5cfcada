"""The editor of a lesson's text in Chromium: words pasted from office programs, blocks, a picture, the saved lesson."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from app.catalogue.service import save_version
from app.core.settings import ROOT
from tests import factories
from tests.catalogue import making
from tests.journey.conftest import LiveServer, Screen
from tests.media.office_files import xlsx

CLIPBOARD = ROOT / "tests" / "authoring" / "clipboard"
WRITTEN = """\
## Chiếc điện thoại

Bác Lành thử.

::: warn
Ký xong quên Phát hành.
:::

::: question
Đã phát hành chưa?

![Nút Ký số ở góc phải](man-hinh.jpg)

- [x] \\[Hãy viết ý đúng\\]
- [ ] \\[Hãy viết ý sai\\]

\\[Hãy nói vì sao\\]
:::
"""
# As a browser hands over what was copied elsewhere.
PASTE = """([html, text, rtf]) => {
    const data = new DataTransfer();
    data.setData("text/html", html);
    if (rtf) data.setData("text/rtf", rtf);
    data.setData("text/plain", text);
    const page = document.querySelector(".editor-page");
    page.focus();
    page.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def fill_in_the_rest(page: Page) -> None:
    """All a lesson needs besides its text, but what its source is."""
    page.get_by_label("Tên bài").fill("Ký số trên máy")
    page.get_by_label("Thời lượng (phút)").fill("5")
    page.get_by_label("Học xong, người học làm được gì?").fill("Ký được công văn.")
    page.get_by_label("Nhân vật của bài").fill("Chị Hoa")
    page.locator("#source-title-1").fill("Nghị định")


def _text(page: Page) -> str:
    """What would be saved now."""
    return str(page.locator("[data-editor]").evaluate("root => { root.desk.keep(); return root.desk.area.value; }"))


def _rtf(folder: Path) -> str:
    """A picture as Word writes it: with what it says of the shape before, and a copy for old programs behind."""
    Image.new("RGB", (8, 8), "#ac3820").save(folder / "word.png")
    digits = (folder / "word.png").read_bytes().hex()
    lines = "\n".join(digits[at : at + 128] for at in range(0, len(digits), 128))
    shape = r"{\*\picprop\shplid1025{\sp{\sn shapeType}{\sv 75}}}\picscalex100\picw212\pich212"
    uid = r"\bliptag-1298\blipupi96{\*\blipuid b29c1e08a4c1d3f5e6a7b8c9d0e1f2a3}"
    old = r"{\nonshppict{\pict\picw212\wmetafile8 0100090000030202000000}}"
    return rf"{{\rtf1\ansi{{\*\shppict{{\pict{shape}\pngblip{uid}" + f"{lines}}}}}{old}\\par}}"


def _empty(page: Page) -> None:
    page.locator(".editor-page").press("Control+a")
    page.keyboard.press("Delete")


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_a_lesson_is_written_as_it_will_be_seen(
    width: int, live: LiveServer, chromium: Browser, tmp_path: Path
) -> None:
    with live.runtime.database.writing() as db:
        unit = factories.unit_id(db, "24")
        save_version(db, live.runtime.storage, making.course(), unit, None)
        factories.account(db, username="tacgia", role="author", at="24")
    screen = Screen(chromium, live.url, width, "soan-thao")
    page = screen.page
    screen.sign_in("tacgia", factories.PASSWORD)
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/studio/khoa-thu/lessons/new")
    editor = page.get_by_role("textbox", name="Chữ của bài")
    expect(editor).to_have_attribute("data-empty", "Viết ở đây, hoặc dán từ Word.")

    for sample in sorted(CLIPBOARD.glob("*.html")):
        page.evaluate(PASTE, [sample.read_text(encoding="utf-8"), "chữ không trình bày"])
        assert _text(page) == sample.with_suffix(".md").read_text(encoding="utf-8"), sample.name
        if sample.stem == "word":
            expect(page.locator("[data-news]")).to_contain_text("Có 1 hình không dán kèm được")
        _empty(page)
    # Word puts its pictures beside its words.
    page.evaluate(PASTE, ["<p>Nhìn hình.</p><p><img src='file:///C:/a.png'></p>", "Nhìn hình.", _rtf(tmp_path)])
    assert _text(page) == "Nhìn hình.\n\n![](anh-2.png)\n"
    expect(page.locator("[data-placed] [data-arriving=here]")).to_have_count(2)
    _empty(page)
    assert screen.judged(".editor") == []

    # A heading by its signs, a box by the menu, a picture from this device with what is said of it.
    editor.press_sequentially("## Chiếc điện thoại")
    editor.press("Enter")
    editor.press_sequentially("Bác Lành thử.")
    page.get_by_text("Chèn", exact=True).click()
    page.get_by_role("button", name="Khung Hay nhầm").click()
    editor.press_sequentially("Ký xong quên Phát hành.")
    expect(page.get_by_role("button", name="Bỏ khung")).to_be_visible()
    editor.press("Enter")
    editor.press("Enter")
    page.get_by_text("Chèn", exact=True).click()
    page.get_by_role("button", name="Câu hỏi thử").click()
    page.keyboard.type("Đã phát hành chưa?")
    photo = tmp_path / "Màn hình.jpg"
    Image.new("RGB", (640, 480), "#1f3b63").save(photo)
    page.get_by_text("Chèn", exact=True).click()
    page.get_by_role("button", name="Ảnh, bộ ảnh").click()
    page.get_by_label("Tệp từ máy này").set_input_files(photo)
    page.keyboard.type("Nút Ký số ở góc phải")
    expect(page.locator("[data-placed] [data-arriving=here]")).to_have_count(3)
    assert _text(page) == WRITTEN
    assert screen.judged(".editor") == []
    screen.picture("bai-viet")

    fill_in_the_rest(page)
    page.get_by_role("button", name="Lưu vào bản nháp và xem thử").click()
    # Not everything is there yet: the editor comes back with what was written, its picture with it.
    expect(page.locator("#source-ref-1")).to_be_visible()
    expect(page.locator("figure.edited img")).to_have_attribute("src", re.compile("^/media/|^data:"))
    assert _text(page) == WRITTEN
    page.locator("#source-ref-1").fill("30/2020/NĐ-CP")
    page.get_by_role("button", name="Lưu vào bản nháp và xem thử").click()
    expect(page.get_by_alt_text("Nút Ký số ở góc phải")).to_be_visible()
    expect(page.locator(".note.warn")).to_contain_text("Ký xong quên Phát hành.")
    screen.close()


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_a_video_of_another_site_is_asked_for_only_by_who_wants_it(
    width: int, live: LiveServer, chromium: Browser, tmp_path: Path
) -> None:
    with live.runtime.database.writing() as db:
        save_version(db, live.runtime.storage, making.course(), factories.unit_id(db, "24"), None)
        factories.account(db, username="tacgia", role="author", at="24")
    screen = Screen(chromium, live.url, width, "nhung-va-tai")
    page = screen.page
    asked: list[str] = []

    def there(route: Route) -> None:
        asked.append(route.request.headers.get("referer", ""))
        route.fulfill(content_type="text/html", body="<!doctype html><html lang=vi><title>Phim</title><p>Phim</p>")

    page.route("https://www.youtube-nocookie.com/**", there)
    screen.sign_in("tacgia", factories.PASSWORD)
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/studio/khoa-thu/lessons/new")
    editor = page.get_by_role("textbox", name="Chữ của bài")
    page.evaluate(PASTE, ["", "https://youtu.be/abc_123?si=x"])
    assert _text(page) == "[Video trên YouTube](https://youtu.be/abc_123?si=x)\n"
    expect(page.locator(".shown-as")).to_have_attribute("data-shown", re.compile("xem video của YouTube ngay"))
    sheet = tmp_path / "Mẫu kê.xlsx"
    sheet.write_bytes(xlsx())
    editor.press("End")
    page.get_by_text("Chèn", exact=True).click()
    page.get_by_role("button", name="Tệp để tải về", exact=True).click()
    page.get_by_label("Tệp từ máy này").set_input_files(sheet)
    expect(page.locator(".shown-as")).to_have_count(2)
    assert _text(page) == "[Video trên YouTube](https://youtu.be/abc_123?si=x)\n\n[Mẫu kê](mau-ke.xlsx)\n"
    expect(page.locator("[data-placed] [data-arriving=here]")).to_have_count(1)
    screen.picture("soan")

    fill_in_the_rest(page)
    page.locator("#source-ref-1").fill("30/2020/NĐ-CP")
    page.get_by_role("button", name="Lưu vào bản nháp và xem thử").click()
    expect(page.get_by_role("link", name="Tải xuống: Mẫu kê")).to_be_visible()
    assert screen.judged("article") == []
    screen.picture("bai")
    assert asked == [], "the other site knows nothing yet"
    page.get_by_role("button", name="Xem video trên YouTube").press("Enter")
    frame = page.get_by_title("Video trên YouTube")
    expect(frame).to_have_attribute("sandbox", "allow-scripts allow-same-origin allow-presentation allow-popups")
    expect(frame).to_have_attribute("src", "https://www.youtube-nocookie.com/embed/abc_123")
    expect(frame.content_frame.get_by_text("Phim")).to_be_visible()
    assert asked == [f"{live.url}/"], "which site asks, not which lesson"
    screen.picture("dang-xem")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Tải xuống: Mẫu kê").click()
    assert downloaded.value.suggested_filename == "mau-ke.xlsx"
    screen.close()
