"""An instructor marks an essay in a browser, on a phone and on a desk; the learner reads what was said."""

import pytest
from playwright.sync_api import Browser, expect

from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol
from tests import factories
from tests.journey.conftest import LiveServer, Screen
from tests.learning import making
from tests.learning.test_marking import ESSAY, WORDS


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_an_essay_is_marked_and_read(width: int, live: LiveServer, chromium: Browser) -> None:
    with live.runtime.database.writing() as db:
        version = making.course(
            db, making.Lesson("L3", has_text=False, questions=(ESSAY,), quiz={"attempts": 1, "wait": 1440})
        )
        learner = factories.civil_servant(db, "hocvien", name="Trần Văn Giả Định")
        attempt = start_attempt(db, enrol(db, learner.person_id, version.course_id), "L3")
        submit_attempt(db, attempt, {"q4": [WORDS]})
        factories.account(db, factories.person(db, "Lê Thị Chấm"), "giangvien", role="instructor")
        address = f"/attempts/{attempt.id}"
    marker = Screen(chromium, live.url, width, "cham-bai")
    marker.sign_in("giangvien", factories.PASSWORD)
    marker.page.wait_for_url(lambda url: "/sign-in" not in url)
    marker.page.goto("/marking")
    marker.picture("cho-cham")
    marker.page.get_by_role("link", name="Người dân nhận tin nhắn lạ").click()
    marker.page.get_by_label("Nêu dấu hiệu").fill("3")
    marker.page.get_by_label("Nơi báo").fill("1,5")
    marker.page.get_by_role("button", name="Lưu điểm").click()
    expect(marker.page.get_by_text("Hãy cho điểm từ 0 đến 2.")).to_be_visible()
    marker.picture("sai-diem")
    marker.page.get_by_label("Nêu dấu hiệu").fill("1")
    marker.page.get_by_label("Nhận xét cho người học").fill("Cần nói rõ nơi báo.")
    marker.page.get_by_role("button", name="Lưu điểm").click()
    expect(marker.page.get_by_text("Đã lưu điểm")).to_be_visible()
    marker.page.goto("/marking/attempts")
    marker.picture("luot-lam")
    marker.page.get_by_role("link", name="Trần Văn Giả Định").click()
    marker.page.get_by_label("Lý do").fill("Mất điện giữa giờ")
    marker.page.get_by_role("button", name="Cho làm tiếp").click()
    expect(marker.page.get_by_text("Đã cho làm tiếp. Người học")).to_be_visible()
    marker.picture("da-cho-lam")
    # A 422 that brings the form back is what the browser calls a failed load.
    assert all("422" in one for one in marker.errors)
    marker.errors.clear()
    marker.close()
    reader = Screen(chromium, live.url, width, "cham-bai-ket-qua")
    reader.sign_in("hocvien", factories.PASSWORD)
    reader.page.wait_for_url(lambda url: "/sign-in" not in url)
    reader.page.goto(address)
    expect(reader.page.get_by_text("Cần nói rõ nơi báo.")).to_be_visible()
    expect(reader.page.get_by_role("button", name="Làm lại")).to_be_visible()
    reader.picture("ket-qua")
    reader.close()
