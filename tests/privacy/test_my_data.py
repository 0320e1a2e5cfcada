"""One's own data: seen, taken away, corrected, consents withdrawn; by nobody else."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Base, Database
from app.core.jobs import Worker, enqueue
from app.core.storage import Storage
from app.identity import sealing
from app.identity.models import Account, Consent, Person
from app.main import PERSONAL
from app.privacy.clocks import Due, answer_due, deed_due, next_due
from app.privacy.models import PrivacyRequest
from tests import factories
from tests.browser import Browser

# Rows that lead to people only as those who did something, by the number of their account.
_OFFICE = {
    "api_token", "assignment", "campaign_activity", "certificate_file", "course_review", "declaration_file",
    "declaration_round",
    "declaration_step", "declared_figure", "exam_invigilator",
    "exam_sitting", "export_file", "held_class", "indicator_draft", "indicator_version", "people_import",
    "plan_decision", "plan_line", "plan_quota", "plan_spending", "plan_task", "plan_year", "report_draft",
    "report_issue", "report_scan", "report_schedule", "slip_sheet", "unit_act", "unit_declaration",
}  # fmt: skip


def test_no_table_that_leads_to_a_person_is_forgotten() -> None:
    """Whoever adds one says in its domain's personal.py what goes into a copy and what erasing does to it."""
    leading, found = {"person"}, set[str]()
    while leading - found:
        found |= leading
        leading = {
            table.name
            for table in Base.metadata.tables.values()
            for key in table.foreign_keys
            if key.column.table.name in found - _OFFICE
        }
    named = [held.name for holding in PERSONAL for held in holding.tables]
    assert sorted(named) == sorted(set(named))
    assert found - _OFFICE - set(named) - {"assignment_round"} == set()


@pytest.mark.parametrize(
    ("asked_on", "answer_on", "erased_on"),
    [
        (date(2026, 11, 23), date(2026, 11, 25), date(2026, 12, 13)),  # a Monday
        (date(2026, 11, 26), date(2026, 11, 30), date(2026, 12, 16)),  # a Thursday: Friday and Monday
        (date(2026, 11, 28), date(2026, 12, 1), date(2026, 12, 18)),  # a Saturday
    ],
)
def test_the_law_leaves_two_working_days_to_answer_and_days_by_kind(
    asked_on: date, answer_on: date, erased_on: date
) -> None:
    assert (answer_due(asked_on), deed_due("erase", asked_on)) == (answer_on, erased_on)
    assert next_due("erase", "waiting", asked_on) == Due("answer", answer_on)
    assert next_due("erase", "granted", asked_on) == Due("deed", erased_on)
    assert next_due("erase", "refused", asked_on) is None
    due = Due("answer", answer_on)
    pressures = [due.pressure(answer_on - timedelta(days=days)) for days in (3, 2, 0, -1)]
    assert pressures == ["calm", "soon", "soon", "late"]


@pytest.fixture
def hanh(db: Session) -> Account:
    holder = factories.person(
        db, "Nguyễn Thị Hạnh", birth_date=date(1985, 3, 2), phone="0912345678", identity="024185000123"
    )
    factories.post(db, holder)
    account = factories.account(db, holder, "hanh")
    factories.completion(db, holder, factories.course(db), date(2026, 3, 2))
    db.commit()
    return account


def test_the_copy_holds_everything_in_data_and_on_paper_for_its_owner_alone(
    hanh: Account, db: Session, database: Database, new_browser: Callable[[], Browser], worker: Worker,
    storage: Storage,
) -> None:  # fmt: skip
    browser = new_browser().sign_in("hanh")
    page = browser.get("/my/data")
    for said in ("Nguyễn Thị Hạnh", "02/03/1985", "… 0123", "Phường Bắc Giang", "Kết quả hoàn thành"):
        assert said in page.text
    assert "024185000123" not in page.text
    assert "đang lập bản sao" in browser.post("/my/data/copy").text
    browser.post("/my/data/copy")
    worker.run_all()
    with database.reading() as reader:
        request = reader.scalars(select(PrivacyRequest)).one()
    address = f"/my/data/copies/{request.id}"
    assert address in browser.get("/my/data").text
    content = browser.get(address).content
    assert b"024185000123" not in b"".join(storage.read(request.files[0]))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        data = {name: json.loads(packed.read(name)) for name in packed.namelist() if name.endswith(".json")}
        paper = PdfReader(io.BytesIO(packed.read("du-lieu-cua-toi.pdf")))
        assert "du-lieu/identity.json: Danh tính" in packed.read("doc-truoc.txt").decode()
    assert set(data) == {f"du-lieu/{holding.key}.json" for holding in PERSONAL}
    tables = {table["name"]: table for one in data.values() for table in one["tables"]}
    assert tables["person"]["rows"][0]["identity"] == "024185000123"
    assert tables["completion"]["rows"][0]["title"] == "Khóa thử THU01"
    assert tables["certificate"]["rows"][0]["holder_name"] == "Nguyễn Thị Hạnh"
    for table in tables.values():
        assert all(set(row) == set(table["fields"]) for row in table["rows"]), table["name"]
    printed = "\n".join(page.extract_text() for page in paper.pages)
    assert "024185000123" in printed
    assert "Giấy đã cấp (1)" in printed

    factories.civil_servant(db, "khac")
    enqueue(db, "privacy.forget_copies", delay=timedelta(days=8))
    db.commit()
    assert new_browser().sign_in("khac").get(address).status_code == 404
    with clock.frozen(clock.now() + timedelta(days=8)):
        worker.run_all()
        assert browser.get(address).status_code == 404
    assert not list(storage.all_keys("privacy"))


def test_a_correction_and_an_erasure_are_asked_for_with_their_dates(hanh: Account, browser: Browser) -> None:
    browser.sign_in("hanh")
    empty = browser.post("/my/data/requests", {"kind": "correct", "text": " "})
    assert empty.status_code == 422
    assert "Hãy ghi rõ điều cần hỏi hoặc cần sửa." in empty.text
    unread = browser.post("/my/data/requests", {"kind": "erase", "text": "Tôi nghỉ việc"})
    assert unread.status_code == 422
    assert "Tôi nghỉ việc" in unread.text
    assert browser.post("/my/data/requests", {"kind": "copy"}).status_code == 404
    asked = browser.post("/my/data/requests", {"kind": "correct", "text": "Tôi sinh năm 1986"})
    due = f"trả lời trước hết ngày {answer_due(clock.today()):%d/%m/%Y}"
    assert due in asked.text
    for _again in range(2):
        page = browser.post("/my/data/requests", {"kind": "erase", "understood": "1"})
    assert page.text.count("Thôi yêu cầu này") == 2
    cancelled = browser.post("/my/data/requests/1/cancel")
    assert "đã thôi yêu cầu" in cancelled.text


def test_a_consent_withdrawn_ends_at_once_what_rested_on_it(database: Database, browser: Browser) -> None:
    form = {
        "name": "Trần Văn Mẫu", "contact": "0987654321", "commune": "n07210", "group": "citizen", "birth_year": "1980",
        "sex": "male", "agrees": "1", "agrees_statistics": "1", "password": "mot-mat-khau-that-dai",
    }  # fmt: skip
    browser.post("/sign-up", form)
    with database.reading() as db:
        account, statistics = db.scalars(select(Consent.id).order_by(Consent.id)).all()
    assert "đã rút lúc" in browser.post(f"/my/data/consents/{statistics}/withdraw").text
    with database.reading() as db:
        person = db.scalars(select(Person).where(Person.name == "Trần Văn Mẫu")).one()
        assert (person.sex, sealing.unseal(person).birth_year) == (None, None)
        assert db.get_one(Consent, statistics).wording
    assert "tài khoản đã đóng" in browser.post(f"/my/data/consents/{account}/withdraw").text
    assert browser.get("/my/data").url.path == "/sign-in"
    with database.reading() as db:
        kinds = db.execute(select(PrivacyRequest.kind, PrivacyRequest.state).order_by(PrivacyRequest.id)).all()
        assert [tuple(row) for row in kinds] == [("withdraw", "done"), ("withdraw", "done"), ("erase", "waiting")]
