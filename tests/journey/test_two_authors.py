"""Writing a lesson in Chromium: what is typed is kept, with and without a network; two authors lose nothing."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import select

from app.authoring.drafting import LessonDraft
from app.catalogue.service import save_version
from app.identity.models import Account
from tests import factories
from tests.catalogue import making
from tests.journey.conftest import LiveServer, Screen

LESSON = "/studio/khoa-thu/lessons/THU.1.1"
TEXT = "## Mở đầu\n\nĐoạn đầu.\n\nĐoạn giữa.\n\nĐoạn cuối.\n"
# As long as js/draft.js waits after the last key, and a little more.
A_WHILE = 5000
# Said by the browser itself of what the test brings about: no network; a choice to make.
_EXPECTED = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "status of 409")


class Author(Screen):
    def __init__(self, browser: Browser, live: LiveServer, width: int, name: str) -> None:
        super().__init__(browser, live.url, width, name)
        self.live = live
        self.sign_in(name, factories.PASSWORD)
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        self.page.clock.install()

    @property
    def text(self) -> Locator:
        return self.page.locator(".editor-page")

    @property
    def said(self) -> Locator:
        return self.page.locator("[data-draft-said]")

    def open(self) -> None:
        self.page.goto(f"{LESSON}/edit")

    def write_after(self, paragraph: str, words: str) -> None:
        self.text.get_by_text(paragraph).click()
        self.page.keyboard.press("End")
        self.page.keyboard.insert_text(words)

    def compose(self, word: str, *stages: str) -> None:
        """As an input method does, Telex or that of a phone: each stage in place of the one before."""
        keyboard = self.page.context.new_cdp_session(self.page)
        for stage in stages:
            place = {"selectionStart": len(stage), "selectionEnd": len(stage)}
            keyboard.send("Input.imeSetComposition", {"text": stage} | place)
            # Longer than the wait: the text is kept in the middle of the word.
            self.page.clock.run_for(A_WHILE)
        keyboard.send("Input.insertText", {"text": f"{word} "})

    def rest(self, words: str) -> None:
        """Type nothing until the server has kept `words`."""
        self.page.clock.run_for(A_WHILE)
        typed = select(LessonDraft.typed).join(Account, Account.id == LessonDraft.account_id)
        deadline = time.monotonic() + 60
        while True:
            with self.live.runtime.database.reading() as db:
                kept = db.scalar(typed.where(Account.username == self.name))
            if kept and words in kept["fields"]["body"]:
                break
            assert time.monotonic() < deadline, f"kept is {kept}"
            self.page.wait_for_timeout(100)
        expect(self.said).to_contain_text("Đã giữ lúc")

    def save(self, answer: str = "") -> None:
        self.page.get_by_role("button", name="Lưu vào bản nháp và xem thử").click()
        if answer:
            expect(self.page.get_by_text(answer)).to_be_visible()

    def close(self) -> None:
        self.errors = [error for error in self.errors if not any(expected in error for expected in _EXPECTED)]
        super().close()


@pytest.fixture
def authors(live: LiveServer, chromium: Browser, width: int) -> Iterator[tuple[Author, Author]]:
    with live.runtime.database.writing() as db:
        course = making.course(making.lesson(markdown=TEXT, quiz=None))
        save_version(db, live.runtime.storage, course, factories.unit_id(db, "24"), None)
        for name, username in (("Trần Thị Hoa", "hoa"), ("Lê Văn Bình", "binh")):
            factories.account(db, factories.person(db, name), username, role="author", at="24")
    both = Author(chromium, live, width, "hoa"), Author(chromium, live, width, "binh")
    yield both
    for one in both:
        one.close()


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_typed_is_lost(authors: tuple[Author, Author]) -> None:
    hoa, binh = authors
    hoa.open()
    hoa.write_after("Đoạn đầu.", " Học ")
    hoa.compose("tiếng", "t", "tiê", "tiêng", "tiếng")
    hoa.compose("Việt", "V", "Viêt", "Việt")
    hoa.rest("Đoạn đầu. Học tiếng Việt")
    hoa.page.keyboard.press("Control+z")
    expect(hoa.text).not_to_contain_text("Việt")
    hoa.page.keyboard.press("Control+y")
    expect(hoa.text).to_contain_text("Đoạn đầu. Học tiếng Việt")
    hoa.rest("Đoạn đầu. Học tiếng Việt")
    # The window is closed, the lesson opened again.
    hoa.page.reload()
    expect(hoa.page.get_by_text("Anh/chị có bản đang viết dở")).to_be_visible()
    expect(hoa.text).not_to_contain_text("Học")
    assert hoa.judged("main") == []
    hoa.picture("dang-viet-do")
    hoa.page.get_by_role("link", name="Viết tiếp").click()
    expect(hoa.text).to_contain_text("Đoạn đầu. Học tiếng Việt")

    hoa.page.context.set_offline(True)
    hoa.write_after("Đoạn đầu.", " mất mạng")
    hoa.page.clock.run_for(A_WHILE)
    expect(hoa.said).to_contain_text("Chưa có mạng")
    hoa.page.context.set_offline(False)
    hoa.rest("Học tiếng Việt mất mạng")

    # Somebody else changes the next paragraph meanwhile; both are told of each other.
    binh.open()
    told = binh.page.get_by_role("status").filter(has_text="Trần Thị Hoa cũng đang sửa bài này")
    expect(told).to_be_visible()
    binh.picture("ai-cung-dang-sua")
    binh.write_after("Đoạn giữa.", " Bình viết thêm.")
    binh.rest("Bình viết thêm.")
    hoa.write_after("Đoạn đầu.", " thì chờ.")
    hoa.rest("mất mạng thì chờ.")
    expect(hoa.page.locator("[data-others]").last).to_contain_text("Lê Văn Bình cũng đang sửa bài này")
    binh.save("Đã lưu vào bản nháp")
    hoa.save("gộp với phần người khác vừa lưu")
    for text in ("Học tiếng Việt mất mạng thì chờ.", "Đoạn giữa. Bình viết thêm."):
        expect(hoa.page.get_by_role("main")).to_contain_text(text)

    # Both change the same paragraph: the second chooses.
    hoa.open()
    binh.open()
    binh.write_after("Đoạn cuối.", " Theo Bình.")
    binh.save("Đã lưu vào bản nháp")
    # What could not be sent waits in the browser; the form opened again goes on from it once it is there.
    hoa.page.route("**/draft?*", lambda route: route.abort())
    hoa.write_after("Đoạn cuối.", " Theo Hoa.")
    hoa.page.clock.run_for(A_WHILE)
    expect(hoa.said).to_contain_text("Chưa có mạng")
    hoa.open()
    expect(hoa.text).to_contain_text("Theo Bình.")
    hoa.page.unroute("**/draft?*")
    hoa.page.evaluate("dispatchEvent(new Event('online'))")
    hoa.page.get_by_role("link", name="Viết tiếp").click()
    expect(hoa.text).to_contain_text("Theo Hoa.")
    hoa.save()
    choice = hoa.page.get_by_role("group", name="Chữ của bài")
    expect(choice).to_contain_text("Đoạn cuối. Theo Hoa.")
    expect(choice).to_contain_text("Đoạn cuối. Theo Bình.")
    expect(hoa.text).to_contain_text("Theo Hoa.")
    assert hoa.judged("main") == []
    hoa.picture("hai-nguoi-cung-sua")
    choice.get_by_label("Giữ cả hai, phần của tôi trước").check()
    hoa.save("gộp với phần người khác vừa lưu")
    for text in ("Theo Hoa.", "Theo Bình."):
        expect(hoa.page.get_by_role("main")).to_contain_text(text)

    hoa.page.goto(f"{LESSON}/history?old=1")
    expect(hoa.page.locator("ins").first).to_be_visible()
    assert hoa.judged("main") == []
    hoa.picture("so-hai-ban")
