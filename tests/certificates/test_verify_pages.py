"""The public desk: anybody can check a certificate, nobody can fish for one."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from app.certificates import service
from app.certificates.models import Certificate, CertificateDocument
from app.certificates.wording import code_in, grouped, masked_birth_date, number_in, plain_number
from app.core import clock
from app.core.jobs import Worker
from app.core.settings import Settings
from app.core.storage import Storage
from app.identity.models import Person
from tests import factories
from tests.browser import Browser
from tests.certificates import making


@pytest.fixture
def issued(db: Session) -> Certificate:
    certificate = making.certificate(db, on=date(2026, 11, 20))
    db.commit()
    return certificate


def pdf_of(db: Session, issued: Certificate, worker: Worker, storage: Storage) -> bytes:
    db.commit()
    worker.run_all()
    return b"".join(storage.read(db.get_one(CertificateDocument, issued.id).storage_key))


def test_the_code_shows_what_the_paper_says_and_nothing_that_identifies(browser: Browser, issued: Certificate) -> None:
    page = browser.get(f"/verify/{issued.code}")
    assert page.status_code == 200
    for said in (
        "Còn hiệu lực", "Nguyễn Thị Hạnh", "**/**/1985", "Phường Bắc Giang, Thành phố Bắc Ninh", making.COURSE_TITLE,
        "phiên bản 3, 6 giờ", "92/100 điểm", "20/11/2026", issued.number, "Sở Khoa học và Công nghệ",
    ):  # fmt: skip
        assert said in page.text, said
    assert "02/03" not in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["cache-control"] == "no-store"


def test_the_code_is_understood_as_people_copy_it(browser: Browser, issued: Certificate) -> None:
    for entered in (grouped(issued.code), issued.code.lower(), f"https://hocso.test/verify/{issued.code}"):
        page = browser.get("/verify", params={"code": entered})
        assert page.url.path == f"/verify/{issued.code}"
        assert "Còn hiệu lực" in page.text


@pytest.mark.parametrize(("until", "said"), [("2026-12-31", "Còn hiệu lực"), ("2026-11-20", "đã hết giá trị")])
def test_the_page_says_until_when_the_result_counts(db: Session, browser: Browser, until: str, said: str) -> None:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        day = date.fromisoformat(until)
        code = making.certificate(db, on=date(2025, 11, 20), valid_until=day).code
        db.commit()
        page = browser.get(f"/verify/{code}").text
    assert said in page
    assert f"đến hết ngày {day:%d/%m/%Y}" in page


def test_an_unknown_code_says_what_to_do(browser: Browser, issued: Certificate) -> None:
    page = browser.get("/verify/" + issued.code[::-1])
    assert page.status_code == 404
    assert "Không có giấy chứng nhận nào mang mã này" in page.text
    assert "Sở Khoa học và Công nghệ" in page.text
    assert issued.code[::-1] in page.text


@pytest.mark.parametrize("name", ["Nguyễn Thị Hạnh", "nguyen thi hanh", "  NGUYỄN  THỊ HẠNH "])
def test_number_and_name_together_lead_to_the_certificate(browser: Browser, issued: Certificate, name: str) -> None:
    page = browser.post("/verify", {"number": issued.number.lower(), "name": name})
    assert page.url.path == f"/verify/{issued.code}"
    assert "Còn hiệu lực" in page.text


@pytest.mark.parametrize(
    ("number", "name"), [("00001/2026/HS-SKHCN", "Nguyễn Thị Hà"), ("00002/2026/HS-SKHCN", "Nguyễn Thị Hạnh")]
)
def test_a_wrong_name_and_a_wrong_number_get_the_same_answer(
    browser: Browser, issued: Certificate, number: str, name: str
) -> None:
    page = browser.post("/verify", {"number": number, "name": name})
    assert page.status_code == 404
    assert "Không tìm thấy giấy chứng nhận có số và họ tên này" in page.text
    assert name in page.text
    assert issued.code not in page.text


def test_the_number_alone_is_not_enough(browser: Browser, issued: Certificate) -> None:
    page = browser.post("/verify", {"number": issued.number, "name": " "})
    assert page.status_code == 422
    assert "Hãy điền mục này." in page.text
    assert issued.number in page.text
    assert browser.get(f"/verify/{issued.number}").status_code == 404


@pytest.mark.by_turns
def test_the_issued_pdf_matches_and_a_changed_one_does_not(
    browser: Browser, db: Session, issued: Certificate, worker: Worker, storage: Storage
) -> None:
    content = pdf_of(db, issued, worker, storage)
    page = browser.post("/verify/file", files={"file": ("giay.pdf", content, "application/pdf")})
    assert page.status_code == 200
    assert "Tệp trùng khớp" in page.text
    assert "Nguyễn Thị Hạnh" in page.text
    start = hashlib.sha256(content).hexdigest()[:8]
    assert f"{start[:4]} {start[4:]}" in page.text
    changed = browser.post("/verify/file", files={"file": ("giay.pdf", content + b" ", "application/pdf")})
    assert "Tệp đã bị sửa sau khi ký" in changed.text
    assert "Nguyễn Thị Hạnh" not in changed.text


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"PK\x03\x04", 422, "Hãy chọn tệp PDF"),
        (b"", 422, "Hãy chọn tệp PDF"),
        (b"%PDF-1.7" + bytes(2 * 1024 * 1024), 413, "Tệp lớn hơn 2 MB"),
    ],
)
def test_a_file_that_cannot_be_a_certificate_is_told_so(
    browser: Browser, content: bytes, status: int, message: str
) -> None:
    page = browser.post("/verify/file", files={"file": ("giay.pdf", content, "application/pdf")})
    assert page.status_code == status
    assert message in page.text


def test_sending_no_file_asks_for_one(browser: Browser) -> None:
    page = browser.post("/verify/file")
    assert page.status_code == 422
    assert "Hãy chọn tệp PDF" in page.text


@pytest.mark.parametrize(("kind", "reason"), [("clerical", "có sai sót"), ("fraud", "không trung thực")])
def test_a_revoked_certificate_says_so_and_why_in_general(
    browser: Browser, db: Session, issued: Certificate, kind: str, reason: str
) -> None:
    service.revoke(db, db.merge(issued), kind, "Lời riêng của người quản trị", None)  # type: ignore[arg-type]
    db.commit()
    page = browser.get(f"/verify/{issued.code}")
    assert page.status_code == 200
    assert "Đã thu hồi" in page.text
    assert "Còn hiệu lực" not in page.text
    assert reason in page.text
    assert "Lời riêng" not in page.text


def test_after_erasure_the_page_says_that_personal_data_was_erased(
    browser: Browser, db: Session, issued: Certificate
) -> None:
    erased = db.get_one(Person, issued.person_id)
    erased.wrapped_key, erased.erased_at = None, clock.now()
    db.commit()
    page = browser.get(f"/verify/{issued.code}")
    assert page.status_code == 200
    assert "đã xóa theo yêu cầu" in page.text
    assert "1985" not in page.text
    assert "Nguyễn Thị Hạnh" not in page.text
    assert issued.number in page.text


def test_looking_up_too_often_is_refused_for_a_while(browser: Browser, settings: Settings, issued: Certificate) -> None:
    settings.verify_limit = "3/minute"
    for _time in range(3):
        assert browser.get("/verify/KHONGCO").status_code == 404
    refused = browser.get(f"/verify/{issued.code}")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "Quá nhiều lần thử" in refused.text


def test_signed_in_people_see_the_same_desk(
    new_browser: Callable[[], Browser], db: Session, issued: Certificate
) -> None:
    learner = factories.civil_servant(db)
    db.commit()
    assert "Còn hiệu lực" in new_browser().sign_in(learner.username).get(f"/verify/{issued.code}").text


@pytest.mark.parametrize(
    ("entered", "code"),
    [
        ("2ab4 cd6e-fgh8", "2AB4CD6EFGH8"),
        (" https://hocso.test/verify/2AB4CD6E?x=1 ", "2AB4CD6E"),
        ("http://127.0.0.1:8000/verify/2AB4CD6E", "2AB4CD6E"),
        ("00412/2026/HS-SKHCN", "004122026HSSKHCN"),
    ],
)
def test_a_code_is_read_from_what_people_have(entered: str, code: str) -> None:
    assert code_in(entered) == code


@pytest.mark.parametrize(
    "entered", ["00412/2026/HS-SKHCN", "412/2026/hs-skhcn", "Số: 00412 / 2026 / HS-SKHCN", "số:412/2026/HS-SKHCN"]
)
def test_a_number_is_read_from_what_people_have(entered: str) -> None:
    assert number_in(entered) == "00412/2026/HS-SKHCN"


def test_figures_are_written_the_vietnamese_way() -> None:
    assert [plain_number(value) for value in (6, 1.5, 0.75, 100, 92.25)] == ["6", "1,5", "0,75", "100", "92,25"]
    assert [masked_birth_date(born) for born in ("1985-03-02", "1979")] == ["**/**/1985", "**/**/1979"]
    assert grouped("ABCDEFGHJ") == "ABCD EFGH J"
