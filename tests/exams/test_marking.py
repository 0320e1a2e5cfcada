"""An exam with an essay: nobody's result is final before it is marked, and the minute waits for all of them."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.exams.models import ExamMarking
from app.identity.models import Account
from app.identity.roles import grants
from app.learning.models import Completion
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser
from tests.exams.conftest import CLOSES, DURING, RIGHT, Room
from tests.learning import making
from tests.learning.test_marking import ESSAY

WORDS = "Không bấm vào đường liên kết."


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    """Nobody is told of what is still to come."""
    with clock.frozen(CLOSES):
        yield


@pytest.fixture
def version(db: Session) -> CourseVersion:
    """Three questions a machine marks and an essay of the same weight, which outside of a room takes files too."""
    questions = [dict(one) for one in making.QUESTIONS] + [ESSAY | {"accept": ["text", "file"], "skill": "KNS2"}]
    made = making.course(
        db, making.Lesson("L3", has_text=False, questions=tuple(questions)), certificate_rule="none"
    )  # fmt: skip
    db.commit()
    return made


@pytest.fixture
def written(room: Room) -> Room:
    """Two people have handed in and the room is closed: Chị An wrote the essay, Anh Bình left it empty."""
    with clock.frozen(DURING):
        for username, answers in (("le.an", RIGHT | {"q4": WORDS}), ("do.binh", RIGHT)):
            room.begin(username)
            room.submit(username, answers)
        room.close()
    return room


@pytest.fixture
def marker(db: Session, new_browser: Callable[[], Browser]) -> Callable[..., Browser]:
    def make(username: str = "cham-thi", at: str = factories.BAC_GIANG, role: str = "instructor") -> Browser:
        factories.account(db, factories.person(db, "Đinh Thị Chấm"), username, role=role, at=at)
        db.commit()
        return new_browser().sign_in(username)

    return make


def answer_url(room: Room, username: str = "le.an") -> str:
    return f"{room.url}/marking/{room.candidate(username).id}/q4"


def mark(browser: Browser, room: Room, *points: str) -> Any:
    return browser.post(answer_url(room), {"points": list(points), "comment": "Đủ ý"})


def completed(database: Database) -> list[int]:
    with database.reading() as db:
        return list(db.scalars(select(Completion.person_id).order_by(Completion.id)))


def test_the_room_asks_for_a_text_alone(room: Room) -> None:
    with clock.frozen(DURING):
        page = room.begin("le.an")
    assert 'name="q4"' in page.text
    assert 'type="file"' not in page.text


def test_what_waits_is_shown_and_holds_the_minute_back(written: Room, database: Database) -> None:
    organiser = written.browser("to-chuc")
    page = organiser.get(written.url).text
    assert "Chờ chấm: 1 bài" in page
    assert "còn 1 bài chờ chấm" in page
    assert "Người chấm được: Vũ Thị Giám Thị." in page
    assert "Cấp số và khóa biên bản" not in page
    assert "Cả buổi, mọi bài đã nộp" not in page
    # Whoever organises need not be a marker.
    assert f"{written.url}/marking" not in page
    assert f"{written.url}/marking" in written.browser("giam-thi").get(written.url).text
    assert "1 bài chờ chấm" in organiser.get("/exams").text
    refused = organiser.post(f"{written.url}/sign", {"number": "05/BB-UBND"})
    assert refused.status_code == 409
    assert "Còn 1 bài chờ người chấm" in refused.text
    assert written.sitting().signed_at is None
    # An empty essay earns 0 at once: three of four is enough for Anh Bình.
    assert completed(database) == [written.candidate("do.binh").person_id]
    mine = written.browser("le.an").get(written.my_url).text
    assert "Bài có câu do người chấm" in mine
    assert "Kết quả:" not in mine


def test_a_marker_sees_no_name_and_settles_the_result(
    written: Room, database: Database, marker: Callable[..., Browser]
) -> None:
    other = marker()
    queue = other.get("/marking").text
    assert "Sát hạch kỹ năng số đợt 1" in queue
    assert "1 bài chờ chấm" in queue
    assert "Người dân nhận tin nhắn lạ" in other.get(f"{written.url}/marking").text
    page = other.get(answer_url(written)).text
    assert WORDS in page
    assert "Lê Thị An" not in page + queue
    assert mark(other, written, "9", "1").status_code == 422
    assert "Đã lưu điểm" in mark(other, written, "2", "3").text
    an = written.candidate("le.an")
    assert an.result is not None
    assert (an.passed, an.result["percent"]) == (True, 100)
    assert an.person_id in completed(database)
    with database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.key == f"exam-result:{an.id}")).one()
        assert told.person_id == an.person_id
    assert "Kết quả: 100%" in written.browser("le.an").get(written.my_url).text
    organiser = written.browser("to-chuc")
    page = organiser.get(written.url).text
    assert "Cả buổi, mọi bài đã nộp" in page
    assert organiser.post(f"{written.url}/sign", {"number": "05/BB-UBND"}).status_code == 200
    assert written.sitting().signed_at is not None
    assert "Không có bài nào" in other.get("/marking").text
    assert "Người đã chấm câu tự luận: Đinh Thị Chấm." in organiser.get(written.url).text
    assert "điểm không sửa được nữa" in other.get(f"{written.url}/marking?done=1").text


def test_a_mark_is_corrected_until_a_pass_was_told_or_the_minute_is_signed(
    written: Room, database: Database, marker: Callable[..., Browser]
) -> None:
    other = marker()
    an = written.candidate("le.an")
    with database.writing() as db:
        # As if she had known little else.
        held = db.get_one(type(an), an.id)
        held.answers = {"q4": WORDS}
    mark(other, written, "0", "1")
    assert written.candidate("le.an").passed is False
    assert mark(other, written, "1", "1").status_code == 200
    with database.reading() as db:
        assert [one.points for one in db.scalars(select(ExamMarking).order_by(ExamMarking.id))] == [[0, 1], [1, 1]]
        keys = db.scalars(select(Notice.key).where(Notice.key.startswith(f"exam-result:{an.id}"))).all()
        assert len(set(keys)) == 2
    assert "Các lần chấm" in other.get(answer_url(written)).text
    written.browser("to-chuc").post(f"{written.url}/sign", {"number": "05/BB-UBND"})
    assert mark(other, written, "2", "3").status_code == 409
    with pytest.raises(DatabaseError, match="append-only"), database.writing() as db:
        db.execute(text("UPDATE exam_marking SET credit = 1"))


def test_a_pass_that_was_told_is_not_taken_back(written: Room, marker: Callable[..., Browser]) -> None:
    other = marker()
    mark(other, written, "2", "3")
    assert mark(other, written, "0", "0").status_code == 409
    assert written.candidate("le.an").passed is True


def test_what_is_marked_before_the_end_is_told_at_the_end(
    room: Room, database: Database, marker: Callable[..., Browser]
) -> None:
    other = marker()
    with clock.frozen(DURING):
        room.begin("le.an")
        room.submit("le.an", RIGHT | {"q4": WORDS})
        mark(other, room, "2", "3")
        mark(other, room, "2", "2")
        assert completed(database) == []
        assert "Kết quả hiện ở đây khi buổi sát hạch kết thúc" in room.browser("le.an").get(room.my_url).text
        room.close()
    assert completed(database) == [room.candidate("le.an").person_id]


def test_a_stopped_paper_gets_its_points_and_no_pass(room: Room, marker: Callable[..., Browser]) -> None:
    other = marker()
    with clock.frozen(DURING):
        room.begin("le.an")
        for seq, (question, value) in enumerate((RIGHT | {"q4": WORDS}).items()):
            fields = {"question": question, "value": value, "seq": str(seq)}
            room.browser("le.an").htmx_post(f"{room.my_url}/answers", fields)
        url = f"{room.url}/candidates/{room.candidate('le.an').id}"
        room.browser("giam-thi").post(f"{url}/stop", {"why": "Xin dừng giữa giờ"})
        room.close()
    assert room.candidate("le.an").passed is None
    mark(other, room, "2", "3")
    an = room.candidate("le.an")
    assert an.result is not None
    assert (an.passed, an.result["percent"]) == (False, 100)


def test_who_may_mark_and_nobody_their_own(
    written: Room, db: Session, marker: Callable[..., Browser], people: dict[str, Account]
) -> None:
    url = f"{written.url}/marking"
    assert marker("noi-khac", at="07228").get(url).status_code == 404
    assert written.browser("to-chuc").get(url).status_code == 403
    assert marker("tinh", at="24").get(url).status_code == 200
    account = db.get_one(Account, people["le.an"].id)
    grants.grant_role(db, account, "instructor", factories.unit_id(db))
    db.commit()
    own = written.browser("le.an")
    assert "Không có bài nào" in own.get(url).text
    assert "bài của chính anh/chị" in own.get(answer_url(written)).text
    assert mark(own, written, "2", "3").status_code == 403
    assert own.get(answer_url(written, "do.binh")).status_code == 404
    assert own.get(f"{url}/{written.candidate('ngo.chi').id}/q4").status_code == 404


def test_markers_hear_of_it_in_the_morning_and_the_room_closes_by_itself(
    room: Room, database: Database, worker: Worker, marker: Callable[..., Browser]
) -> None:
    marker()
    with clock.frozen(DURING):
        room.begin("le.an")
        room.submit("le.an", {"q4": WORDS})
    with clock.frozen(CLOSES + (CLOSES - DURING)):
        with database.writing() as db:
            enqueue(db, "exams.close_overdue")
            enqueue(db, "learning.tell_of_work")
        worker.run_all()
    assert room.sitting().closed_at is not None
    with database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.key.startswith("marking:"))).all()
        assert {one.values["count"] for one in told} == {1}


def test_the_draft_says_what_waits_and_the_minute_who_marked(written: Room, marker: Callable[..., Browser]) -> None:
    def words(url: str) -> str:
        pdf = PdfReader(io.BytesIO(written.browser("to-chuc").get(url).content))
        return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())

    draft = words(f"{written.url}/minute.pdf")
    assert "chờ chấm" in draft
    assert "Chờ chấm: 1; kết quả và bảng theo nhóm kỹ năng chưa trọn." in draft
    mark(marker(), written, "2", "3")
    final = words(f"{written.url}/minute.pdf")
    assert "Chờ chấm" not in final
    assert "Người chấm tự luận: Đinh Thị Chấm" in final
