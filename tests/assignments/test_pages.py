"""A manager assigns, follows and excuses; a learner sees the day, promises, and has it in the calendar."""

import re
from collections.abc import Callable
from datetime import timedelta

import icalendar
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment, AssignmentMember
from app.core import clock
from app.core.jobs import Worker
from tests import factories
from tests.assignments.test_lists import give
from tests.browser import Browser

DUE = clock.today() + timedelta(days=40)


@pytest.fixture
def manager(db: Session, browser: Browser) -> Browser:
    factories.account(db, username="quanly", role="unit_manager", at="07210")
    factories.civil_servant(db, "hanh", name="Nguyễn Thị Hạnh")
    factories.civil_servant(db, "noikhac", "07681", name="Người Nơi Khác")
    factories.course(db)
    unit = factories.unit_id(db, "07210")
    db.commit()
    browser.sign_in("quanly")
    browser.unit = unit  # type: ignore[attr-defined]
    return browser


def fields(browser: Browser, **more: object) -> dict[str, object]:
    given = {
        "course": "thu01", "unit": str(browser.unit), "audience": "CBCC", "repeat": "once",  # type: ignore[attr-defined]
        "due": f"{DUE:%d/%m/%Y}", "grace": "30", "grounds": "Kế hoạch thử số 01",
    }  # fmt: skip
    return given | more


def test_first_whom_it_names_then_the_assignment(db: Session, manager: Browser, worker: Worker) -> None:
    preview = manager.post("/assignments/new", fields(manager))
    assert "Sẽ giao cho 1 người" in preview.text
    assert "Nguyễn Thị Hạnh" in preview.text
    assert "Người Nơi Khác" not in preview.text
    assert db.scalar(select(Assignment)) is None
    db.commit()
    page = manager.post("/assignments/new", fields(manager, confirm="1"))
    assert "Danh sách người học đang được lập" in page.text
    worker.run_all()
    page = manager.get("/assignments")
    assert "0 trên 1 người đã xong" in page.text


def test_what_was_typed_comes_back_with_what_is_wrong(manager: Browser) -> None:
    page = manager.post(
        "/assignments/new", fields(manager, audience="", due="31/02/2026", grace="nhiều", people="khong-co-ai")
    )
    assert page.status_code == 422
    for sentence in ("Hãy nhập ngày", "số ngày từ 0 đến 365", "Không tìm thấy trong phạm vi của anh/chị: khong-co-ai"):
        assert sentence in page.text
    assert 'value="31/02/2026"' in page.text
    assert "Kế hoạch thử số 01" in page.text


def test_nobody_assigns_in_a_unit_that_is_not_theirs(db: Session, manager: Browser) -> None:
    elsewhere = str(factories.unit_id(db, "07681"))
    db.commit()
    assert manager.post("/assignments/new", fields(manager, unit=elsewhere, confirm="1")).status_code == 404
    assert "Không tìm thấy" in manager.post("/assignments/new", fields(manager, people="noikhac")).text
    assert db.scalar(select(Assignment)) is None


def test_a_manager_below_sees_only_their_people_and_cannot_end_it(
    db: Session, manager: Browser, worker: Worker
) -> None:
    from app.catalogue.models import CourseVersion

    assignment = give(db, worker, db.scalars(select(CourseVersion)).one())
    page = manager.get(f"/assignments/{assignment.id}")
    assert "Nguyễn Thị Hạnh" in page.text
    assert "Người Nơi Khác" not in page.text
    assert "Kết thúc việc giao này" not in page.text
    assert manager.post(f"/assignments/{assignment.id}/end").status_code == 403
    theirs = db.scalars(
        select(AssignmentMember.id).where(AssignmentMember.unit_id == factories.unit_id(db, "07681"))
    ).one()
    db.commit()
    assert manager.get(f"/assignments/{assignment.id}/members/{theirs}").status_code == 404


def test_excusing_needs_a_reason_and_keeps_it(db: Session, manager: Browser, worker: Worker) -> None:
    manager.post("/assignments/new", fields(manager, confirm="1"))
    worker.run_all()
    mine = db.scalars(select(AssignmentMember)).one()
    db.commit()
    place = f"/assignments/1/members/{mine.id}"
    page = manager.post(place, {"what": "exempt", "reason": ""})
    assert page.status_code == 422
    assert "Hãy ghi lý do." in page.text
    page = manager.post(place, {"what": "exempt", "reason": "nghỉ thai sản"})
    assert "miễn: nghỉ thai sản" in page.text
    assert "Người này lại thuộc diện phải học." in manager.post(place, {"what": "ask"}).text
    later = DUE + timedelta(days=10)
    assert "Hạn mới phải sau" in manager.post(place, {"what": "extend", "due": "01/01/2026", "reason": "x"}).text
    page = manager.post(place, {"what": "extend", "due": f"{later:%d/%m/%Y}", "reason": "đi công tác"})
    assert f"{later:%d/%m/%Y}" in page.text


def test_reminding_from_the_page(manager: Browser, worker: Worker) -> None:
    manager.post("/assignments/new", fields(manager, confirm="1"))
    worker.run_all()
    assert "Đã nhắc 1 người" in manager.post("/assignments/1/remind").text
    assert "Đã nhắc 0 người" in manager.post("/assignments/1/remind").text


def test_nominating_somebody_of_ones_own(db: Session, manager: Browser, worker: Worker) -> None:
    manager.post("/assignments/new", fields(manager, confirm="1"))
    worker.run_all()
    helper = factories.person(db, "Tình Nguyện Viên")
    factories.post(db, helper, audiences=("TCNSCD",))
    factories.account(db, helper, "tinhnguyen")
    db.commit()
    assert "Không tìm thấy" in manager.post("/assignments/1/nominate", {"people": "noikhac"}).text
    page = manager.post("/assignments/1/nominate", {"people": "tinhnguyen\n"})
    assert "Đã thêm 1 người" in page.text
    assert "Tình Nguyện Viên" in page.text
    assert "đề cử" in page.text


def test_the_learner_sees_the_day_promises_and_has_it_in_the_calendar(
    db: Session, manager: Browser, worker: Worker, new_browser: Callable[[], Browser]
) -> None:
    manager.post("/assignments/new", fields(manager, confirm="1", commitment="1"))
    worker.run_all()
    hanh = new_browser().sign_in("hanh")
    page = hanh.get("/my")
    assert f"hạn {DUE:%d/%m/%Y}" in page.text
    assert "Kế hoạch thử số 01" in page.text
    promise = re.search(r"/my/commitments/\d+", page.text)
    assert promise
    assert "Tôi, Nguyễn Thị Hạnh, cam kết" in hanh.get(promise[0]).text
    assert "anh/chị đã cam kết ngày" in hanh.post(promise[0]).text
    assert manager.get(promise[0]).status_code == 404
    calendar = icalendar.Calendar.from_ical(hanh.get("/my/deadlines.ics").content)
    (event,) = calendar.walk("VEVENT")
    assert event.decoded("dtstart") == DUE
    address = re.search(r"/calendar/[^<\s]+\.ics", hanh.get("/my/deadlines").text)
    assert address
    stranger = new_browser()
    assert stranger.get(address[0]).text.count("BEGIN:VEVENT") == 1
    assert stranger.get(address[0].replace(".ics", "x.ics")).status_code == 404


def test_the_end_stops_the_asking(
    db: Session, manager: Browser, worker: Worker, new_browser: Callable[[], Browser]
) -> None:
    manager.post("/assignments/new", fields(manager, confirm="1"))
    worker.run_all()
    assert "Đã kết thúc" in manager.post("/assignments/1/end").text
    assert f"{DUE:%d/%m/%Y}" not in new_browser().sign_in("hanh").get("/my").text
    assert manager.post("/assignments/1/nominate", {"people": "hanh"}).status_code == 409
