"""The desk of who manages a unit: what is due, its targets, who is missing; results handed in stand still."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import Session
from app.coverage.models import DeclaredFigure
from app.coverage.rounds.models import DeclarationRound, DeclarationStep
from tests import factories
from tests.browser import Browser

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ROUND = {
    "title": "Kết quả năm 2026", "period": "2026", "unit": "24", "kinds": ["commune"], "as_of": "2026-11-21",
    "due_on": "2026-11-30",
}  # fmt: skip
SIGNED = {"signer_title": "Chủ tịch", "signer_name": "Nguyễn Văn Ký", "act": "submit"}


@pytest.fixture(autouse=True)
def on_a_day() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def manager(db: Session, browser: Browser) -> Browser:
    """Of 07210, where one of two officials has learned."""
    factories.account(db, username="tinh", role="province_admin")
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    factories.account(db, username="solieu", role="reporter", at="07210")
    version = factories.course(db, "SO01", tags=["CDS"])
    for learned in (True, False):
        holder = factories.person(db, "Trần Thị Học" if learned else "Lê Văn Thiếu")
        factories.post(db, holder, "07210")
        if learned:
            factories.completion(db, holder, version, date(2026, 3, 10))
    db.commit()
    return browser.sign_in("phutrach")


def asked(db: Session, browser: Browser) -> str:
    browser.sign_in("tinh").post("/declarations", ROUND)
    round_id, unit_id = db.scalars(select(DeclarationRound.id)).one(), factories.unit_id(db)
    db.rollback()
    return f"/declarations/{round_id}/units/{unit_id}"


def test_the_desk_shows_targets_and_who_is_missing(manager: Browser) -> None:
    page = manager.get("/desk").text
    assert "Bàn làm việc: Phường Bắc Giang" in page
    assert "1 trên 2 người" in page
    assert 'href="/coverage/BG-CBCC/missing?unit=07210"' in page
    assert "Lê Văn Thiếu" not in page, "names are one step further, for who may see them"
    assert "BG-NC-LAODONG" not in page, "what counts nobody here is left out"


def test_what_is_asked_stands_by_deadline_and_overdue_is_a_word(db: Session, manager: Browser) -> None:
    url = asked(db, manager)
    page = manager.sign_in("phutrach").get("/desk").text
    assert f'href="{url}"' in page
    assert "Nộp kết quả" in page
    assert "quá hạn" not in page
    with clock.frozen(NOW + timedelta(days=12)):
        assert "quá hạn" in manager.sign_in("phutrach").get("/desk").text


def test_results_handed_in_stand_still_and_are_signed(db: Session, manager: Browser) -> None:
    url = asked(db, manager)
    manager.sign_in("phutrach")
    assert manager.post(url, {"act": "submit"}).status_code == 422, "nobody signed"
    assert "1 trên 2 người" in manager.post(url, SIGNED).text
    holder = factories.person(db)
    factories.post(db, holder, "07210")
    db.commit()
    assert "1 trên 3 người" in manager.get("/desk").text
    frozen = manager.get(url).text
    assert "1 trên 2 người" in frozen
    assert "Chủ tịch Nguyễn Văn Ký" in frozen
    manager.sign_in("tinh").post(f"{url}/decide", {"act": "return", "reason": "Thiếu một người mới về"})
    manager.sign_in("phutrach").post(url, SIGNED)
    assert "1 đơn vị chờ duyệt" in manager.sign_in("tinh").get("/desk").text
    manager.post(f"{url}/decide", {"act": "approve"})
    assert "chờ duyệt" not in manager.get("/desk").text
    db.rollback()
    steps = db.scalars(select(DeclarationStep).order_by(DeclarationStep.id)).all()
    assert [one.step for one in steps] == ["submitted", "returned", "submitted", "approved"]
    lines = [{row["code"]: row for row in one.typed["results"]} for one in (steps[0], steps[2])]
    assert [one["BG-CBCC"]["denominator"] for one in lines] == [2, 3]
    assert db.scalars(select(DeclaredFigure.id).where(DeclaredFigure.account_id.is_not(None))).all() == []
    db.rollback()
    assert "Đã được duyệt" in manager.sign_in("phutrach").get("/desk").text


def test_a_reporter_looks_and_is_offered_nothing_to_do(manager: Browser) -> None:
    page = manager.sign_in("solieu").get("/desk").text
    assert "1 trên 2 người" in page
    assert "/missing" not in page
    assert "/assignments/new" not in page


def test_only_a_desk_of_ones_own_opens(manager: Browser) -> None:
    assert manager.get("/desk?unit=07228").status_code == 404
