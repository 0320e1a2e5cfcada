"""The main job from end to end in a browser: from an office's list to a moved figure and an exported table."""

import io
from pathlib import Path

import openpyxl
import pytest
import yaml
from PIL import Image
from playwright.sync_api import Browser, Download, expect
from pypdf import PdfReader

from tests.factories import PASSWORD
from tests.journey.conftest import COURSE, LiveServer, MovableClock, Screen, play_until
from tests.media import samples

NEW_PASSWORD = "mot-cau-de-nho-cua-toi"
LEARNER, COLLEAGUE = "Nguyễn Thị Thử Nghiệm", "Trần Văn Giả Định"


@pytest.mark.one_view
@pytest.mark.usefixtures("starter_course")
@pytest.mark.parametrize("width", [360, 1280])
def test_one_finished_course_moves_one_figure(
    width: int, live: LiveServer, movable_clock: MovableClock, chromium: Browser, tmp_path: Path
) -> None:
    admin = Screen(chromium, live.url, width, "quantri")
    admin.sign_in("quantri", PASSWORD)
    username, first_password = import_people(admin, tmp_path)
    assert figure_of(admin, "07210") == "0 trên 2 người"

    learner = Screen(chromium, live.url, width, "hocvien")
    change_first_password(learner, username, first_password)
    start_course(learner)
    for lesson in sorted((COURSE / "01-nhap-mon").glob("*.md")):
        study(learner, lesson, movable_clock)
    code = take_certificate(learner, tmp_path)

    stranger = Screen(chromium, live.url, width, "nguoila")
    verify(stranger, code)

    assert figure_of(admin, "07210") == "1 trên 2 người"
    assert figure_of(admin, "24") == "1 trên 2 người"
    see_who_is_missing(admin)
    publish_a_lesson(admin, movable_clock, tmp_path)
    export_completions(admin)
    for screen in (admin, learner, stranger):
        screen.close()


def import_people(screen: Screen, folder: Path) -> tuple[str, str]:
    """Fill the office's template, check it, apply it; the first sign-in of the learner from the result workbook."""
    page = screen.page
    page.goto("/people/imports")
    with page.expect_download() as template:
        page.get_by_role("link", name="Tải tệp mẫu").click()
    book = open_workbook(template.value)
    sheet = book.worksheets[0]
    sheet.delete_rows(2, sheet.max_row)
    for number, (name, sex, phone) in enumerate(((LEARNER, "Nữ", "0912000001"), (COLLEAGUE, "Nam", "0912000002")), 1):
        sheet.append(
            [number, name, "08/03/1990", sex, None, phone, None, "07210", "Phường Bắc Giang", "Chuyên viên", None,
             "CBCC", "05/01/2026"]
        )  # fmt: skip
    workbook = folder / "danh-sach.xlsx"
    book.save(workbook)
    page.get_by_label("Tệp danh sách").set_input_files(workbook)
    page.get_by_role("button", name="Kiểm tra tệp").click()
    expect(page.get_by_role("heading", name="Kết quả kiểm tra")).to_be_visible()
    screen.picture("kiem-tra-danh-sach")
    page.get_by_role("button", name="Nhập thật").click()
    expect(page.get_by_role("heading", name="Đã nhập danh sách")).to_be_visible()
    screen.picture("da-nhap-danh-sach")
    with page.expect_download() as result:
        page.get_by_role("link", name="Tải kết quả (.xlsx)").click()
    rows = list(open_workbook(result.value).worksheets[0].iter_rows(values_only=True))
    head = next(row for row in rows if "Tên đăng nhập" in row)
    mine = next(row for row in rows if LEARNER in row)
    return str(mine[head.index("Tên đăng nhập")]), str(mine[head.index("Mật khẩu lần đầu")])


def figure_of(screen: Screen, unit: str) -> str:
    """What the dashboard says of BG-CBCC at a unit."""
    screen.page.goto(f"/coverage/BG-CBCC?unit={unit}")
    screen.picture(f"bao-phu-{unit}")
    return screen.page.locator(".key", has_text="Tỷ lệ bao phủ").locator("small").inner_text()


def change_first_password(screen: Screen, username: str, first_password: str) -> None:
    screen.sign_in(username, first_password)
    expect(screen.page).to_have_url(f"{screen.page.url.split('/account')[0]}/account/password")
    screen.picture("doi-mat-khau")
    screen.page.get_by_label("Mã trên phiếu (mật khẩu hiện nay)").fill(first_password)
    screen.page.get_by_label("Mật khẩu mới", exact=True).fill(NEW_PASSWORD)
    screen.page.get_by_label("Nhập lại mật khẩu mới").fill(NEW_PASSWORD)
    screen.page.get_by_role("button", name="Lưu mật khẩu mới").click()


def start_course(screen: Screen) -> None:
    page = screen.page
    page.goto("/my")
    expect(page.get_by_role("heading", name="Cần hoàn thành năm")).to_be_visible()
    screen.picture("cua-toi")
    page.goto("/courses")
    screen.picture("khoa-hoc")
    page.goto(f"/courses/{COURSE.name}")
    screen.picture("mot-khoa")
    page.get_by_role("button", name="Bắt đầu học").click()


def study(screen: Screen, lesson: Path, movable_clock: MovableClock) -> None:
    """Watch, read and answer one lesson as its file asks."""
    page = screen.page
    head = yaml.safe_load(lesson.read_text(encoding="utf-8").split("---")[1])
    page.goto(f"/learn/{COURSE.name}/{head['key']}")
    expect(page.get_by_role("heading", level=1, name=head["title"])).to_be_visible()
    screen.picture(f"bai-{head['key']}")
    page.get_by_role("button", name="Tôi đã đọc xong").click()
    expect(page.get_by_role("alert").or_(page.get_by_text("giây nữa")).first).to_be_visible()
    # Ahead of what the browser really spends here: nobody can have read for longer than the server's clock ran.
    movable_clock.advance(minutes=head["minutes"] + 10)
    screen.read_on(minutes=head["minutes"])
    for video in page.locator("video").all():
        # Sixteen times as fast for us, honest time for the server: its clock has moved by the lesson's minutes.
        video.evaluate("video => { video.muted = true; video.playbackRate = 16; video.play().catch(() => {}); }")
        play_until(page, video, "video.ended")
        expect(page.locator("#saved")).to_contain_text("đã lưu")
        screen.picture(f"bai-{head['key']}-da-xem")
    page.get_by_role("button", name="Tôi đã đọc xong").click()
    expect(page.get_by_role("button", name="Tôi đã đọc xong")).to_have_count(0)
    page.get_by_role("link", name="Làm bài kiểm tra").click()
    answer_quiz(screen, lesson.with_suffix(".quiz.yaml"), head["key"])


def answer_quiz(screen: Screen, quiz: Path, key: str) -> None:
    page = screen.page
    page.get_by_role("button", name="Bắt đầu làm bài").click()
    questions = yaml.safe_load(quiz.read_text(encoding="utf-8"))["questions"]
    for question in questions:
        field = page.get_by_role("group").filter(has_text=" ".join(question["text"].split()))
        if question["kind"] == "true_false":
            field.get_by_role("radio", name="Đúng" if question["answer"] else "Sai", exact=True).check()
        else:
            role = "radio" if question["kind"] == "single" else "checkbox"
            for option in question["options"]:
                if option.get("right"):
                    field.get_by_role(role, name=" ".join(option["text"].split()), exact=True).check()  # type: ignore[arg-type]
    # Answers are saved one after the other; a busy machine takes its time.
    all_saved = f"Đã trả lời {len(questions)} trên {len(questions)} câu"
    expect(page.locator("#saved")).to_contain_text(all_saved)
    screen.picture(f"kiem-tra-{key}")
    page.get_by_role("button", name="Nộp bài").click()
    expect(page.get_by_role("heading", level=1, name="Đạt", exact=True)).to_be_visible()
    expect(page.locator(".score")).to_have_text("100%")
    screen.picture(f"ket-qua-{key}")


def take_certificate(screen: Screen, folder: Path) -> str:
    """The certificate stands under my learning, its PDF comes by a job; the code to verify it by."""
    page = screen.page
    page.goto("/my")
    screen.picture("cua-toi-da-xong")
    page.locator("#certificates").get_by_role("link", name="Xem").click()
    expect(page.get_by_role("link", name="Tải bản PDF")).to_be_visible()
    screen.picture("giay-chung-nhan")
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải bản PDF").click()
    text = PdfReader(io.BytesIO(download.value.path().read_bytes())).pages[0].extract_text()
    assert LEARNER in " ".join(text.split())
    return page.url.rsplit("/", 1)[1]


def verify(screen: Screen, code: str) -> None:
    page = screen.page
    page.goto("/verify")
    screen.picture("tra-cuu")
    page.get_by_label("Mã tra cứu").fill(code)
    page.get_by_role("button", name="Tra cứu").first.click()
    expect(page.get_by_text("Còn hiệu lực").first).to_be_visible()
    expect(page.get_by_text(LEARNER).first).to_be_visible()
    assert "08/03/1990" not in page.content()
    screen.picture("tra-cuu-ket-qua")


def see_who_is_missing(screen: Screen) -> None:
    screen.page.goto("/coverage/BG-CBCC?unit=07210")
    screen.page.get_by_role("link", name="Ai còn thiếu?").click()
    expect(screen.page.get_by_text(COLLEAGUE)).to_be_visible()
    expect(screen.page.get_by_text(LEARNER)).to_have_count(0)
    screen.picture("ai-con-thieu")


def publish_a_lesson(screen: Screen, movable_clock: MovableClock, folder: Path) -> None:
    """Upload a lesson with a picture and a video, see it being transcoded, preview it, publish it."""
    page = screen.page
    picture, video = (
        folder / "anh.jpg",
        samples.video(folder / "quay-bang-dien-thoai.mov", size="270x480", codec="mpeg4"),
    )
    Image.radial_gradient("L").convert("RGB").save(picture)
    page.goto(f"/studio/{COURSE.name}")
    screen.picture("soan-bai")
    page.get_by_role("link", name="Thêm bài", exact=True).first.click()
    page.get_by_label("Tên bài").fill("Ba việc làm ngay trong tuần")
    page.get_by_label("Thời lượng (phút)").fill("5")
    page.get_by_label("Học xong, người học làm được gì?").fill("Chọn được ba việc để làm ngay.")
    page.get_by_role("button", name="Sửa bằng ký hiệu").click()
    page.get_by_role("textbox", name="Chữ của bài").fill(
        "## Chuyện của chị Mẫu\n\nChị Mẫu, văn thư phường, chọn ba việc.\n\n"
        "::: steps\n1. **Ghi ra.** Viết ba việc.\n2. **Làm thử.** Chọn một việc.\n3. **Xem lại.** Cuối tuần hỏi lại.\n"
        ":::\n\n"
        "::: warn Hay nhầm\nChọn quá nhiều việc một lúc.\n:::\n"
    )
    page.locator("input[name=role]").fill("Chị Mẫu, văn thư phường (nhân vật minh họa)")
    page.locator("input[name=source_title]").first.fill("Quyết định 1908/QĐ-UBND")
    page.locator("input[name=source_ref]").first.fill("Phần III")
    page.locator("input[type=file][name=picture]").set_input_files(picture)
    page.get_by_label("Tả ảnh bằng lời").fill("Một ô màu để thử.")
    page.locator("input[type=file][name=video]").set_input_files(video)
    page.get_by_label("Tên video").fill("Video thử")
    screen.picture("bai-moi")
    page.get_by_role("button", name="Lưu vào bản nháp và xem thử").click()
    expect(page.get_by_role("heading", name="Ba việc làm ngay trong tuần").first).to_be_visible()
    screen.picture("xem-thu")
    page.goto(f"/studio/{COURSE.name}/publish")
    publish = page.get_by_role("button", name="Công bố bản 2")
    for _try in range(60):
        if publish.is_visible() and publish.is_enabled():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.get_by_label("Vì sao công bố mà không qua thẩm định").fill("Phòng chỉ có một người.")
    screen.picture("cong-bo")
    publish.click()
    page.goto(f"/courses/{COURSE.name}")
    expect(page.get_by_text("Ba việc làm ngay trong tuần").first).to_be_visible()
    screen.picture("khoa-co-bai-moi")


def export_completions(screen: Screen) -> None:
    page = screen.page
    page.goto("/exports")
    page.get_by_role("button", name="Xuất tệp").click()
    link = page.get_by_role("link", name="Tải về")
    expect(link).to_be_visible()
    screen.picture("xuat-so-lieu")
    with page.expect_download() as download:
        link.click()
    rows = list(open_workbook(download.value).worksheets[0].iter_rows(min_row=4, values_only=True))
    assert [row[1] for row in rows] == [LEARNER]
    assert rows[0][3] == "Phường Bắc Giang"
    assert any(str(cell).endswith("/HS-SKHCN") for cell in rows[0]), "the number of the certificate"


def open_workbook(download: Download) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(download.path().read_bytes()))
