"""The holder's own page: theirs alone, with the PDF as soon as it is made."""

import io
from collections.abc import Callable
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates import service
from app.certificates.models import Certificate
from app.certificates.queries import certificates_of
from app.core.jobs import Job, Worker
from app.identity.models import Account
from tests import factories
from tests.browser import Browser
from tests.certificates import making


@pytest.fixture
def holder(db: Session) -> Account:
    return factories.civil_servant(db, "hanh", name="Nguyễn Thị Hạnh")


@pytest.fixture
def issued(db: Session, holder: Account) -> Certificate:
    certificate = making.certificate(db, holder.person)
    factories.civil_servant(db, "nguoikhac")
    db.commit()
    return certificate


def test_the_holder_waits_for_the_pdf_and_then_takes_it(browser: Browser, issued: Certificate, worker: Worker) -> None:
    browser.sign_in("hanh")
    waiting = browser.get(f"/certificates/{issued.code}")
    assert "Đang tạo bản PDF" in waiting.text
    assert 'hx-trigger="every 2s"' in waiting.text
    early = browser.get(f"/certificates/{issued.code}/pdf")
    assert early.status_code == 404
    assert "đang được tạo" in early.text
    worker.run_all()
    fragment = browser.get(f"/certificates/{issued.code}", headers={"hx-request": "true"})
    assert fragment.text.lstrip().startswith("<div")
    assert "Tải bản PDF" in fragment.text
    assert "hx-trigger" not in fragment.text
    download = browser.get(f"/certificates/{issued.code}/pdf")
    assert download.headers["content-type"] == "application/pdf"
    assert download.headers["content-length"] == str(len(download.content)), "a browser shows how much is to come"
    assert (
        download.headers["content-disposition"]
        == f'attachment; filename="giay-chung-nhan-{issued.number.replace("/", "-")}.pdf"'
    )
    assert "Nguyễn Thị Hạnh" in PdfReader(io.BytesIO(download.content)).pages[0].extract_text()


def test_a_failed_pdf_is_explained(browser: Browser, db: Session, issued: Certificate) -> None:
    db.scalars(select(Job).where(Job.kind == "certificates.render_pdf")).one().state = "failed"
    db.commit()
    page = browser.sign_in("hanh").get(f"/certificates/{issued.code}")
    assert "Chưa tạo được bản PDF" in page.text


@pytest.mark.parametrize("path", ["/certificates/{code}", "/certificates/{code}/pdf"])
def test_somebody_else_does_not_find_it(browser: Browser, issued: Certificate, worker: Worker, path: str) -> None:
    worker.run_all()
    refused = browser.sign_in("nguoikhac").get(path.format(code=issued.code))
    assert refused.status_code == 404
    assert "Nguyễn Thị Hạnh" not in refused.text


@pytest.mark.parametrize("path", ["/certificates/{code}", "/certificates/{code}/pdf"])
def test_somebody_not_signed_in_is_asked_to(browser: Browser, issued: Certificate, path: str) -> None:
    asked = browser.get(path.format(code=issued.code))
    assert asked.url.path == "/sign-in"
    assert "Nguyễn Thị Hạnh" not in asked.text


def test_a_revoked_certificate_cannot_be_downloaded(
    new_browser: Callable[[], Browser], db: Session, issued: Certificate, worker: Worker
) -> None:
    worker.run_all()
    service.revoke(db, db.get_one(Certificate, issued.id), "clerical", "Sai tên khóa học", None)
    db.commit()
    browser = new_browser().sign_in("hanh")
    page = browser.get(f"/certificates/{issued.code}")
    assert "Đã thu hồi" in page.text
    assert "Tải bản PDF" not in page.text
    assert browser.get(f"/certificates/{issued.code}/pdf").status_code == 403


def test_a_person_has_all_their_certificates_newest_first(db: Session, holder: Account, issued: Certificate) -> None:
    second = making.certificate(db, holder.person, title="Khóa khác", on=date(2026, 5, 1))
    service.revoke(db, second, "clerical", "Sai", None)
    cards = certificates_of(db, holder.person_id)
    assert [(card.code, card.state, card.has_pdf) for card in cards] == [
        (second.code, "revoked", False), (issued.code, "valid", False),
    ]  # fmt: skip
