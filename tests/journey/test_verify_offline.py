"""Somebody at a gate without a signal checks a paper's QR code: the browser itself finds one altered letter."""

import pytest
from playwright.sync_api import Browser, Page, expect

from app.certificates import service
from app.certificates.models import Certificate
from app.certificates.papers import statement_of
from tests.certificates import making
from tests.journey.conftest import LiveServer, Screen


@pytest.fixture
def papers(live: LiveServer) -> tuple[str, str]:
    """The QR codes' texts of a valid and of a revoked certificate."""
    with live.runtime.database.writing() as db:
        valid, revoked = making.certificate(db), making.certificate(db)
        service.revoke(db, db.get_one(Certificate, revoked.id), "clerical", "Sai", None)
        return statement_of(valid), statement_of(revoked)


@pytest.fixture
def page(live: LiveServer, chromium: Browser, papers: tuple[str, str]) -> Page:
    """The page was opened once with a network; now there is none."""
    page = Screen(chromium, live.url, 360, "kiem-tra-khong-mang").page
    page.goto("/verify/offline")
    expect(page.get_by_text("Sẵn sàng khi mất mạng")).to_be_visible()
    page.context.set_offline(True)
    return page


def test_the_network_off_a_scanned_code_is_checked(page: Page, papers: tuple[str, str]) -> None:
    valid, revoked = papers
    # What a phone's camera does with a code.
    page.goto(f"/verify/q/{valid}")
    answer = page.locator("[data-answer]")
    expect(answer).to_contain_text("Chữ ký đúng")
    expect(answer).to_contain_text("Nguyễn Thị Hạnh")
    expect(answer).to_contain_text("Theo danh sách thu hồi lập lúc")
    page.goto(f"/verify/q/{revoked}")
    expect(answer).to_contain_text("đã bị thu hồi")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_network_off_one_altered_letter_is_refused_with_the_reason(page: Page, papers: tuple[str, str]) -> None:
    valid, _revoked = papers
    answer = page.locator("[data-answer]")
    for place, reason in ((60, "Chữ ký trong mã QR không khớp"), (3, "khóa ký không phải của nền tảng này")):
        altered = valid[:place] + ("A" if valid[place] != "A" else "B") + valid[place + 1 :]
        page.get_by_label("Nội dung quét được").fill(altered)
        page.get_by_role("button", name="Kiểm tra").click()
        expect(answer).to_contain_text(reason)
        expect(answer).not_to_contain_text("Nguyễn Thị Hạnh")
    page.get_by_label("Nội dung quét được").fill("không phải mã")
    page.get_by_role("button", name="Kiểm tra").click()
    expect(answer).to_contain_text("bị thiếu, hoặc không phải mã")
