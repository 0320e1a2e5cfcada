"""Drafting, editing, refreshing, issuing, correcting, comparing: through the pages, as those in charge do it."""

import hashlib
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import Base, Session
from app.core.jobs import Worker, enqueue
from app.coverage.reports.frames import from_json
from app.coverage.reports.models import ReportDraft, ReportIssue, ReportRecipient, ReportScan, ReportSchedule
from app.coverage.reports.schedules import last_over
from app.notices.models import Notice, NoticeDelivery
from tests import factories
from tests.browser import Browser

Row = TypeVar("Row", bound=Base)

TODAY = datetime(2026, 11, 21, 3, tzinfo=UTC)
WISH = {"forms": ["B01", "B03"], "period": "2026-Q3", "cut_off": "customary", "has_body": "true", "unit": ""}
WORDS = {
    "section0": "Đã triển khai.", "section2": "Chậm ở vùng cao.", "section3": "Mở thêm lớp.", "section4": "Không.",
    "signer_name": "Nguyễn Văn Mẫu",
}  # fmt: skip


@pytest.fixture
def desk(db: Session, province: None, browser: Browser) -> Browser:
    """The province's administrator, on 21 November 2026."""
    factories.account(db, username="quantri", role="province_admin")
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    db.commit()
    return browser.sign_in("quantri")


@pytest.fixture(autouse=True)
def today() -> object:
    with clock.frozen(TODAY):
        yield


def stored(db: Session, table: type[Row]) -> list[Row]:
    """All rows, newest first; the database is let go of, for the pages to write to it."""
    db.rollback()
    rows = list(db.scalars(select(table).order_by(table.__table__.c.id.desc())))
    db.expunge_all()
    db.rollback()
    return rows


def the_draft(db: Session) -> ReportDraft:
    return stored(db, ReportDraft)[0]


def issued(desk: Browser, db: Session, number: str = "5", dated_on: str = "2026-11-21", **wish: object) -> ReportIssue:
    """From the form to the issued report."""
    desk.post("/reports", data=WISH | wish)
    draft = the_draft(db)
    desk.post(f"/reports/drafts/{draft.id}", data=WORDS | {"revision": str(draft.revision)})
    response = desk.post(f"/reports/drafts/{draft.id}/issue", data={"number": number, "dated_on": dated_on})
    assert response.status_code == 200, re.sub(r"<[^>]+>", " ", response.text)[-1500:]
    return stored(db, ReportIssue)[0]


def test_a_draft_is_filled_edited_and_issued_under_its_number(desk: Browser, db: Session) -> None:
    page = desk.post("/reports", data=WISH)
    assert "quý III năm 2026" in page.text
    assert "15/06/2026" in page.text
    draft = the_draft(db)
    refused = desk.post(f"/reports/drafts/{draft.id}/issue", data={"number": "5", "dated_on": "2026-11-21"})
    assert refused.status_code == 422
    assert "Còn phần chưa viết xong" in refused.text
    desk.post(f"/reports/drafts/{draft.id}", data=WORDS | {"revision": "1"})
    page = desk.post(f"/reports/drafts/{draft.id}/issue", data={"number": "5", "dated_on": "2026-11-21"})
    assert "05/BC-SKHCN" in page.text
    (made,) = stored(db, ReportIssue)
    assert made.sha256 == hashlib.sha256(made.content.encode()).hexdigest()
    report = from_json(made.content)
    assert report.number == "05/BC-SKHCN"
    assert report.place_and_day == "Bắc Ninh, ngày 21 tháng 11 năm 2026"
    assert report.sections[0].paragraphs == ("Đã triển khai.",)
    assert not stored(db, ReportDraft)
    for kind in ("docx", "pdf", "xlsx"):
        file = desk.get(f"/reports/{made.id}/file.{kind}")
        assert hashlib.sha256(file.content).hexdigest() == made.files[kind]["sha256"]
    assert json.loads(desk.get(f"/reports/{made.id}/file.json").content)["number"] == "05/BC-SKHCN"


def test_the_letterhead_is_of_the_day_of_the_document(desk: Browser, db: Session) -> None:
    made = issued(desk, db, dated_on="2026-09-19", period="2026-H1")
    assert from_json(made.content).letterhead.superior == "UBND tỉnh Bắc Ninh"


def test_a_number_is_used_once_a_year_and_begins_anew_in_january(desk: Browser, db: Session) -> None:
    issued(desk, db, "5")
    desk.post("/reports", data=WISH)
    draft = the_draft(db)
    assert 'value="6"' in desk.get(f"/reports/drafts/{draft.id}").text, "the next one is proposed"
    desk.post(f"/reports/drafts/{draft.id}", data=WORDS | {"revision": "1"})
    taken = desk.post(f"/reports/drafts/{draft.id}/issue", data={"number": "5", "dated_on": "2026-11-20"})
    assert taken.status_code == 422
    assert "05/BC-SKHCN" in taken.text
    with clock.frozen(datetime(2027, 1, 4, 3, tzinfo=UTC)):
        desk.sign_in("quantri")
        page = desk.get(f"/reports/drafts/{draft.id}")
        assert 'value="1"' in page.text
        assert issued(desk, db, "5", "2027-01-04").year == 2027


@pytest.mark.parametrize(
    ("number", "day"), [("", "2026-11-21"), ("không", "2026-11-21"), ("0", "2026-11-21"), ("1", "32/13/2026"),
                        ("1", "2026-11-22"), ("1", "2026-09-13")],
)  # fmt: skip
def test_a_number_or_day_that_cannot_be_is_said_at_its_field(desk: Browser, db: Session, number: str, day: str) -> None:
    desk.post("/reports", data=WISH)
    draft = the_draft(db)
    desk.post(f"/reports/drafts/{draft.id}", data=WORDS | {"revision": "1"})
    answer = desk.post(f"/reports/drafts/{draft.id}/issue", data={"number": number, "dated_on": day})
    assert answer.status_code == 422
    assert not stored(db, ReportIssue)


def test_issued_is_frozen_whatever_happens_to_the_figures(desk: Browser, db: Session) -> None:
    made = issued(desk, db)
    before = desk.get(f"/reports/{made.id}/file.json").content
    late = factories.person(db, "Đến Muộn")
    factories.post(db, late, "07210", started_on=date(2026, 1, 1))
    db.commit()
    assert desk.get(f"/reports/{made.id}/file.json").content == before
    with pytest.raises(DBAPIError):
        db.execute(update(ReportIssue).values(subject="khác"))
    db.rollback()


def test_refreshing_keeps_what_was_written_and_says_so(desk: Browser, db: Session) -> None:
    desk.post("/reports", data=WISH)
    draft = the_draft(db)
    desk.post(f"/reports/drafts/{draft.id}", data={"section0": "Lời của tôi.", "revision": "1"})
    late = factories.person(db, "Đến Muộn")
    factories.post(db, late, "07210", started_on=date(2026, 1, 1))
    db.commit()
    page = desk.post(f"/reports/drafts/{draft.id}/refresh")
    assert "Phần đã sửa giữ nguyên chữ" in page.text
    report = from_json(the_draft(db).content)
    assert report.sections[0].paragraphs == ("Lời của tôi.",)
    assert "/6 người" in "".join(report.sections[1].paragraphs), "nobody edited this part, so it tells the new figures"
    assert report.annexes[0].rows[0][4] == 6


def test_nobody_writes_over_what_they_have_not_seen(desk: Browser, db: Session) -> None:
    desk.post("/reports", data=WISH)
    draft = the_draft(db)
    desk.post(f"/reports/drafts/{draft.id}", data={"subject": "Của người thứ nhất", "revision": "1"})
    second = desk.post(f"/reports/drafts/{draft.id}", data={"subject": "Của người thứ hai", "revision": "1"})
    assert second.status_code == 409
    assert "Của người thứ hai" in second.text, "what was typed is not lost"
    assert from_json(the_draft(db).content).subject == "Của người thứ nhất"


def test_a_correction_is_a_new_report_that_names_the_old_and_tells_what_changed(desk: Browser, db: Session) -> None:
    old = issued(desk, db)
    late = factories.person(db, "Đến Muộn")
    factories.post(db, late, "07210", started_on=date(2026, 1, 1))
    db.commit()
    desk.post(f"/reports/{old.id}/correct")
    draft = the_draft(db)
    assert from_json(draft.content).signer.name == "Nguyễn Văn Mẫu", "the words are taken over"
    desk.post(f"/reports/drafts/{draft.id}/issue", data={"number": "6", "dated_on": "2026-11-21"})
    new = stored(db, ReportIssue)[0]
    assert new.replaces_id == old.id
    assert from_json(new.content).replaces == "05/BC-SKHCN"
    assert "Báo cáo này đã được thay" in desk.get(f"/reports/{old.id}").text
    compared = desk.get(f"/reports/compare?old={old.id}&new={new.id}").text
    assert "Tổng số thuộc diện (mẫu số)" in compared
    cells = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", compared))
    assert "Tổng số thuộc diện (mẫu số) 5 6" in cells
    assert "Không có gì khác nhau" in desk.get(f"/reports/compare?old={new.id}&new={new.id}").text


def test_a_signed_copy_is_kept_with_its_hash_and_cannot_run(desk: Browser, db: Session) -> None:
    made = issued(desk, db)
    picture = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(picture, "PNG")
    refused = desk.post(f"/reports/{made.id}/scans", files={"file": ("ky.pdf", b"<html><script>")})
    assert refused.status_code == 422
    for _twice in range(2):
        desk.post(f"/reports/{made.id}/scans", files={"file": ("ky.png", picture.getvalue())})
    (scan,) = stored(db, ReportScan)
    assert scan.sha256 == hashlib.sha256(picture.getvalue()).hexdigest()
    answer = desk.get(f"/reports/{made.id}/scans/{scan.id}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_manager_reports_about_the_own_unit_only(
    desk: Browser, db: Session, new_browser: Callable[[], Browser]
) -> None:
    made = issued(desk, db)
    manager = new_browser().sign_in("phutrach")
    assert manager.get(f"/reports/{made.id}").status_code == 404
    assert manager.post("/reports", data=WISH).status_code == 403
    assert "UBND phường Bắc Giang" in from_json(
        issued(manager, db, "1", unit="07210").content
    ).letterhead.issuer  # fmt: skip


def test_bad_input_comes_back_as_it_was_typed(desk: Browser) -> None:
    answer = desk.post("/reports", data=WISH | {"period": "quý ba", "unit": "24"})
    assert answer.status_code == 422
    assert 'value="quý ba"' in answer.text
    assert desk.post("/reports", data=WISH | {"forms": []}).status_code == 422
    assert desk.post("/reports", data=WISH | {"unit": "khong-co"}).status_code == 422
    assert desk.post("/reports", data=WISH | {"map": "hôm qua"}).status_code == 422
    assert desk.post("/reports", data=WISH | {"forms": ["B07"], "series": "BG-STEM"}).status_code == 422


@pytest.mark.parametrize(
    ("every", "cut_off", "today", "code"),
    [
        ("quarter", "calendar", date(2026, 10, 1), "2026-Q3"), ("quarter", "calendar", date(2026, 9, 30), "2026-Q2"),
        ("quarter", "customary", date(2026, 9, 15), "2026-Q3"), ("half", "calendar", date(2026, 1, 1), "2025-H2"),
        ("year", "customary", date(2026, 12, 15), "2026"), ("year", "calendar", date(2026, 12, 31), "2025"),
    ],
)  # fmt: skip
def test_the_newest_period_that_is_over(every: str, cut_off: str, today: date, code: str) -> None:
    assert last_over(every, cut_off, today) == code


def test_a_schedule_drafts_once_and_tells_those_who_may_issue(desk: Browser, db: Session, worker: Worker) -> None:
    desk.post("/reports", data=WISH | {"every": "quarter"})
    (schedule,) = stored(db, ReportSchedule)

    def mornings(*days: datetime) -> list[str]:
        for day in days:
            with clock.frozen(day), worker.database.writing() as writing:
                enqueue(writing, "reports.draft_due")
            with clock.frozen(day):
                worker.run_all()
        return [draft.period for draft in stored(db, ReportDraft) if draft.account_id is None]

    assert mornings(datetime(2026, 11, 22, tzinfo=UTC)) == [], "the third quarter was over before anybody asked"
    assert mornings(datetime(2026, 12, 15, tzinfo=UTC), datetime(2026, 12, 16, tzinfo=UTC)) == ["2026-Q4"]
    told = [notice for notice in stored(db, Notice) if notice.key.startswith("report-draft:")]
    assert len(told) == 1, "the administrator, once; the unit's manager reports about the unit"
    assert stored(db, NoticeDelivery) == [], "by email only who asked for it, or was named"
    desk.post(f"/reports/schedules/{schedule.id}/end")
    assert mornings(datetime(2027, 3, 16, tzinfo=UTC)) == ["2026-Q4"]


def test_recipients_of_a_schedule_are_people_who_may_issue_the_report(desk: Browser, db: Session) -> None:
    holder = factories.person(db, "Lê Nêu Tên")
    factories.post(db, holder)
    named = factories.account(db, holder, "neuten", role="province_admin").person_id
    factories.civil_servant(db, "ngoai")
    db.commit()
    stray = desk.post("/reports", data=WISH | {"every": "year", "recipients": "ngoai\nneuten"})
    assert stray.status_code == 422
    assert "Không ban hành được báo cáo của đơn vị này: Trần Văn Mẫu" in stray.text
    assert "ngoai\nneuten" in stray.text
    unknown = desk.post("/reports", data=WISH | {"every": "year", "recipients": "khong-co"})
    assert "Không tìm thấy trong phạm vi của anh/chị: khong-co" in unknown.text
    assert stored(db, ReportSchedule) == stored(db, ReportDraft) == []
    desk.post("/reports", data=WISH | {"every": "year", "recipients": "neuten"})
    assert len(stored(db, ReportSchedule)) == 1
    assert list(db.scalars(select(ReportRecipient.person_id))) == [named]
