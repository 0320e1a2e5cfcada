"""An author's banks of questions on a phone and on a desk: made, filled from a file, exported, counted."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.catalogue.banks import add_bank, add_question
from app.catalogue.service import publish, save_version
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol
from tests import factories
from tests.catalogue import making
from tests.catalogue.samples import SAMPLES
from tests.journey.conftest import LiveServer, Screen

GIFT = "$CATEGORY: An toàn\n\nMật khẩu nào tốt hơn?\n{=mười hai ký tự ~tên con####Dài thì khó đoán.}\n\nHỏng {~a ~b}\n"


@pytest.fixture
def filled(live: LiveServer) -> str:
    """The address of a bank with a question of every kind, asked 24 times; of the first the able choose wrongly."""
    with live.runtime.database.writing() as db:
        factories.account(db, username="tacgia", role="author", at="24")
        unit = factories.unit_id(db, "24")
        bank = add_bank(db, "Kỹ năng số cơ bản", unit, by=None)
        rows = [add_question(db, bank, one | {"topic": "co-ban", "difficulty": 2}, by=None) for one in SAMPLES.values()]
        quiz = making.QUIZ | {"draw": [{"bank": bank.key, "count": len(rows)}]}
        version = save_version(db, live.runtime.storage, making.course(making.lesson(quiz=quiz)), unit, None)
        publish(db, version, None)
        for number in range(24):
            attempt = start_attempt(db, enrol(db, factories.account(db).person_id, version.course_id), "THU.1.1")
            able = number % 2 == 0
            own = {"T1-q1": ["o2" if able else "o1"], "T1-q2": ["false" if able else "true"]}
            submit_attempt(db, attempt, own | {rows[0].key: ["o2" if able else "o1"], rows[2].key: ["false"]})
        return f"/studio/banks/{bank.key}"


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_an_author_fills_and_reads_a_bank(
    live: LiveServer, chromium: Browser, filled: str, width: int, tmp_path: Path
) -> None:
    screen = Screen(chromium, live.url, width, "ngan-hang")
    page = screen.page
    screen.sign_in("tacgia", factories.PASSWORD)
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/studio/banks")
    screen.picture("danh-sach")
    page.get_by_label("Tên ngân hàng").fill("An toàn thông tin")
    page.get_by_role("button", name="Lập ngân hàng").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("An toàn thông tin")
    page.get_by_role("link", name="Nhập từ tệp").click()
    (tmp_path / "de.gift").write_text(GIFT, encoding="utf-8")
    page.get_by_label("Tệp câu hỏi").set_input_files(tmp_path / "de.gift")
    page.get_by_role("button", name="Đọc tệp").click()
    expect(page.get_by_text("Không có lựa chọn nào được điểm.")).to_be_visible()
    screen.picture("xem-truoc")
    page.get_by_role("button", name="Nhập 1 câu").click()
    page.get_by_role("link", name="Mật khẩu nào tốt hơn?", exact=True).click()
    screen.picture("cau-hoi")
    page.get_by_label("Lựa chọn 3").fill("ngày sinh")
    page.get_by_role("button", name="Lưu và xem thử").click()
    expect(page.get_by_text("ngày sinh").first).to_be_visible()
    screen.picture("xem-thu")
    page.goto(filled)
    screen.picture("ngan-hang")
    page.get_by_role("link", name="Xuất ra tệp").click()
    screen.picture("xuat")
    page.goto(f"{filled}/questions/new?kind=cloze")
    screen.picture("dien-cho-trong")
    page.goto(f"{filled}/statistics")
    screen.picture("chua-tinh")
    page.get_by_role("button", name=re.compile("Tính (thống kê|lại)")).click()  # the night may have come first
    expect(page.get_by_text("24 lượt đã nộp")).to_be_visible()
    expect(page.get_by_text("Nhiều người giỏi chọn")).to_be_visible()
    screen.picture("thong-ke")
    screen.close()
