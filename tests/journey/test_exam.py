"""A sitting in browsers: who organises, who watches and who sits it; what is noticed and what is not."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app.core import clock
from app.exams.models import ExamCandidate, ExamEvent, ExamSitting
from tests import factories
from tests.journey.conftest import LiveServer, MovableClock, Screen
from tests.learning import making


@pytest.fixture
def people(live: LiveServer, movable_clock: MovableClock) -> None:
    movable_clock.now = movable_clock.now.replace(hour=8, minute=30)
    movable_clock.advance(seconds=0)
    with live.runtime.database.writing() as db:
        questions = [dict(one, skill=skill) for one, skill in zip(making.QUESTIONS, ("KNS1", "KNS4", ""), strict=True)]
        making.course(db, making.Lesson("L3", has_text=False, questions=tuple(questions)))
        for username, name, role in (
            ("to-chuc", "Phạm Văn Tổ Chức", "unit_manager"), ("giam-thi", "Vũ Thị Giám Thị", "instructor"),
            ("le.an", "Lê Thị An", None), ("do.binh", "Đỗ Văn Bình", None),
        ):  # fmt: skip
            holder = factories.person(db, name)
            factories.post(db, holder)
            factories.account(db, holder, username, role=role, at=factories.BAC_GIANG)


@pytest.fixture
def screens(live: LiveServer, chromium: Browser, people: None, width: int) -> Iterator[dict[str, Screen]]:
    """Everybody signed in, each in a browser of their own."""
    made = {}
    for username in ("to-chuc", "giam-thi", "le.an"):
        made[username] = Screen(chromium, live.url, width, f"sat-hach-{username.replace('.', '-')}")
        made[username].sign_in(username, factories.PASSWORD)
        made[username].page.wait_for_url(lambda url: "/sign-in" not in url)
    yield made
    for screen in made.values():
        screen.close()


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_a_sitting_from_its_plan_to_its_minute(live: LiveServer, screens: dict[str, Screen]) -> None:
    organiser, watcher, candidate = (screens[name].page for name in ("to-chuc", "giam-thi", "le.an"))
    organiser.goto("/exams/new")
    today = f"{clock.today():%d/%m/%Y}"
    for label, value in (
        ("Tên buổi sát hạch", "Sát hạch kỹ năng số đợt 1"), ("Ngày", today), ("Mở phòng lúc", "08:00"),
        ("Kết thúc lúc", "10:00"), ("Số phút làm bài", "45"), ("Đạt từ (%)", "70"), ("Nơi sát hạch", "Phòng máy 2"),
    ):  # fmt: skip
        organiser.get_by_label(label, exact=True).fill(value)
    organiser.get_by_label("Đề").select_option(index=1)
    values = organiser.locator("#f-subject option").evaluate_all("all => all.map(one => [one.value, one.text])")
    ours = next(value for value, words in values if making.SLUG.upper() in words)
    organiser.get_by_label("Đề").select_option(ours)
    screens["to-chuc"].picture("lap-buoi")
    organiser.get_by_role("button", name="Lập buổi sát hạch").click()
    organiser.get_by_label("Hoặc ghi từng người").fill("le.an\ndo.binh")
    organiser.get_by_role("button", name="Thêm những người này").click()
    expect(organiser.get_by_role("heading", name="Thí sinh: 2")).to_be_visible()
    screens["to-chuc"].picture("buoi")

    with live.runtime.database.reading() as db:
        sitting_id, code = db.execute(select(ExamSitting.id, ExamSitting.room_code)).one()
    candidate.goto("/my/exams")
    screens["le.an"].picture("cua-toi")
    candidate.get_by_role("link", name="Mở", exact=True).click()
    candidate.get_by_label("Mã phòng").fill("000000" if code != "000000" else "000001")
    candidate.get_by_role("button", name="Vào phòng").click()
    expect(candidate.get_by_text("Mã phòng chưa đúng")).to_be_visible()
    screens["le.an"].picture("ma-sai")
    candidate.get_by_label("Mã phòng").fill(code)
    candidate.get_by_role("button", name="Vào phòng").click()
    expect(candidate.get_by_role("heading", name="Chờ giám thị kiểm tra giấy tờ")).to_be_visible()
    screens["le.an"].picture("cho")

    watcher.goto(f"/exams/{sitting_id}")
    screens["giam-thi"].picture("phong")
    watcher.get_by_role("row", name="Lê Thị An").get_by_role("button").click()
    # The candidate's page looks again by itself.
    candidate.get_by_role("button", name="Bắt đầu làm bài").click()
    expect(candidate.locator("[data-paper]")).to_be_visible()
    screens["le.an"].picture("bai")

    candidate.get_by_label("Dùng chứng thư số").check()
    expect(candidate.locator("#saved")).to_contain_text("Đã trả lời 1 trên 3 câu")
    candidate.evaluate("dispatchEvent(new Event('blur')); document.hasFocus = () => false")
    expect(candidate.locator("[data-noticed]")).to_have_text("Đã ghi nhận 1 lần rời màn hình làm bài.")
    candidate.evaluate("delete document.hasFocus; document.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    candidate.get_by_label("Sai", exact=True).check()
    candidate.get_by_label("Hỏi").check()
    candidate.get_by_label("Đọc").check()
    expect(candidate.locator("#saved")).to_contain_text("Đã trả lời 3 trên 3 câu")
    candidate.get_by_role("button", name="Nộp bài").click()
    expect(candidate.get_by_text("Kết quả hiện ở đây khi buổi sát hạch kết thúc")).to_be_visible()
    screens["le.an"].picture("da-nop")

    watcher.goto(f"/exams/{sitting_id}")
    watcher.get_by_role("link", name="Lê Thị An").click()
    expect(watcher.get_by_text("Chuyển sang cửa sổ khác")).to_be_visible()
    screens["giam-thi"].picture("thi-sinh")
    watcher.goto(f"/exams/{sitting_id}")
    watcher.get_by_role("button", name="Kết thúc buổi sát hạch").click()
    expect(watcher.get_by_role("heading", name="Kết quả theo nhóm kỹ năng")).to_be_visible()
    screens["giam-thi"].picture("ket-thuc")
    candidate.goto(f"/my/exams/{sitting_id}")
    expect(candidate.get_by_role("heading", name="Kết quả: 100%")).to_be_visible()
    screens["le.an"].picture("ket-qua")
    with live.runtime.database.reading() as db:
        kinds = [one.kind for one in db.scalars(select(ExamEvent).order_by(ExamEvent.seq))]
        assert kinds == ["watching", "blurred", "back"]
        assert {one.passed for one in db.scalars(select(ExamCandidate))} == {True, None}
