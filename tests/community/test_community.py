"""Notes are one's own, questions are answered and moderated, help comes from one's unit, ratings name nobody."""

import re
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.community.helping import in_words
from app.community.models import HelpRequest, Note
from app.core import clock
from app.notices.models import Notice
from tests.browser import Browser
from tests.community.conftest import PLACE

People = dict[str, Browser]
HERE = f"{PLACE}/discussion"


def told(db: Session, category: str) -> list[str]:
    found = list(db.scalars(select(Notice.key).where(Notice.category == category).order_by(Notice.id)))
    db.commit()
    return [key.split(":")[0] for key in found]


def test_the_lesson_leads_to_all_three(people: People) -> None:
    page = people["hanh"].get(PLACE).text
    assert all(f'href="{PLACE}/{name}"' in page for name in ("note", "discussion", "help"))


def test_a_note_is_kept_for_its_writer_alone(db: Session, people: People) -> None:
    people["hanh"].post(f"{PLACE}/note", {"text": "Nhớ kiểm tra <b>tên</b> người ký", "bookmark": "1"})
    assert "Nhớ kiểm tra &lt;b&gt;tên" in people["hanh"].get(f"{PLACE}/note").text
    mine = people["hanh"].get("/my/notes").text
    assert "Nhớ kiểm tra" in mine
    assert "xem lại" in mine
    assert "Nhớ kiểm tra" not in people["binh"].get(f"{PLACE}/note").text
    people["hanh"].post(f"{PLACE}/note", {"text": "  "})
    assert db.scalars(select(Note)).all() == []


def test_who_does_not_take_the_course_finds_none_of_it(people: People) -> None:
    for name in ("note", "discussion", "help"):
        assert people["noikhac"].get(f"{PLACE}/{name}").status_code == 404
    assert people["noikhac"].get("/courses/khoa-thu/rating").status_code == 404
    assert people["hanh"].get("/learn/khoa-thu/KHONG.CO/note").status_code == 404


def test_a_question_is_answered_and_both_sides_hear_of_it(db: Session, people: People) -> None:
    people["hanh"].post(HERE, {"text": "Ký số trên điện thoại được không?\nEm dùng máy cũ."})
    assert told(db, "work") == ["asked"]
    page = people["tacgia"].get(HERE).text
    assert "Nguyễn Thị Hạnh" in page
    question = re.search(r'name="parent" value="(\d+)"', page)
    assert question
    people["tacgia"].post(HERE, {"text": "Được, anh/chị xem bước 2.", "parent": question[1]})
    assert told(db, "message") == ["answered"]
    page = people["binh"].get(HERE).text
    assert "Được, anh/chị xem bước 2." in page
    assert "phụ trách khóa học" in page
    assert "Nguyễn Thị Hạnh" not in page, "learners see what people call each other"
    assert re.search(r">Hạnh\s*<", page)


def test_what_cannot_be_posted_comes_back(people: People) -> None:
    page = people["hanh"].post(HERE, {"text": " "})
    assert page.status_code == 422
    assert "Hãy viết điều muốn hỏi" in page.text
    page = people["hanh"].post(HERE, {"text": "dài " * 2000})
    assert page.status_code == 422
    assert "dài dài" in page.text
    assert people["hanh"].post(HERE, {"text": "?", "parent": "999"}).status_code == 404


def test_an_unfit_post_is_reported_hidden_with_a_reason_and_shown_again(db: Session, people: People) -> None:
    people["hanh"].post(HERE, {"text": "Mua hàng ở đây"})
    people["binh"].post(f"{HERE}/1/report")
    people["binh"].post(f"{HERE}/1/report")
    assert told(db, "work") == ["asked", "reported"]
    assert "1 lượt báo" in people["tacgia"].get(HERE).text
    assert people["binh"].post(f"{HERE}/1/hide", {"reason": "x"}).status_code == 404
    page = people["tacgia"].post(f"{HERE}/1/hide", {"reason": ""})
    assert page.status_code == 422
    assert "Hãy ghi lý do." in page.text
    people["tacgia"].post(f"{HERE}/1/hide", {"reason": "quảng cáo"})
    assert "Mua hàng" not in people["binh"].get(HERE).text
    assert "Lý do ẩn: quảng cáo" in people["tacgia"].get(HERE).text
    assert people["hanh"].post(f"{HERE}/1/show").status_code == 404
    people["tacgia"].post(f"{HERE}/1/show")
    assert "Mua hàng" in people["binh"].get(HERE).text


def test_ones_own_post_may_be_taken_back_for_good(people: People) -> None:
    people["hanh"].post(HERE, {"text": "Viết nhầm"})
    people["hanh"].post(f"{HERE}/1/hide")
    assert "Viết nhầm" not in people["hanh"].get(HERE).text
    assert people["tacgia"].post(f"{HERE}/1/show").status_code == 409


def test_a_machine_is_stopped(people: People) -> None:
    answers = [people["hanh"].post(HERE, {"text": f"lần {number}"}).status_code for number in range(31)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


def test_help_goes_to_ones_unit_and_comes_back(db: Session, people: People) -> None:
    page = people["hanh"].get(f"{PLACE}/help").text
    assert "Phường Bắc Giang" in page
    assert "trong khoảng 2 ngày" in page
    people["hanh"].post(f"{PLACE}/help", {"text": "Không thấy nút ký"})
    assert told(db, "work") == ["help"]
    assert "Không thấy nút ký" in people["quanly"].get("/help-requests").text
    assert "Không thấy nút ký" not in people["quanlykhac"].get("/help-requests").text
    assert people["quanlykhac"].post("/help-requests/1/answer", {"answer": "x"}).status_code == 404
    assert people["hanh"].get("/help-requests").status_code == 403
    page = people["quanly"].post("/help-requests/1/answer", {"answer": " "})
    assert page.status_code == 422
    assert "Hãy viết câu trả lời." in page.text
    people["quanly"].post("/help-requests/1/answer", {"answer": "Nút ở góc phải"})
    assert told(db, "message") == ["helped"]
    page = people["hanh"].get(f"{PLACE}/help").text
    assert "Nút ở góc phải" in page
    assert "trong vòng một giờ" in page, "what answers took so far"
    assert people["quanly"].post("/help-requests/1/answer", {"answer": "x"}).status_code == 409


def test_help_that_waits_too_long_is_marked(db: Session, people: People) -> None:
    people["hanh"].post(f"{PLACE}/help", {"text": "Chờ mãi"})
    db.execute(update(HelpRequest).values(asked_at=clock.now() - timedelta(days=3)))
    db.commit()
    assert "quá hai ngày" in people["quanly"].get("/help-requests").text


def test_the_usual_time_in_words() -> None:
    assert in_words(timedelta(minutes=5)) == "trong vòng một giờ"
    assert in_words(timedelta(hours=4, minutes=1)) == "trong khoảng 5 giờ"
    assert in_words(timedelta(hours=25)) == "trong khoảng 2 ngày"


def test_ratings_are_changed_not_doubled_and_name_nobody(people: People) -> None:
    rating = "/courses/khoa-thu/rating"
    page = people["hanh"].post(rating, {"stars": "9", "text": "giữ chữ này"})
    assert page.status_code == 422
    assert "giữ chữ này" in page.text
    people["hanh"].post(rating, {"stars": "2", "text": "Video hơi nhanh"})
    people["hanh"].post(rating, {"stars": "4", "text": "Video hơi nhanh"})
    page = people["binh"].get(rating).text
    assert "1 lượt đánh giá" in page
    assert "Video hơi nhanh" not in page
    page = people["tacgia"].get(rating).text
    assert "Video hơi nhanh" in page
    assert "Hạnh" not in page
