"""Rounds of declarations: units are asked, answer with papers, are sent back or approved; figures come of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import Session
from app.core.jobs import Worker, enqueue
from app.coverage.counting.figures import Question, figure
from app.coverage.models import DeclaredFigure
from app.coverage.rounds.models import DeclarationRound, UnitDeclaration
from app.identity.models import Account
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
ASKED = {
    "title": "Hoạt động STEM năm 2026", "subjects": ["BG-STEM"], "unit": "24", "kinds": ["commune"],
    "as_of": "2026-11-20", "due_on": "2026-11-30",
}  # fmt: skip


@pytest.fixture(autouse=True)
def on_a_day() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def admin(db: Session, browser: Browser) -> Browser:
    factories.account(db, username="tinh", role="province_admin")
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    factories.account(db, username="noikhac", role="unit_manager", at="07228")
    db.commit()
    return browser.sign_in("tinh")


def opened(db: Session, admin: Browser, **changes: object) -> str:
    """The address of the answer of 07210."""
    answer = admin.post("/declarations", ASKED | changes)
    assert "Đã mở đợt khai báo" in answer.text, answer.text[:4000]
    round_id = db.scalars(select(DeclarationRound.id).order_by(DeclarationRound.id.desc())).first()
    unit_id = factories.unit_id(db)
    db.rollback()
    return f"/declarations/{round_id}/units/{unit_id}"


def figures(db: Session, subject: str = "BG-STEM") -> list[DeclaredFigure]:
    db.rollback()
    found = list(
        db.scalars(select(DeclaredFigure).where(DeclaredFigure.subject == subject).order_by(DeclaredFigure.id))
    )
    db.expunge_all()
    db.rollback()
    return found


def notices(db: Session, username: str) -> list[str]:
    found = db.scalars(
        select(Notice.key).join(Account, Account.person_id == Notice.person_id).where(Account.username == username)
    ).all()
    db.rollback()
    return list(found)


def test_from_asking_to_the_figure(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    assert len(notices(db, "phutrach")) == 1
    assert len(notices(db, "noikhac")) == 1
    assert notices(db, "tinh") == []
    admin.sign_in("phutrach")
    assert "Hoạt động STEM năm 2026" in admin.get("/declarations").text
    paper = {"paper": ("stem.pdf", PDF, "application/pdf")}
    answer = admin.post(url, {"value-BG-STEM": "7", "note": "Bảy trường", "act": "submit"}, files=paper)
    assert "Đã nộp" in answer.text
    assert "stem.pdf" in answer.text
    assert figures(db) == [], "nothing counts before it is approved"
    admin.sign_in("tinh")
    page = admin.get(url.rsplit("/units/")[0]).text
    assert "chờ duyệt" in page
    admin.post(f"{url}/decide", {"act": "approve"})
    (one,) = figures(db)
    assert (one.value, one.as_of, one.corrects_id) == (7, date(2026, 11, 20), None)
    assert "Hoạt động STEM năm 2026" in one.source
    found = figure(db, Question("BG-STEM", "07210", date(2026, 11, 21)))
    assert found.numerator == 7
    db.rollback()
    assert any(":approved:" in key for key in notices(db, "phutrach"))


def test_sent_back_with_a_reason_and_handed_in_again(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    admin.sign_in("phutrach").post(url, {"value-BG-STEM": "7", "act": "submit"})
    admin.sign_in("tinh")
    assert admin.post(f"{url}/decide", {"act": "return", "reason": ""}).status_code == 422
    admin.post(f"{url}/decide", {"act": "return", "reason": "Thiếu danh sách trường"})
    admin.sign_in("phutrach")
    assert "Cần sửa: Thiếu danh sách trường" in admin.get(url).text
    assert "Đã nộp" in admin.post(url, {"value-BG-STEM": "8", "act": "submit"}).text


def test_a_correction_names_the_figure_it_replaces(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    for value in ("7", "9"):
        admin.sign_in("phutrach")
        if value == "9":
            admin.post(f"{url}/reopen", {"reason": "Đếm sót hai trường"})
        admin.post(url, {"value-BG-STEM": value, "act": "submit"})
        admin.sign_in("tinh").post(f"{url}/decide", {"act": "approve"})
    first, second = figures(db)
    assert (first.value, second.value, second.corrects_id) == (7, 9, first.id)


@pytest.mark.parametrize("value", ["", "bảy", "-1", "7,5"])
def test_what_is_wrong_is_kept_as_a_draft_and_not_handed_in(db: Session, admin: Browser, value: str) -> None:
    url = opened(db, admin)
    admin.sign_in("phutrach")
    answer = admin.post(url, {"value-BG-STEM": value, "note": "Ghi chú đã gõ", "act": "submit"})
    assert answer.status_code == 422
    assert "Hãy ghi một số nguyên" in answer.text
    assert "Ghi chú đã gõ" in admin.get(url).text, "it is a draft, kept"
    state = db.scalars(select(UnitDeclaration.state).where(UnitDeclaration.state != "waiting")).one()
    assert state == "draft"


def test_a_file_that_is_no_paper_is_refused_and_the_rest_is_kept(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    admin.sign_in("phutrach")
    answer = admin.post(url, {"value-BG-STEM": "7", "act": "submit"}, files={"paper": ("a.exe", b"MZ", "text/html")})
    assert answer.status_code == 422
    assert 'value="7"' in answer.text
    db.rollback()
    assert db.scalars(select(UnitDeclaration.state).where(UnitDeclaration.state != "waiting")).one() == "draft"


def test_a_paper_can_be_had_but_not_run_and_only_by_those_concerned(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    admin.sign_in("phutrach")
    page = admin.post(url, {"act": "save"}, files={"paper": ("stem.pdf", PDF, "application/pdf")}).text
    link = page.split(f'href="{url}/papers/')[1].split('"')[0]
    paper = admin.get(f"{url}/papers/{link}")
    assert paper.content == PDF
    assert "sandbox" in paper.headers["content-security-policy"]
    assert admin.sign_in("noikhac").get(f"{url}/papers/{link}").status_code == 404
    admin.sign_in("phutrach").post(f"{url}/papers/{link}/withdraw")
    assert admin.get(f"{url}/papers/{link}").status_code == 404


def test_late_is_allowed_and_marked_until_the_round_is_closed(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    with clock.frozen(NOW + timedelta(days=12)):
        answer = admin.sign_in("phutrach").post(url, {"value-BG-STEM": "7", "act": "submit"})
        assert "muộn" in answer.text
        admin.post(f"{url}/reopen")
        admin.sign_in("tinh").post(url.split("/units/")[0] + "/close")
        assert admin.sign_in("phutrach").post(url, {"value-BG-STEM": "8", "act": "submit"}).status_code == 409


def test_reminders_go_to_those_who_owe_an_answer_once_a_day(db: Session, admin: Browser, worker: Worker) -> None:
    url = opened(db, admin)
    admin.sign_in("phutrach").post(url, {"value-BG-STEM": "7", "act": "submit"})
    before = (len(notices(db, "phutrach")), len(notices(db, "noikhac")))
    with clock.frozen(datetime(2026, 11, 27, 1, 0, tzinfo=UTC)):
        for _again in range(2):
            enqueue(db, "declarations.remind")
            db.commit()
            worker.run_all()
    assert (len(notices(db, "phutrach")), len(notices(db, "noikhac"))) == (before[0], before[1] + 1)


def test_many_are_approved_at_once_and_added_up_for_the_province(db: Session, admin: Browser) -> None:
    url = opened(db, admin)
    round_url = url.split("/units/")[0]
    units = [factories.unit_id(db, "07210"), factories.unit_id(db, "07228")]
    db.rollback()
    for username, unit_id, value in (("phutrach", units[0], "7"), ("noikhac", units[1], "1.005")):
        admin.sign_in(username).post(f"{round_url}/units/{unit_id}", {"value-BG-STEM": value, "act": "submit"})
    admin.sign_in("tinh")
    said = admin.post(f"{round_url}/approve", {"units": [str(one) for one in [*units, 999]]}).text
    assert "Đã duyệt 2 khai báo." in said
    for _again in range(2):
        admin.post(f"{round_url}/total")
    found = figures(db)
    assert [one.value for one in found] == [7, 1005, 1012, 1012]
    assert found[3].corrects_id == found[2].id
    assert "2 trên 99 đơn vị đã duyệt" in found[2].source


def test_a_round_of_yes_or_no_counts_the_units_that_say_yes(db: Session, admin: Browser) -> None:
    url = opened(db, admin, asks_yes_no="true")
    admin.sign_in("phutrach").post(url, {"value-BG-STEM": "1", "act": "submit"})
    admin.sign_in("tinh").post(f"{url}/decide", {"act": "approve"})
    assert [one.value for one in figures(db)] == [1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "Hãy ghi tên đợt khai báo"), ({"subjects": []}, "hoặc ghi kỳ nộp kết quả"),
        ({"subjects": ["BG-CBCC"]}, "Hãy chọn nhiều nhất mười"), ({"kinds": []}, "Hãy chọn loại đơn vị"),
        ({"period": "quý tư"}, "Hãy viết kỳ như 2026"),
        ({"unit": "khong-co"}, "Hãy ghi mã một đơn vị"), ({"due_on": "2026-11-01"}, "Hạn nộp không thể trước"),
        ({"as_of": "mai"}, "không phải là ngày"), ({"kinds": ["team"]}, "Hãy chọn loại đơn vị"),
    ],
)  # fmt: skip
def test_a_round_that_asks_nothing_sensible_is_not_opened(
    db: Session, admin: Browser, changes: dict[str, object], said: str
) -> None:
    answer = admin.post("/declarations", ASKED | {"note": "Ghi chú đã gõ"} | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Ghi chú đã gõ" in answer.text
    assert db.scalars(select(DeclarationRound)).all() == []


def test_a_figure_of_a_day_to_come_is_not_handed_in_before(db: Session, admin: Browser) -> None:
    url = opened(db, admin, as_of="2026-11-25")
    answer = admin.sign_in("phutrach").post(url, {"value-BG-STEM": "7", "act": "submit"})
    assert answer.status_code == 409
    assert "Đã lưu nháp" in admin.post(url, {"value-BG-STEM": "7", "act": "save"}).text
