"""A sitting from its plan to its minute, as its organiser, its invigilators and its candidates meet it."""

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.catalogue.source import CompletionRule
from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker
from app.exams import planning
from app.exams.models import ExamEvent, ExamSitting
from app.identity.lists.people_lists import WHO
from app.identity.models import Account
from app.learning.models import Completion, PartMet
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser
from tests.exams.conftest import BEFORE, CLOSES, DURING, OPENS, RIGHT, Room
from tests.identity.workbooks import rows_of, workbook
from tests.learning import making

pytestmark = pytest.mark.on_both

SECOND = timedelta(seconds=1)


def completions(database: Database) -> list[Completion]:
    with database.reading() as db:
        found = list(db.scalars(select(Completion).order_by(Completion.id)))
        db.expunge_all()
    return found


# --- planning -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Hãy ghi tên buổi sát hạch"),
        ({"subject": "1:KHONG"}, "Hãy chọn bài kiểm tra"),
        ({"day": "32/13/2026"}, "Hãy ghi ngày sát hạch"),
        ({"day": "01/11/2026"}, "phải ở sau lúc này"),
        ({"opens": "sáng"}, "Hãy ghi giờ mở phòng"),
        ({"closes": "07:00"}, "Giờ kết thúc phải sau giờ mở phòng."),
        ({"minutes": "0"}, "Hãy ghi số phút làm bài"),
        ({"minutes": "121"}, "dài hơn cả buổi"),
        ({"pass_percent": "101"}, "Hãy ghi tỷ lệ đạt"),
        ({"place": ""}, "Hãy ghi nơi sát hạch"),
        ({"unit": "09187"}, "không thuộc phạm vi"),
        ({"unit": "khong"}, "không có đơn vị nào mang mã"),
    ],
)
def test_what_cannot_be_planned_comes_back_with_what_was_typed(
    wrong: dict[str, str], said: str, staff: dict[str, Account], typed: dict[str, str],
    new_browser: Callable[[], Browser], database: Database,
) -> None:  # fmt: skip
    with clock.frozen(BEFORE):
        page = new_browser().sign_in("to-chuc").post("/exams/new", typed | wrong)
    assert page.status_code == 422
    assert said in page.text
    assert typed["opens"] in page.text or "opens" in wrong
    with database.reading() as db:
        assert db.scalars(select(ExamSitting)).all() == []


def test_a_paper_that_wants_only_files_is_refused(
    db: Session, staff: dict[str, Account], typed: dict[str, str], new_browser: Callable[[], Browser]
) -> None:
    essay = {
        "id": "q1", "kind": "essay", "text": "Viết một đoạn.", "explanation": "Tùy ý.",
        "rubric": [{"criterion": "Rõ ý", "points": 2}], "accept": ["file"],
    }  # fmt: skip
    other = making.course(db, making.Lesson("L1", has_text=False, questions=(essay,)), slug="tu-luan")
    db.commit()
    with clock.frozen(BEFORE):
        page = new_browser().sign_in("to-chuc").post("/exams/new", typed | {"subject": f"{other.id}:L1"})
    assert "Đề này có câu chỉ nhận tệp" in page.text


def test_candidates_hear_of_day_and_place_and_see_them(room: Room) -> None:
    with clock.frozen(BEFORE):
        page = room.browser("le.an").get("/my/exams").text
        assert "Sát hạch kỹ năng số đợt 1" in page
        assert "Phòng máy 2" in page
        assert "01/12/2026 08:00" in page
        assert room.sitting().room_code not in room.browser("le.an").get(room.my_url).text
    with room.database.reading() as db:
        assert len(db.scalars(select(Notice).where(Notice.key.startswith("exam:"))).all()) == 3


def test_candidates_come_from_a_list_that_is_checked_first(room: Room, db: Session, worker: Worker) -> None:
    factories.civil_servant(db, "dung", name="Trần Thị Dung")
    factories.civil_servant(db, "nguoi-xa", "09187", name="Người Ở Xa")
    db.commit()
    rows = [
        {"Họ và tên": "Trần Thị Dung", "Tên đăng nhập": "dung"},
        {"Họ và tên": "Lê Thị An", "Tên đăng nhập": "le.an"},
        {"Họ và tên": "Người Ở Xa", "Tên đăng nhập": "nguoi-xa"},
        {"Họ và tên": "Phạm Văn Tổ Chức", "Tên đăng nhập": "to-chuc"},
    ]
    organiser = room.browser("to-chuc")
    with clock.frozen(BEFORE):
        checked = organiser.post(f"{room.url}/lists", files={"file": ("ds.xlsx", workbook(rows, tuple(WHO)))}).url.path
        worker.run_all()
        found = [row["Kết quả"] for row in rows_of(organiser.get(f"{checked}/result.xlsx").content)]
        assert found == ["Thêm mới", "Đã có", "Cần xác nhận", "Cần xác nhận"]
        assert "Thí sinh: 3" in organiser.get(room.url).text
        organiser.post(f"{checked}/apply")
        worker.run_all()
        assert "Thí sinh: 4" in organiser.get(room.url).text


def test_nobody_is_listed_from_elsewhere_or_lists_themselves(room: Room, db: Session) -> None:
    factories.civil_servant(db, "nguoi-xa", "09187", name="Người Ở Xa")
    db.commit()
    organiser = room.browser("to-chuc")
    with clock.frozen(BEFORE):
        page = organiser.post(f"{room.url}/candidates", {"people": "nguoi-xa\nkhong-co"})
        assert page.status_code == 422
        assert "nguoi-xa; khong-co" in page.text
        page = organiser.post(f"{room.url}/candidates", {"people": "le.an\nto-chuc"})
        assert page.status_code == 403
        assert "le.an\nto-chuc</textarea>" in page.text, "what was typed is still there"


def test_a_list_takes_all_who_are_named_or_nobody(room: Room, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_CANDIDATES", 4)
    for name in ("moi-mot", "moi-hai"):
        factories.civil_servant(db, name)
    db.commit()
    with clock.frozen(BEFORE):
        page = room.browser("to-chuc").post(f"{room.url}/candidates", {"people": "le.an\nmoi-mot\nmoi-hai"})
    assert page.status_code == 422
    assert "nhiều nhất 4 thí sinh" in page.text
    assert "moi-hai</textarea>" in page.text
    assert "Thí sinh: 3" in page.text


def test_a_candidate_listed_by_mistake_is_removed_until_they_come_in(room: Room) -> None:
    organiser = room.browser("to-chuc")
    with clock.frozen(DURING):
        room.enter("le.an")
        refused = organiser.post(f"{room.url}/candidates/{room.candidate('le.an').id}/remove")
        assert refused.status_code == 409
        organiser.post(f"{room.url}/candidates/{room.candidate('ngo.chi').id}/remove")
        assert "Ngô Thị Chi" not in organiser.get(room.url).text
        assert room.browser("ngo.chi").get(room.my_url).status_code == 404


def test_somebody_named_watches_this_sitting_and_no_more(room: Room) -> None:
    named = room.browser("duoc-cu")
    assert named.get(room.url).status_code == 404
    room.browser("to-chuc").post(f"{room.url}/invigilators", {"username": "duoc-cu"})
    assert room.sitting().room_code[:3] in named.get(room.url).text
    assert "Sát hạch kỹ năng số đợt 1" in named.get("/exams").text
    assert named.post(f"{room.url}/candidates", {"people": "le.an"}).status_code == 403
    page = room.browser("to-chuc").post(f"{room.url}/invigilators", {"username": "khong-co"})
    assert "Không có tài khoản nào" in page.text


# --- the room -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "status"), [(OPENS - SECOND, 409), (OPENS, 200), (CLOSES - SECOND, 200), (CLOSES, 409)])
def test_the_room_takes_people_in_within_its_window(room: Room, at: Any, status: int) -> None:
    with clock.frozen(at):
        assert room.enter("le.an").status_code == status
    assert (room.candidate("le.an").entered_at is not None) is (status == 200)


def test_a_wrong_code_is_refused_and_counted(room: Room) -> None:
    right = room.sitting().room_code
    wrong = f"{(int(right) + 1) % 10**6:06}"
    with clock.frozen(DURING):
        for _try in range(5):
            page = room.enter("le.an", wrong)
            assert page.status_code == 422
            assert "Mã phòng chưa đúng" in page.text
        assert room.enter("le.an", right).status_code == 429
        assert room.enter("do.binh", f"{right[:3]} {right[3:]}").status_code == 200, "others are not held up"
    with clock.frozen(DURING + timedelta(minutes=5, seconds=1)):
        assert room.enter("le.an", right).status_code == 200


def test_a_renewed_code_ends_the_old_one_and_sends_nobody_out(room: Room) -> None:
    old = room.sitting().room_code
    with clock.frozen(DURING):
        room.enter("le.an")
        room.browser("giam-thi").post(f"{room.url}/code")
        assert room.sitting().room_code != old
        assert room.enter("do.binh", old).status_code == 422
        assert room.enter("do.binh").status_code == 200
    assert room.candidate("le.an").entered_at is not None


def test_nobody_begins_before_an_invigilator_has_seen_their_papers(room: Room) -> None:
    with clock.frozen(DURING):
        room.enter("le.an")
        assert "Chờ giám thị kiểm tra giấy tờ" in room.browser("le.an").get(room.my_url).text
        assert room.browser("le.an").post(f"{room.my_url}/begin").status_code == 409
        room.check("le.an")
        assert "Bắt đầu làm bài" in room.browser("le.an").get(room.my_url).text
        assert "Nộp bài" in room.browser("le.an").post(f"{room.my_url}/begin").text
    candidate = room.candidate("le.an")
    assert candidate.checked_by is not None
    assert candidate.deadline_at == DURING + timedelta(minutes=45)


def test_nobody_checks_their_own_papers(room: Room, staff: dict[str, Account]) -> None:
    with clock.frozen(BEFORE):
        room.browser("to-chuc").post(f"{room.url}/candidates", {"people": "giam-thi"})
    with clock.frozen(DURING):
        assert room.check("giam-thi").status_code == 403


def test_time_never_runs_beyond_the_end_of_the_sitting(room: Room) -> None:
    with clock.frozen(CLOSES - timedelta(minutes=10)):
        room.begin("le.an")
    assert room.candidate("le.an").deadline_at == CLOSES


def test_beginning_again_changes_nothing(room: Room) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
        paper = room.candidate("le.an").paper
    with clock.frozen(DURING + timedelta(minutes=5)):
        room.browser("le.an").post(f"{room.my_url}/begin")
    again = room.candidate("le.an")
    assert (again.paper, again.started_at) == (paper, DURING)


# --- the paper ----------------------------------------------------------------------------------------------------


def test_answers_are_kept_as_they_are_given_and_old_ones_change_nothing(room: Room) -> None:
    url = f"{room.my_url}/answers"
    with clock.frozen(DURING):
        room.begin("le.an")
        an = room.browser("le.an")
        assert "Đã trả lời 1 trên 3 câu" in an.htmx_post(url, {"question": "q1", "value": "o2", "seq": "5"}).text
        an.htmx_post(url, {"question": "q1", "value": "o1", "seq": "4"})
        assert an.htmx_post(url, {"question": "khong", "value": "o1", "seq": "6"}).status_code == 404
    assert room.candidate("le.an").answers == {"q1": "o2"}


def test_an_answer_after_the_deadline_is_not_taken_and_what_was_saved_counts(room: Room) -> None:
    url = f"{room.my_url}/answers"
    with clock.frozen(DURING):
        room.begin("le.an")
        room.browser("le.an").htmx_post(url, {"question": "q1", "value": "o2", "seq": "1"})
    late = DURING + timedelta(minutes=47)
    with clock.frozen(late):
        an = room.browser("le.an")
        assert an.htmx_post(url, {"question": "q2", "value": "false", "seq": "2"}).status_code == 409
        # Given in time, its line was cut.
        kept = an.htmx_post(url, {"question": "q2", "value": "false", "seq": "2", "waited": str(3 * 60 * 1000)})
        assert kept.status_code == 200
        room.submit("le.an", RIGHT)
    candidate = room.candidate("le.an")
    assert candidate.answers == {"q1": "o2", "q2": False} or candidate.answers == {"q1": "o2", "q2": "false"}
    assert candidate.is_timed_out
    assert candidate.submitted_at == DURING + timedelta(minutes=45)


def test_results_are_told_when_the_sitting_is_closed(room: Room) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
        room.submit("le.an", RIGHT)
        page = room.browser("le.an").get(room.my_url).text
        assert "Kết quả hiện ở đây khi buổi sát hạch kết thúc" in page
        assert "100%" not in page
        room.close()
        assert "Kết quả: 100%" in room.browser("le.an").get(room.my_url).text


def test_two_candidates_at_once_each_get_a_paper_and_a_result(room: Room) -> None:
    with clock.frozen(DURING):
        for name in ("le.an", "do.binh", "ngo.chi"):
            room.enter(name)
            room.check(name)
            room.browser(name).get(room.my_url)
        with ThreadPoolExecutor(6) as many:
            both = [name for name in ("le.an", "do.binh", "ngo.chi") for _twice in range(2)]
            begun = list(many.map(lambda name: room.browser(name).post(f"{room.my_url}/begin").status_code, both))
            done = list(many.map(lambda name: room.submit(name, RIGHT).status_code, both))
        assert set(begun) == set(done) == {200}
    for name in ("le.an", "do.binh", "ngo.chi"):
        assert room.candidate(name).result is not None
        assert room.candidate(name).passed


# --- what is noticed ----------------------------------------------------------------------------------------------


def event(room: Room, kind: str, seq: int, ago_s: float = 0, client: str = "trang-1") -> Any:
    fields = {"kind": kind, "client": client, "seq": str(seq), "ago": str(int(ago_s * 1000))}
    return room.browser("le.an").post(f"{room.my_url}/events", fields)


def test_events_are_kept_once_in_the_order_they_happened_and_change_no_result(room: Room) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
    with clock.frozen(DURING + timedelta(minutes=10)):
        assert event(room, "back", 3, 10).text == ""
        assert event(room, "hidden", 2, 30).text == "Đã ghi nhận 1 lần rời màn hình làm bài."
        event(room, "hidden", 2, 30)
        event(room, "watching", 1, 600)
        event(room, "blurred", 1, 5, client="trang-2")
        # Before it all began: held at the start.
        event(room, "blurred", 9, 9999)
        room.submit("le.an", RIGHT)
        page = room.browser("giam-thi").get(f"{room.url}/candidates/{room.candidate('le.an').id}").text
    with room.database.reading() as db:
        kinds = [one.kind for one in db.scalars(select(ExamEvent).order_by(ExamEvent.happened_at, ExamEvent.id))]
        first = db.scalars(select(ExamEvent).order_by(ExamEvent.happened_at)).first()
        assert first
        assert first.happened_at == DURING
    assert kinds == ["watching", "blurred", "hidden", "back", "blurred"]
    assert page.index("bị che") < page.index("Trở lại trang làm bài")
    assert "không gì tự động trừ điểm" in page
    assert room.candidate("le.an").passed


@pytest.mark.parametrize("wrong", [{"kind": "spy"}, {"client": ""}, {"client": "x" * 41}, {"seq": "-1"}, {"seq": ""}])
def test_what_no_page_sends_is_no_event(room: Room, wrong: dict[str, str]) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
        fields = {"kind": "hidden", "client": "a", "seq": "1", "ago": "0"} | wrong
        assert room.browser("le.an").post(f"{room.my_url}/events", fields).status_code == 422


def test_events_cannot_be_changed(room: Room) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
        event(room, "hidden", 1)
    for statement in ("UPDATE exam_event SET kind = 'back'", "DELETE FROM exam_event"):
        with pytest.raises(DatabaseError), room.database.writing() as db:
            db.execute(text(statement))


# --- what an invigilator decides ----------------------------------------------------------------------------------


def test_more_time_and_a_stop_need_a_reason_and_are_kept(room: Room) -> None:
    watcher = room.browser("giam-thi")
    with clock.frozen(DURING):
        room.begin("le.an")
        url = f"{room.url}/candidates/{room.candidate('le.an').id}"
        page = watcher.post(f"{url}/extend", {"minutes": "500", "why": ""})
        assert page.status_code == 422
        assert "từ 1 đến 120" in page.text
        assert "Hãy ghi vài chữ" in page.text
        watcher.post(f"{url}/extend", {"minutes": "15", "why": "Máy hỏng, đổi máy"})
        assert room.candidate("le.an").deadline_at == DURING + timedelta(minutes=60)
        assert watcher.post(f"{url}/stop", {"why": ""}).status_code == 422
        room.browser("le.an").htmx_post(f"{room.my_url}/answers", {"question": "q1", "value": "o2", "seq": "1"})
        page = watcher.post(f"{url}/stop", {"why": "Nhờ người khác làm hộ"})
        assert "Nhờ người khác làm hộ" in page.text
        assert "Máy hỏng, đổi máy" in page.text
        assert (
            room.browser("le.an")
            .htmx_post(f"{room.my_url}/answers", {"question": "q2", "value": "false", "seq": "2"})
            .status_code
            == 409
        )
    candidate = room.candidate("le.an")
    assert candidate.passed is False
    assert candidate.answers == {"q1": "o2"}


def test_a_sitting_is_not_closed_over_the_heads_of_those_who_write(room: Room) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
        assert "Còn 1 người đang làm bài" in room.close().text
    with clock.frozen(DURING + timedelta(minutes=51)):
        assert room.close().status_code == 200
    assert room.candidate("le.an").is_timed_out
    assert room.sitting().closed_at


def test_a_forgotten_sitting_closes_by_itself_but_waits_for_who_has_more_time(room: Room, worker: Worker) -> None:
    with clock.frozen(CLOSES - timedelta(minutes=5)):
        room.begin("le.an")
        url = f"{room.url}/candidates/{room.candidate('le.an').id}"
        room.browser("giam-thi").post(f"{url}/extend", {"minutes": "20", "why": "Mất mạng cả phòng"})
    with clock.frozen(CLOSES + timedelta(minutes=6)):
        assert worker_result(room, worker) is None
    with clock.frozen(CLOSES + timedelta(minutes=26)):
        assert worker_result(room, worker) is not None


def worker_result(room: Room, worker: Worker) -> Any:
    from app.core import jobs

    with room.database.writing() as db:
        jobs.enqueue(db, "exams.close_overdue")
    worker.run_all()
    return room.sitting().closed_at


# --- what comes of it ---------------------------------------------------------------------------------------------


def test_who_passed_has_completed_by_exam_once(room: Room) -> None:
    with clock.frozen(DURING):
        for name, answers in (("le.an", RIGHT), ("do.binh", {"q1": "o1"})):
            room.begin(name)
            room.submit(name, answers)
        room.close()
        room.close()
    (done,) = completions(room.database)
    assert (done.how, done.occasion, done.score_percent) == ("exam", f"exam:{room.sitting().id}", 100)
    assert done.person_id == room.candidate("le.an").person_id
    assert done.completed_on == clock.day_of(DURING)


def test_an_exam_that_is_only_a_part_meets_that_part(db: Session, room: Room, typed: dict[str, str]) -> None:
    other = making.course(
        db, making.READ, making.ANSWER, slug="can-thi", completion=CompletionRule(exam=True)
    )  # fmt: skip
    db.commit()
    organiser = room.browser("to-chuc")
    with clock.frozen(BEFORE):
        room.url = organiser.post("/exams/new", typed | {"subject": f"{other.id}:L3"}).url.path
        organiser.post(f"{room.url}/candidates", {"people": "ngo.chi"})
        # Only one of the two sittings is hers from here on.
        first = next(one for one in _candidacies(room) if one[1] != room.sitting().id)
        organiser.post(f"/exams/{first[1]}/candidates/{first[0]}/remove")
    with clock.frozen(DURING):
        room.begin("ngo.chi")
        room.submit("ngo.chi", RIGHT)
        room.close()
    assert completions(room.database) == []
    with room.database.reading() as reading:
        (part,) = reading.scalars(select(PartMet))
        assert (part.course_id, part.kind, part.occasion) == (other.course_id, "exam", f"exam:{room.sitting().id}")


def _candidacies(room: Room) -> list[tuple[int, int]]:
    with room.database.reading() as db:
        rows = db.execute(
            text(
                "SELECT c.id, c.sitting_id FROM exam_candidate c JOIN account a ON a.person_id = c.person_id"
                " WHERE a.username = 'ngo.chi'"
            )
        )
        return [(row[0], row[1]) for row in rows]


def test_results_are_told_by_area_of_the_framework(room: Room) -> None:
    with clock.frozen(DURING):
        room.begin("le.an")
        room.submit("le.an", {"q1": "o2", "q2": "true", "q3": ["o1", "o2"]})
        room.close()
        page = room.browser("giam-thi").get(room.url).text
    assert "KNS1. Sử dụng dịch vụ công trực tuyến" in page
    assert "KNS4. Tự bảo vệ mình trên không gian mạng" in page
    assert page.index("KNS1.") < page.index("KNS4.") < page.index("Chưa gắn kỹ năng")


def test_the_minute_says_what_happened_and_freezes_when_it_is_signed(room: Room) -> None:
    organiser, watcher = room.browser("to-chuc"), room.browser("giam-thi")
    with clock.frozen(DURING):
        assert organiser.get(f"{room.url}/minute.pdf").status_code == 409
        room.begin("le.an")
        event(room, "hidden", 1)
        room.submit("le.an", RIGHT)
        room.begin("do.binh")
        room.submit("do.binh", {"q1": "o2"})
        watcher.post(f"{room.url}/notes", {"text": "Mất điện 5 phút cả phòng"})
        room.close()
        assert "Bản nháp" in _pdf(organiser.get(f"{room.url}/minute.pdf").content)
        assert organiser.post(f"{room.url}/sign", {"number": ""}).status_code == 422
        assert watcher.post(f"{room.url}/sign", {"number": "05/BB-UBND"}).status_code == 403
        organiser.post(f"{room.url}/sign", {"number": "05/BB-UBND"})
        organiser.post(f"{room.url}/sign", {"number": "06/BB-UBND"})
    files = {kind: watcher.get(f"{room.url}/minute.{kind}").content for kind in ("pdf", "docx")}
    said = {"pdf": _pdf(files["pdf"]), "docx": _docx(files["docx"])}
    for words in said.values():
        for one in (
            "BIÊN BẢN", "Sát hạch kỹ năng số đợt 1", "05/BB-UBND", "Lê Thị An", "Vũ Thị Giám Thị", "vắng: 1",
            "Mất điện 5 phút cả phòng", "1 lần rời màn hình", "tắt JavaScript", "Đỗ Văn Bình", "KNS1.", "Chưa gắn",
            "Phòng máy 2",
        ):  # fmt: skip
            assert one in words, one
        assert "Bản nháp" not in words
    sitting = room.sitting()
    assert hashlib.sha256(files["pdf"]).hexdigest() == sitting.pdf_sha256
    assert hashlib.sha256(files["docx"]).hexdigest() == sitting.docx_sha256
    assert watcher.post(f"{room.url}/notes", {"text": "Thêm sau khi ký"}).status_code == 409
    assert watcher.get(f"{room.url}/minute.pdf").content == files["pdf"]


def _pdf(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def _docx(content: bytes) -> str:
    doc = Document(io.BytesIO(content))
    cells = (cell.text for table in doc.tables for row in table.rows for cell in row.cells)
    return " ".join(" ".join([*(one.text for one in doc.paragraphs), *cells]).split())
