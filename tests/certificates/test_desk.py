"""The register for those in charge: their scope, birth dates by right, files that end, batches issued anew once."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.certificates import service
from app.certificates.file_jobs import reissue
from app.certificates.models import Certificate, CertificateFile, CertificateForm, CertificateReplacement
from app.core import clock
from app.core.db import Database
from app.core.jobs import Job, JobContext, Worker, enqueue
from app.core.storage import Storage
from app.identity.models import Person
from tests import factories
from tests.browser import Browser
from tests.certificates import making

HERE, ELSEWHERE = factories.BAC_GIANG, "07228"


@pytest.fixture
def papers(db: Session) -> list[Certificate]:
    """Three in Bắc Giang, one elsewhere; a province administrator `tinh`, the manager `phuong` of Bắc Giang."""
    made = []
    for number, code in enumerate((HERE, HERE, HERE, ELSEWHERE)):
        holder = factories.person(
            db, f"Nguyễn Thị Mẫu {['Một', 'Hai', 'Ba', 'Bốn'][number]}", birth_date=date(1985, 3, 2)
        )
        factories.post(db, holder, code)
        made.append(making.certificate(db, holder))
    factories.account(db, factories.person(db), "tinh", role="province_admin")
    factories.account(db, factories.person(db), "phuong", role="unit_manager", at=HERE)
    db.commit()
    return made


def take(browser: Browser, db: Session, worker: Worker, **form: str) -> bytes:
    asked = browser.post("/certificates/files", form)
    assert "Đang làm" in asked.text
    worker.run_all()
    newest = db.scalars(select(CertificateFile.id).order_by(CertificateFile.id.desc()).limit(1)).one()
    db.commit()
    answer = browser.get(f"/certificates/files/{newest}")
    assert answer.status_code == 200, answer.text
    return answer.content


def book(content: bytes) -> list[list[object]]:
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]


def test_a_manager_sees_the_papers_of_the_unit_and_no_birth_day(browser: Browser, papers: list[Certificate]) -> None:
    page = browser.sign_in("phuong").get("/certificates")
    assert "3 giấy, 3 còn hiệu lực" in page.text
    assert "**/**/1985" in page.text
    assert "02/03/1985" not in page.text
    assert papers[3].number not in page.text
    assert "Mẫu Hai" in browser.get("/certificates", params={"q": "mau hai"}).text
    assert "Không có giấy nào như vậy" in browser.get("/certificates", params={"year": "2001"}).text
    assert "3 giấy" in browser.get("/certificates", params={"year": "²²²²"}).text


def test_the_book_has_the_columns_of_a_register(
    browser: Browser, db: Session, worker: Worker, papers: list[Certificate]
) -> None:
    old = db.get_one(Certificate, papers[0].id)
    new = service.replace(db, old, "lost", "Làm mất", None)
    db.commit()
    content = take(browser.sign_in("tinh"), db, worker, what="register", format="xlsx")
    head, *rows = book(content)
    assert head == [
        "STT", "Số", "Họ và tên", "Ngày sinh", "Đơn vị", "Khóa học", "Ngày hoàn thành", "Ngày cấp", "Người ký",
        "Ghi chú",
    ]  # fmt: skip
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert [row[1] for row in rows] == [*(paper.number for paper in papers), new.number]
    assert rows[0][3] == "02/03/1985"
    assert rows[0][9] == f"Thay bằng số {new.number} ngày {clock.today():%d/%m/%Y}: Làm mất"
    assert rows[4][9] == "Cấp lại lần 2"


def test_the_same_book_as_pdf_and_only_of_the_scope(
    browser: Browser, db: Session, worker: Worker, papers: list[Certificate]
) -> None:
    content = take(browser.sign_in("phuong"), db, worker, what="register", format="pdf")
    # Long words break across the lines of a narrow column.
    text = "".join(PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
    assert papers[0].number in text
    assert papers[3].number not in text
    assert "02/03/1985" not in text


def test_papers_of_a_unit_come_in_one_pdf(
    browser: Browser, db: Session, worker: Worker, papers: list[Certificate]
) -> None:
    service.revoke(db, db.get_one(Certificate, papers[1].id), "clerical", "Sai", None)
    db.commit()
    content = take(browser.sign_in("phuong"), db, worker, what="papers")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) == 2
    assert papers[0].number in pages[0]
    assert papers[2].number in pages[1]


def test_nobody_who_was_erased_is_printed_again(
    browser: Browser, db: Session, worker: Worker, papers: list[Certificate]
) -> None:
    erased = db.get_one(Person, papers[0].person_id)
    erased.wrapped_key, erased.erased_at = None, clock.now()
    db.commit()
    pages = PdfReader(io.BytesIO(take(browser.sign_in("phuong"), db, worker, what="papers"))).pages
    assert len(pages) == 2
    assert all(papers[0].number not in page.extract_text() for page in pages)


def test_a_file_ends_after_a_week(
    browser: Browser, db: Session, worker: Worker, storage: Storage, papers: list[Certificate]
) -> None:
    take(browser.sign_in("tinh"), db, worker, what="register", format="xlsx")
    wish = db.query(CertificateFile).one()
    key = str(wish.storage_key)
    with clock.frozen(clock.now() + timedelta(days=8)):
        enqueue(db, "certificates.forget_files")
        db.commit()
        worker.run_all()
    db.expire_all()
    assert db.query(CertificateFile).one().storage_key is None
    assert key not in list(storage.all_keys("certificates"))
    db.commit()
    assert browser.get(f"/certificates/files/{wish.id}").status_code == 409


def test_a_batch_is_issued_anew_once_however_often_the_job_runs(
    browser: Browser, db: Session, database: Database, storage: Storage, worker: Worker, papers: list[Certificate]
) -> None:
    browser.sign_in("tinh")
    form = {"what": "reissue", "unit": HERE, "reason": "Đổi người ký", "count": "3"}
    assert "Đang làm" in browser.post("/certificates/files", form).text
    worker.run_all()
    wish = db.query(CertificateFile).one()
    assert (wish.count, db.scalar(select(func.count()).select_from(CertificateReplacement))) == (3, 3)
    job = db.get_one(Job, wish.job_id)
    job.state, job.lease_owner, job.lease_until = "running", "lai", clock.now() + timedelta(hours=1)
    db.commit()
    reissue(JobContext(job.id, database, storage, "lai"), wish.id)
    assert db.scalar(select(func.count()).select_from(CertificateReplacement)) == 3
    assert db.scalar(select(func.count()).select_from(Certificate)) == 7


def test_a_batch_wants_a_reason_and_the_list_that_was_seen(browser: Browser, papers: list[Certificate]) -> None:
    browser.sign_in("tinh")
    for form, said in (
        ({"reason": "", "count": "4"}, "Hãy ghi lý do."), ({"reason": "Đổi mẫu", "count": "3"}, "Danh sách vừa đổi"),
    ):  # fmt: skip
        answer = browser.post("/certificates/files", {"what": "reissue"} | form)
        assert answer.status_code == 422
        assert said in answer.text


def test_a_wrong_name_is_mended_on_the_page(browser: Browser, db: Session, papers: list[Certificate]) -> None:
    browser.sign_in("tinh")
    address = f"/certificates/{papers[0].code}"
    assert browser.post(f"{address}/replace", {"kind": "name", "reason": " "}).status_code == 422
    page = browser.post(f"{address}/replace", {"kind": "name", "reason": "Sai tên đệm"})
    assert "Đã cấp giấy số 00005/" in page.text
    assert "Thay bằng số 00005/" in browser.get(f"{address}/manage").text
    revoked = browser.post(f"/certificates/{papers[1].code}/revoke", {"kind": "clerical", "reason": "Cấp nhầm"})
    assert "Thu hồi ngày" in revoked.text


FORM = {
    "superior_name": "UBND thành phố Bắc Ninh", "issuer_name": "Sở Khoa học và Công nghệ", "symbol": "HS-MOI",
    "signer_authority": "KT. Giám đốc", "signer_title": "Phó Giám đốc", "signer_name": "Lê Văn Mẫu",
    "title": "Giấy chứng nhận", "lead": "Chứng nhận", "body": "đã học {so_gio} giờ", "colour": "#1f3b63",
}  # fmt: skip


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (200, 80), "navy").save(out, "PNG")
    return out.getvalue()


def send(browser: Browser, **form: str):  # type: ignore[no-untyped-def]
    fields = FORM | {"valid_from": clock.today().isoformat()} | form
    return browser.post("/certificates/forms", fields, files={"signature": ("ky.png", picture(), "image/png")})


def test_a_form_is_previewed_and_kept(browser: Browser, db: Session, worker: Worker, papers: list[Certificate]) -> None:
    browser.sign_in("tinh")
    before = db.scalar(select(func.count()).select_from(CertificateForm))
    db.commit()
    shown = send(browser, act="preview")
    text = PdfReader(io.BytesIO(shown.content)).pages[0].extract_text()
    assert "Bản xem trước" in text
    assert "KT. GIÁM ĐỐC" in text
    assert "đã học 6 giờ" in text
    assert db.scalar(select(func.count()).select_from(CertificateForm)) == before
    db.commit()
    assert "Đã lưu mẫu" in send(browser, act="save").text
    issued = making.certificate(db)
    assert issued.number.endswith("/HS-MOI")
    assert issued.form is not None
    assert issued.form.signature_key is not None
    db.commit()
    next_one = FORM | {"valid_from": clock.today().isoformat(), "act": "preview", "keeps_signature": "true"}
    kept = browser.post("/certificates/forms", next_one)
    assert len(PdfReader(io.BytesIO(kept.content)).pages[0].images) == 1
    worker.run_all()
    db.refresh(issued, ["document"])
    assert issued.document is not None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("body", "đã học {gio}", "Không có chỗ điền tên gio"), ("valid_from", "2020-01-01", "từ hôm nay trở đi"),
        ("colour", "red", "#ac3820"), ("symbol", "HS/1", "Ký hiệu chỉ gồm"), ("title", "", "Hãy điền mục này"),
        ("valid_from", "mai", "không phải là ngày"),
    ],
)  # fmt: skip
def test_a_wrong_form_comes_back_with_what_was_typed(
    browser: Browser, papers: list[Certificate], field: str, value: str, said: str
) -> None:
    answer = send(browser.sign_in("tinh"), **{field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Lê Văn Mẫu" in answer.text
