"""Proof of what was learned elsewhere: handed in, looked at by somebody else, counted as of the paper's day."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import httpx
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.jobs import JobContext, Worker
from app.core.storage import Storage
from app.identity.models import Account
from app.learning import evidence as deciding
from app.learning.evidence_lists import TEMPLATE
from app.learning.evidence_models import Evidence
from app.learning.models import Completion
from tests import factories
from tests.browser import Browser
from tests.identity.workbooks import evidence_row, rows_of, workbook

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
TYPED = {
    "title": "Kỹ năng số cơ bản", "programme": "P04-NENTANG", "dated_on": "15/03/2026", "issuer": "Nền tảng thử",
    "hours": "1,5", "number": "NT 01/2026",
}  # fmt: skip
KINH_BAC = "09187"

Opener = Callable[[], Browser]


@pytest.fixture
def learner(db: Session) -> Account:
    return factories.civil_servant(db, "nguoi-hoc", name="Lê Thị Nộp")


@pytest.fixture
def manager(db: Session, learner: Account) -> Account:
    return manages(db, "phu-trach", factories.BAC_GIANG)


def manages(db: Session, username: str, at: str) -> Account:
    holder = factories.person(db, "Phạm Văn Duyệt")
    factories.post(db, holder, at)
    made = factories.account(db, holder, username, role="unit_manager", at=at)
    db.commit()
    return made


def hand_in(browser: Browser, content: bytes = PDF, name: str = "giay.pdf", **typed: str) -> httpx.Response:
    return browser.post("/my/evidence", TYPED | typed, files={"file": (name, content)})


def only(database: Database) -> Evidence:
    with database.reading() as db:
        found = db.scalars(select(Evidence)).one()
        db.expunge_all()
    return found


def completions(database: Database) -> list[Completion]:
    with database.reading() as db:
        found = list(db.scalars(select(Completion).order_by(Completion.id)))
        db.expunge_all()
    return found


def test_what_is_verified_counts_from_the_day_of_the_paper(
    database: Database, manager: Account, new_browser: Opener
) -> None:
    mine = new_browser().sign_in("nguoi-hoc")
    assert "chờ duyệt" in hand_in(mine).text
    theirs = new_browser().sign_in("phu-trach")
    assert "Lê Thị Nộp" in theirs.get("/evidence").text
    evidence = only(database)
    assert theirs.get(f"/evidence/{evidence.id}/file").content == PDF
    theirs.post(f"/evidence/{evidence.id}/verify")
    theirs.post(f"/evidence/{evidence.id}/verify")
    (done,) = completions(database)
    assert (done.person_id, done.how, done.programme_code, done.title, done.hours, done.completed_on) == (
        evidence.person_id, "evidence", "P04-NENTANG", "Kỹ năng số cơ bản", 1.5, date(2026, 3, 15),
    )  # fmt: skip
    assert "đã duyệt" in mine.get("/my/evidence").text


def test_the_file_is_sealed_and_only_for_its_owner_and_who_decides(
    db: Session, database: Database, storage: Storage, manager: Account, new_browser: Opener
) -> None:
    manages(db, "noi-khac", KINH_BAC)
    factories.account(db, username="nguoi-la")
    db.commit()
    hand_in(new_browser().sign_in("nguoi-hoc"))
    evidence = only(database)
    assert PDF not in b"".join(storage.read(evidence.storage_key))
    assert new_browser().sign_in("nguoi-la").get(f"/my/evidence/{evidence.id}/file").status_code == 404
    assert new_browser().sign_in("noi-khac").get(f"/evidence/{evidence.id}/file").status_code == 404
    assert new_browser().sign_in("nguoi-hoc").get(f"/my/evidence/{evidence.id}/file").content == PDF


def test_a_refusal_needs_a_reason_which_its_owner_reads(
    database: Database, manager: Account, new_browser: Opener
) -> None:
    mine, theirs = new_browser().sign_in("nguoi-hoc"), new_browser().sign_in("phu-trach")
    hand_in(mine)
    evidence = only(database)
    assert "Hãy ghi lý do" in theirs.post(f"/evidence/{evidence.id}/refuse", {"reason": ""}).text
    theirs.post(f"/evidence/{evidence.id}/refuse", {"reason": "Ảnh mờ quá, chụp lại"})
    assert "Ảnh mờ quá, chụp lại" in mine.get("/my/evidence").text
    assert theirs.post(f"/evidence/{evidence.id}/verify").status_code == 409
    assert completions(database) == []


def test_nobody_decides_about_their_own(database: Database, manager: Account, new_browser: Opener) -> None:
    theirs = new_browser().sign_in("phu-trach")
    hand_in(theirs)
    evidence = only(database)
    assert theirs.post(f"/evidence/{evidence.id}/verify").status_code == 403
    assert "người phụ trách khác hoặc tỉnh" in theirs.get(f"/evidence/{evidence.id}").text


def test_a_result_taken_back_stays_in_the_book(database: Database, manager: Account, new_browser: Opener) -> None:
    mine, theirs = new_browser().sign_in("nguoi-hoc"), new_browser().sign_in("phu-trach")
    hand_in(mine)
    evidence = only(database)
    theirs.post(f"/evidence/{evidence.id}/verify")
    theirs.post(f"/evidence/{evidence.id}/annul", {"reason": "Giấy của người khác", "fraud": "true"})
    assert len(completions(database)) == 1
    assert "đã hủy kết quả" in mine.get("/my/evidence").text


def test_the_same_file_and_the_same_number_are_shown_before_deciding(
    db: Session, database: Database, manager: Account, new_browser: Opener
) -> None:
    factories.civil_servant(db, "nguoi-hai", name="Trần Thị Hai")
    db.commit()
    hand_in(new_browser().sign_in("nguoi-hoc"))
    hand_in(new_browser().sign_in("nguoi-hai"), number="nt01/2026", title="Khóa khác hẳn")
    with database.reading() as reading:
        second = reading.scalars(select(Evidence.id).order_by(Evidence.id.desc())).first()
    page = new_browser().sign_in("phu-trach").get(f"/evidence/{second}").text
    assert "Cùng một tệp" in page
    assert "Lê Thị Nộp" in page


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"MZ chay duoc", "giay.pdf", "Hãy chọn tệp PDF"),
        (b"%PDF-1.7 thieu cuoi", "giay.pdf", "thiếu phần cuối"),
        (PDF.replace(b"<<>>", b"<</JavaScript 1>>"), "giay.pdf", "mã chạy được"),
        (PDF.replace(b"trailer<<>>", b"trailer<</Encrypt 2 0 R>>"), "giay.pdf", "mật khẩu"),
        (b"\x89PNG\r\n\x1a\n hong", "giay.png", "bị hỏng"),
    ],
)
def test_only_papers_are_taken_and_what_was_typed_stays(
    database: Database, learner: Account, db: Session, browser: Browser, content: bytes, name: str, said: str
) -> None:
    db.commit()
    page = hand_in(browser.sign_in("nguoi-hoc"), content, name, hours="không rõ")
    assert page.status_code == 422
    for text in (said, "Hãy ghi số giờ học", 'value="Nền tảng thử"', 'value="không rõ"'):
        assert text in page.text
    with database.reading() as reading:
        assert reading.scalars(select(Evidence)).all() == []


def test_a_photograph_loses_what_the_camera_wrote(
    database: Database, learner: Account, db: Session, browser: Browser
) -> None:
    db.commit()
    picture, out = Image.new("RGB", (60, 40), "white"), io.BytesIO()
    exif = picture.getexif()
    exif[0x010F] = "Máy ảnh bí mật"
    picture.save(out, "JPEG", exif=exif)
    hand_in(browser.sign_in("nguoi-hoc"), out.getvalue(), "giay.jpg")
    content = browser.get(f"/my/evidence/{only(database).id}/file").content
    assert Image.open(io.BytesIO(content)).getexif() == {}


def test_the_file_goes_some_time_after_the_decision(
    database: Database, storage: Storage, manager: Account, new_browser: Opener
) -> None:
    hand_in(new_browser().sign_in("nguoi-hoc"))
    evidence = only(database)
    context = JobContext(0, database, storage, "")
    assert deciding.forget_files(context) == {"forgotten": 0}
    new_browser().sign_in("phu-trach").post(f"/evidence/{evidence.id}/verify")
    with clock.frozen(clock.now() + timedelta(days=91)):
        assert deciding.forget_files(context) == {"forgotten": 1}
    assert only(database).storage_key == ""
    assert len(completions(database)) == 1


# --- lists --------------------------------------------------------------------------------------------------------


def upload(browser: Browser, *rows: dict[str, object]) -> httpx.Response:
    content = workbook(rows, tuple(TEMPLATE))
    return browser.post("/evidence/lists", files={"file": ("ds.xlsx", content)})


def outcomes(browser: Browser, page: httpx.Response) -> list[tuple[object, object]]:
    rows = rows_of(browser.get(f"{page.url.path}/result.xlsx").content)
    return [(row["Kết quả"], row["Ghi chú"]) for row in rows]


def test_a_list_is_checked_then_applied_and_counts_nothing_twice(
    database: Database, manager: Account, new_browser: Opener, worker: Worker
) -> None:
    theirs = new_browser().sign_in("phu-trach")
    row = evidence_row("Lê Thị Nộp", "nguoi-hoc")
    checked = upload(theirs, row, row)
    worker.run_all()
    assert [outcome for outcome, _said in outcomes(theirs, checked)] == ["Thêm mới", "Đã có"]
    assert completions(database) == []
    applied = theirs.post(f"{checked.url.path}/apply")
    worker.run_all()
    assert [outcome for outcome, _said in outcomes(theirs, applied)] == ["Thêm mới", "Đã có"]
    (done,) = completions(database)
    assert (done.how, done.completed_on, done.score_percent) == ("evidence", date(2026, 3, 15), 85)
    theirs.post(f"{_checked(theirs, worker, row)}/apply")
    worker.run_all()
    assert len(completions(database)) == 1


def test_a_list_guesses_nobody(db: Session, manager: Account, new_browser: Opener, worker: Worker) -> None:
    factories.civil_servant(db, "xa-khac", KINH_BAC, "Ngô Văn Xa")
    db.commit()
    theirs = new_browser().sign_in("phu-trach")
    page = upload(
        theirs,
        evidence_row("Lê Thị Khác", "nguoi-hoc"),
        evidence_row("Ngô Văn Xa", "xa-khac"),
        evidence_row("Không Có Ai", "khong-co"),
        evidence_row("Phạm Văn Duyệt", "phu-trach"),
        evidence_row("Lê Thị Nộp", ""),
        evidence_row("Lê Thị Nộp", "nguoi-hoc", **{"Mã nhiệm vụ hoặc mã khóa học": "KHONG"}),
        evidence_row("Lê Thị Nộp", "nguoi-hoc", **{"Ngày hoàn thành": "31/02/2026"}),
    )
    worker.run_all()
    found = outcomes(theirs, page)
    assert [outcome for outcome, _said in found] == ["Cần xác nhận"] * 4 + ["Không nhập"] * 3
    said = [str(text) for _outcome, text in found]
    assert "của Lê Thị Nộp" in said[0]
    assert said[1] == said[2] == "Không thuộc đơn vị anh/chị phụ trách; cần tỉnh xác nhận."
    assert "chính anh/chị" in said[3]


def test_a_list_may_name_a_course_of_ours(
    db: Session, database: Database, manager: Account, new_browser: Opener, worker: Worker
) -> None:
    version = factories.course(db, "THU07")
    db.commit()
    theirs = new_browser().sign_in("phu-trach")
    row = evidence_row("Lê Thị Nộp", "nguoi-hoc", **{"Mã nhiệm vụ hoặc mã khóa học": "thu07", "Số giờ": None})
    theirs.post(f"{_checked(theirs, worker, row)}/apply")
    worker.run_all()
    (done,) = completions(database)
    assert (done.course_version_id, done.how) == (version.id, "evidence")


def _checked(browser: Browser, worker: Worker, *rows: dict[str, object]) -> str:
    page = upload(browser, *rows)
    worker.run_all()
    return page.url.path
