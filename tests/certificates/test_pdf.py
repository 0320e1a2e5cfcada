"""The paper: it says what is stored, fits on one page whatever the names, and its QR code opens the public page."""

import hashlib
import io
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.certificates import pdf
from app.certificates.forms import form_on
from app.certificates.models import Certificate, CertificateDocument
from app.certificates.papers import statement_of
from app.certificates.wording import filled
from app.core import clock
from app.core.db import Database
from app.core.jobs import Job, Worker, enqueue
from app.core.storage import Storage
from app.core.text import nfc
from tests import factories
from tests.certificates import making

URL = "https://hocso.test"
LONGEST_NAME = "Nguyễn Trần Hoàng Phượng Khánh Quỳnh Nghiêm Thượng Đoàn Vĩnh"


def sheet(certificate: Certificate, born: str = "1985-03-02", **more: Any) -> pdf.Sheet:
    db = object_session(certificate)
    assert db is not None
    # A test may have put longer names into the row, which no database would take.
    with db.no_autoflush:
        form = form_on(db, certificate.issued_on)
    return pdf.Sheet(certificate, form, born, statement_of(certificate), **more)


def paper_of(certificate: Certificate, born: str = "1985-03-02") -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(pdf.render([sheet(certificate, born)], URL)))
    return reader, nfc(reader.pages[0].extract_text())


def test_the_paper_says_what_is_stored(db: Session) -> None:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        issued = making.certificate(db, on=date(2026, 11, 20))
    reader, text = paper_of(issued)
    assert len(reader.pages) == 1
    for said in (
        "GIẤY CHỨNG NHẬN HOÀN THÀNH KHÓA HỌC", "UBND THÀNH PHỐ BẮC NINH", "SỞ KHOA HỌC VÀ CÔNG NGHỆ", "Nguyễn Thị Hạnh",
        "Sinh ngày 02/03/1985", "Chuyên viên, Phường Bắc Giang, Thành phố Bắc Ninh", making.COURSE_TITLE, "Phiên bản 3",
        "6 giờ học", "Kết quả 92/100 điểm", "Hoàn thành ngày 20/11/2026", "Ngày cấp: 21/11/2026", "GIÁM ĐỐC",
        "Số: 00001/2026/HS-SKHCN", f"{URL}/verify", issued.code[:4],
    ):  # fmt: skip
        assert said in text, f"{said!r} is missing in:\n{text}"
    assert "chứng chỉ" not in text.lower()


def test_the_paper_says_how_long_it_counts_unless_it_is_for_ever_or_from_before(db: Session) -> None:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        issued = making.certificate(db, on=date(2026, 11, 20), valid_until=date(2027, 11, 20))
    reader, text = paper_of(issued)
    assert len(reader.pages) == 1
    assert "Có giá trị đến hết ngày 20/11/2027" in " ".join(text.split())
    with db.no_autoflush:
        issued.valid_until = None
        assert "giá trị" not in paper_of(issued)[1]
    db.expire(issued)


def test_the_paper_is_archival_and_accessible(db: Session) -> None:
    issued = making.certificate(db)
    reader, _text = paper_of(issued)
    assert reader.metadata is not None
    assert reader.metadata.title == f"{issued.title} {issued.number}"
    assert reader.root_object["/Lang"] == "vi-VN"
    assert reader.root_object["/MarkInfo"]["/Marked"]
    xmp = reader.root_object["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp


@pytest.mark.parametrize("stain_mm", [0, 6])
def test_the_code_on_the_paper_reads_even_stained(db: Session, stain_mm: int) -> None:
    issued = making.certificate(db)
    # 200 dots per inch, as an office's scanner takes it.
    paper = pypdfium2.PdfDocument(pdf.render([sheet(issued)], URL))[0].render(scale=200 / 72).to_pil()
    (whole,) = zxingcpp.read_barcodes(paper)
    corner, stain = whole.position.bottom_right, int(stain_mm / 25.4 * 200)
    paper.paste("#777777", (corner.x - stain, corner.y - stain, corner.x, corner.y))
    found = zxingcpp.read_barcodes(paper)
    assert [code.text for code in found] == [pdf.statement_url(URL, statement_of(issued))]


def test_only_our_typeface_is_used(db: Session) -> None:
    reader, _text = paper_of(making.certificate(db))
    fonts = {font.get_object()["/BaseFont"].split("+")[-1] for font in reader.pages[0]["/Resources"]["/Font"].values()}
    assert fonts
    assert all(font.startswith("BeVietnamPro") for font in fonts), fonts


def test_the_same_row_gives_the_same_bytes(db: Session) -> None:
    issued = making.certificate(db)
    assert pdf.render([sheet(issued)], URL) == pdf.render([sheet(issued)], URL)


@pytest.mark.parametrize("title_length", [60, 200])
def test_the_longest_names_stay_on_one_page(db: Session, title_length: int) -> None:
    assert len(LONGEST_NAME) == 60
    issued = making.certificate(db, title=("Khai thác nền tảng số trong cơ quan nhà nước " * 5)[:title_length].strip())
    issued.holder_name = LONGEST_NAME
    issued.holder_title = "Phó Trưởng phòng phụ trách chuyển đổi số và đổi mới sáng tạo"
    issued.unit_name = ", ".join(["Trung tâm Phục vụ hành chính công", "Phường Bắc Giang", "Thành phố Bắc Ninh"] * 3)
    issued.signer_name, issued.signer_title = LONGEST_NAME, "KT. Giám đốc, Phó Giám đốc"
    reader, text = paper_of(issued)
    db.expire(issued)
    assert len(reader.pages) == 1
    assert LONGEST_NAME in " ".join(text.split())


def test_markup_in_a_title_is_only_text(db: Session) -> None:
    issued = making.certificate(db, title="Trần #pagebreak() *Văn* $x$")
    assert "Trần #pagebreak() *Văn* $x$" in paper_of(issued, "")[1]


@pytest.mark.parametrize("name", ["Ksor H’Bơ Khăp", "Y Ƀhŏk Čil", "Lò Thị Ỷ"])
def test_letters_of_the_minority_languages_are_printed(db: Session, name: str) -> None:
    text = paper_of(making.certificate(db, factories.person(db, name)), "")[1]
    # Letters borrowed from another typeface come out of the reader as pieces of their own.
    assert set(name) <= set(text)


def test_a_paper_without_unit_mark_and_birth_date_says_nothing_in_their_place(db: Session) -> None:
    issued = making.certificate(db, factories.person(db, "Lý Thị Mẫu"), score=None)
    assert filled("đạt {ket_qua} điểm", issued) == "đạt – điểm"
    text = paper_of(issued, "")[1]
    assert "Kết quả" not in text
    assert "Sinh" not in text
    assert "None" not in text


def test_the_job_makes_the_pdf_once_and_keeps_its_hash(database: Database, worker: Worker, storage: Storage) -> None:
    with database.writing() as db:
        issued = making.certificate(db)
    worker.run_all()
    with database.writing() as db:
        made = db.get_one(CertificateDocument, issued.id)
        job = db.scalars(select(Job).where(Job.kind == "certificates.render_pdf")).one()
        # As if the worker had died right after its commit: the lease runs out and the job runs again.
        job.state, job.lease_until = "running", clock.now()
    content = b"".join(storage.read(made.storage_key))
    assert made.storage_key == f"certificates/{issued.issued_on.year}/{issued.code}-{made.sha256[:12]}.pdf"
    assert (made.sha256, made.size) == (hashlib.sha256(content).hexdigest(), len(content))
    worker.run_all()
    with database.reading() as db:
        assert db.get_one(Job, job.id).state == "done"
        assert db.get_one(CertificateDocument, issued.id).made_at == made.made_at


def test_a_pdf_that_failed_is_ordered_again(database: Database, worker: Worker) -> None:
    with database.writing() as db:
        issued = making.certificate(db)
        job = db.scalars(select(Job).where(Job.kind == "certificates.render_pdf")).one()
        job.state, job.unique_key, job.finished_at = "failed", None, clock.now()
    worker.run_all()
    with database.writing() as db:
        assert db.get(CertificateDocument, issued.id) is None
        enqueue(db, "certificates.order_missing")
    worker.run_all()
    with database.reading() as db:
        assert db.get(CertificateDocument, issued.id) is not None
