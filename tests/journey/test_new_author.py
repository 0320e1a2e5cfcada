"""A new author in Chromium: a course with a video, a text from Word and ten questions from Excel, reviewed, published,
finished by a learner who gets a certificate. Counted: clicks and page loads of author, reviewer and publisher.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Locator, expect

from app.authoring import questions_io
from tests import factories
from tests.journey.conftest import LiveServer, MovableClock, Screen, play_until
from tests.journey.test_editor import CLIPBOARD, PASTE
from tests.media import samples

MOST_CLICKS = 30
TITLE = "Ký số một công văn"
SLUG = "ky-so-mot-cong-van"
CAPTIONS = "1\n00:00:00,000 --> 00:00:01,000\nChị Hoa mở công văn.\n"
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": f"x-{number}", "kind": "true_false", "text": f"Điều thứ {number}: ký xong phải kiểm tra chữ ký.",
        "answer": True, "explanation": "Chữ ký sai thì văn bản không có giá trị.",
    }
    for number in range(1, 11)
]  # fmt: skip


class Hand:
    """A person at a screen: every press and every page it brings is counted; typing is not."""

    clicks = loads = 0

    def __init__(self, live: LiveServer, chromium: Browser, width: int, name: str) -> None:
        self.screen = Screen(chromium, live.url, width, name)
        self.page = self.screen.page
        self.screen.sign_in(name, factories.PASSWORD)
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        self.page.on("framenavigated", self._note)

    def _note(self, frame: Frame) -> None:
        Hand.loads += frame == self.page.main_frame

    def press(self, what: Locator) -> None:
        Hand.clicks += 1
        what.click()

    def link(self, name: str) -> None:
        self.press(self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("main").get_by_role("button", name=name).first)

    def choose(self, field: str, file: Any) -> None:
        """A press on the field, and the file in the system's own window."""
        Hand.clicks += 1
        self.page.locator(f"input[type=file][name={field}]").set_input_files(file)

    def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            self.page.locator(f"[name={name}]:visible").first.fill(text)

    def studio(self) -> None:
        """From wherever, by the head of the page; the first page of a session counts as one press, too."""
        Hand.clicks += 1
        self.page.goto("/studio")


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_a_new_author_makes_a_course_that_somebody_finishes(
    width: int, live: LiveServer, movable_clock: MovableClock, chromium: Browser, tmp_path: Path
) -> None:
    with live.runtime.database.writing() as db:
        for name, role in (("tacgia", "author"), ("thamdinh", "reviewer"), ("xuatban", "content_admin")):
            factories.account(db, factories.person(db, f"Người {name.title()}"), name, role=role, at="24")
        factories.account(db, factories.person(db, "Lê Thị Người Học"), "nguoihoc")
    Hand.clicks = Hand.loads = 0
    author = Hand(live, chromium, width, "tacgia")
    begin_course(author)
    write_from_word(author)
    add_questions(author, tmp_path)
    add_video(author, tmp_path)
    send_to_review(author)
    reviewer = Hand(live, chromium, width, "thamdinh")
    approve(reviewer)
    publisher = Hand(live, chromium, width, "xuatban")
    publish(publisher)
    print(f"\nnew author, reviewer, publisher at {width} px: {Hand.clicks} clicks, {Hand.loads} page loads")
    assert Hand.clicks < MOST_CLICKS
    learner = Hand(live, chromium, width, "nguoihoc")
    finish(learner, movable_clock)
    for hand in (author, reviewer, publisher, learner):
        hand.screen.close()


def begin_course(author: Hand) -> None:
    author.studio()
    author.link("Lập khóa học")
    author.fill(title=TITLE)
    author.press(author.page.get_by_text("Một bài ngắn 15 phút"))
    author.button("Lập khóa học")
    expect(author.page).to_have_url(f"{author.page.url.split('/studio')[0]}/studio/{SLUG}")
    author.screen.picture("khoa-moi")


def write_from_word(author: Hand) -> None:
    author.link("Viết bài đầu tiên")
    author.fill(
        title="Ký và kiểm tra", minutes="5", objectives="Ký được một công văn.\nKiểm được chữ ký.",
        role="Chị Hoa, văn thư phường (nhân vật minh họa)", source_title="Luật Giao dịch điện tử",
        source_ref="Luật số 20/2023/QH15",
    )  # fmt: skip
    page = author.page
    page.locator(".editor-page").press("Control+a")
    page.keyboard.press("Delete")
    page.evaluate(PASTE, [(CLIPBOARD / "word.html").read_text(encoding="utf-8"), ""])
    author.screen.picture("dan-tu-word")
    author.button("Lưu vào bản nháp và xem thử")
    expect(page.get_by_role("link", name="Bài kiểm tra", exact=True)).to_be_visible()


def add_questions(author: Hand, folder: Path) -> None:
    sheet = folder / "cau-hoi.xlsx"
    sheet.write_bytes(questions_io.write("xlsx", QUESTIONS).content)
    author.link("Bài kiểm tra")
    author.choose("file", sheet)
    author.button("Thêm vào bài")
    expect(author.page.get_by_text("Đã thêm 10 câu vào bản nháp.")).to_be_visible()
    author.screen.picture("cau-hoi")


def add_video(author: Hand, folder: Path) -> None:
    page = author.page
    author.press(page.get_by_role("link", name=TITLE, exact=True).first)
    author.link("Thêm bài")
    author.fill(
        title="Xem chị Hoa ký", minutes="3", objectives="Kể được các bước ký.", role="Chị Hoa (nhân vật minh họa)",
        source_title="Luật Giao dịch điện tử", source_ref="Luật số 20/2023/QH15",
    )  # fmt: skip
    page.locator(".editor-page").click()
    page.keyboard.type("Xem chị Hoa ký một công văn từ đầu đến cuối.")
    author.choose("video", samples.video(folder / "chi-hoa-ky.mp4", seconds=3, faststart=True))
    author.choose("captions", {"name": "loi.srt", "mimeType": "text/plain", "buffer": CAPTIONS.encode()})
    author.button("Lưu vào bản nháp và xem thử")
    expect(page.get_by_role("heading", name="Xem chị Hoa ký").first).to_be_visible()
    author.screen.picture("bai-video")


def send_to_review(author: Hand) -> None:
    author.press(author.page.get_by_role("link", name=TITLE, exact=True).first)
    author.button("Gửi thẩm định")
    expect(author.page.get_by_text("Đang chờ thẩm định").first).to_be_visible()


def approve(reviewer: Hand) -> None:
    reviewer.studio()
    reviewer.press(reviewer.page.get_by_role("main").get_by_role("link", name=TITLE).first)
    expect(reviewer.page.get_by_role("heading", name="Quyết định")).to_be_visible()
    reviewer.screen.picture("tham-dinh")
    reviewer.press(reviewer.page.get_by_role("button", name="Duyệt bản"))
    expect(reviewer.page.get_by_text("Đã duyệt").first).to_be_visible()


def publish(publisher: Hand) -> None:
    page = publisher.page
    publisher.studio()
    publisher.press(page.get_by_role("main").get_by_role("link", name=TITLE).first)
    button = page.get_by_role("button", name="Công bố bản")
    for _try in range(120):
        # The page follows the video by itself; the button comes when it is ready.
        if button.is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    publisher.screen.picture("cong-bo")
    publisher.press(button)
    expect(page.get_by_text("Đã công bố").first).to_be_visible()


def finish(learner: Hand, movable_clock: MovableClock) -> None:
    page = learner.page
    page.goto(f"/courses/{SLUG}")
    # An open course begins with its first lesson.
    page.get_by_role("link", name="Bắt đầu học").click()
    for lesson in ("Ký và kiểm tra", "Xem chị Hoa ký"):
        page.goto(f"/courses/{SLUG}")
        page.get_by_role("main").get_by_role("link", name=lesson).first.click()
        expect(page.get_by_role("heading", level=1, name=lesson)).to_be_visible()
        page.get_by_role("button", name="Tôi đã đọc xong").click()
        expect(page.get_by_role("alert").or_(page.get_by_text("giây nữa")).first).to_be_visible()
        movable_clock.advance(minutes=20)
        learner.screen.read_on(minutes=6)
        for video in page.locator("video").all():
            video.evaluate("video => { video.muted = true; video.play().catch(() => {}); }")
            play_until(page, video, "video.ended")
            expect(page.locator("#saved")).to_contain_text("đã lưu")
        page.get_by_role("button", name="Tôi đã đọc xong").click()
        expect(page.get_by_role("button", name="Tôi đã đọc xong")).to_have_count(0)
        if lesson == "Ký và kiểm tra":
            page.get_by_role("link", name="Làm bài kiểm tra").click()
            page.get_by_role("button", name="Bắt đầu làm bài").click()
            for number in range(1, 11):
                group = page.get_by_role("group").filter(has_text=f"Điều thứ {number}:")
                group.get_by_role("radio", name="Đúng", exact=True).check()
            expect(page.locator("#saved")).to_contain_text("Đã trả lời 10 trên 10 câu")
            page.get_by_role("button", name="Nộp bài").click()
            expect(page.get_by_role("heading", level=1, name="Đạt", exact=True)).to_be_visible()
    page.goto("/my")
    page.locator("#certificates").get_by_role("link", name="Xem").click()
    expect(page.get_by_role("link", name="Tải bản PDF")).to_be_visible()
