"""A citizen with a phone and no account: learn one thing now, sign up later, lose nothing."""

import pytest
from playwright.sync_api import Browser, expect

from app.catalogue.service import publish, save_version
from tests import factories
from tests.catalogue import making
from tests.journey.conftest import LiveServer, MovableClock, Screen
from tests.learning.visiting import PASSWORD, PHONE

SLUG, TITLE, FIRST, SECOND = "dien-thoai", "Điện thoại của tôi", "DT.1.1", "DT.1.2"
NAME = "Nguyễn Thị Giả Định"


@pytest.fixture
def open_course(live: LiveServer) -> None:
    """Two lessons: one to read, one to read and answer."""
    lessons = (
        making.lesson(FIRST, "Mở máy", quiz=None, minutes=2),
        making.lesson(SECOND, "Nhận ra tin giả", minutes=2),
    )
    course = making.course(*lessons, slug=SLUG, code="DT", title=TITLE, access="open", audiences=("NGUOIDAN",))
    with live.runtime.database.writing() as db:
        publish(db, save_version(db, live.runtime.storage, course, factories.unit_id(db, "24"), None), None)


@pytest.mark.usefixtures("open_course")
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_learning_first_and_signing_up_later_loses_nothing(
    width: int, scheme: str, live: LiveServer, movable_clock: MovableClock, chromium: Browser
) -> None:
    screen = Screen(chromium, live.url, width, f"khach-{scheme}")
    screen.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    read_first_lesson(screen, movable_clock)
    answer_second_lesson(screen, movable_clock)
    movable_clock.advance(days=2)
    sign_up(screen)
    see_it_all(screen)
    screen.close()


def read_first_lesson(screen: Screen, movable_clock: MovableClock) -> None:
    page = screen.page
    page.goto("/")
    screen.picture("trang-chu")
    page.get_by_role("link", name="Học ngay, không cần tài khoản").click()
    screen.picture("khoa-mo")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Học ngay, không cần tài khoản").click()
    expect(page.get_by_role("heading", level=1, name="Mở máy")).to_be_visible()
    movable_clock.advance(minutes=2)
    screen.read_on(minutes=2)
    page.get_by_role("button", name="Tôi đã đọc xong").click()
    expect(page.get_by_role("heading", name="Bài này đã xong")).to_be_visible()
    expect(page.get_by_role("link", name="Đăng ký để giữ kết quả")).to_be_visible()
    screen.picture("moi-dang-ky")
    page.get_by_role("link", name="Học tiếp: Nhận ra tin giả").click()


def answer_second_lesson(screen: Screen, movable_clock: MovableClock) -> None:
    page = screen.page
    movable_clock.advance(minutes=2)
    screen.read_on(minutes=2)
    page.get_by_role("button", name="Tôi đã đọc xong").click()
    page.get_by_role("link", name="Làm bài kiểm tra").click()
    page.get_by_role("button", name="Bắt đầu làm bài").click()
    page.get_by_role("radio", name="Ký bằng chứng thư số", exact=True).check()
    page.get_by_role("radio", name="Sai", exact=True).check()
    expect(page.locator("#saved")).to_contain_text("Đã trả lời 2 trên 2 câu")
    page.get_by_role("button", name="Nộp bài").click()
    expect(page.locator(".score")).to_have_text("100%")
    screen.picture("ket-qua")
    page.get_by_role("link", name="Xem lại bài").click()
    expect(page.get_by_role("heading", name="Đã học xong cả khóa")).to_be_visible()
    expect(page.get_by_role("heading", name="Nhận giấy chứng nhận mang tên mình?")).to_be_visible()
    screen.picture("hoc-xong")


def sign_up(screen: Screen) -> None:
    """With the keyboard where a finger would not help: the commune is typed without marks and chosen by arrow."""
    page = screen.page
    page.get_by_role("link", name="Đăng ký để giữ kết quả").click()
    expect(page.get_by_text(f"{TITLE}: 2 bài đã xong, 1 lượt kiểm tra")).to_be_visible()
    screen.picture("dang-ky")
    page.get_by_label("Họ và tên").fill(NAME)
    page.get_by_role("textbox", name="Số điện thoại hoặc email").fill(PHONE)
    page.get_by_label("Xã, phường nơi anh/chị ở").press_sequentially("tan yen")
    commune = page.get_by_role("radio", name="Xã Tân Yên")
    expect(commune).to_be_visible()
    commune.focus()
    page.keyboard.press("Space")
    expect(commune).to_be_checked()
    page.get_by_label("Nghề nghiệp của anh/chị").select_option(label="Việc khác")
    page.get_by_role("button", name="Đăng ký", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("Còn 2 chỗ cần xem lại")
    expect(page.get_by_label("Họ và tên")).to_have_value(NAME)
    expect(page.get_by_role("radio", name="Xã Tân Yên")).to_be_checked()
    screen.picture("dang-ky-con-thieu")
    page.locator("#f-password").fill(PASSWORD)
    page.get_by_role("checkbox", name="Tôi từ đủ 16 tuổi").check()
    page.get_by_role("button", name="Đăng ký", exact=True).last.click()


def see_it_all(screen: Screen) -> None:
    page = screen.page
    expect(page.get_by_text("Tài khoản đã sẵn sàng.")).to_be_visible()
    expect(page.locator("#done").locator("..")).to_contain_text(TITLE)
    screen.picture("cua-toi")
    page.locator("#certificates").get_by_role("link", name="Xem").click()
    expect(page.get_by_text(NAME).first).to_be_visible()
    expect(page.get_by_text("Xã Tân Yên").first).to_be_visible()
    screen.picture("giay-chung-nhan")
    page.goto("/account")
    expect(page.get_by_text("Nơi ở, tự khai")).to_be_visible()
    screen.picture("tai-khoan")
