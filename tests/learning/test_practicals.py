"""A practical task counts once another person, with the role over the learner's unit, has confirmed it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.learning.models import Completion, LessonFinish, PracticalReport, PracticalVerdict
from app.notices.models import Notice
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.conftest import Learner

TASK = "Ký số một giấy mời họp"
PRACTISE = making.Lesson("L1", completion={"read": False, "practical": {"task": TASK, "role": "unit_manager"}})
NOTE = "Tôi đã ký giấy mời số 12 sáng nay."


@pytest.fixture
def practising(db: Session, new_learner: Callable[..., Learner]) -> Learner:
    making.course(db, PRACTISE)
    return new_learner()


@pytest.fixture
def new_confirmer(db: Session, new_browser: Callable[[], Browser]) -> Callable[..., Browser]:
    """`new_confirmer()` signs in somebody with that role at a unit."""

    def make(role: str = "unit_manager", at: str = factories.BAC_GIANG) -> Browser:
        holder = factories.person(db, "Phạm Thị Xác Nhận")
        factories.post(db, holder, at)
        account = factories.account(db, holder, role=role, at=at)
        db.commit()
        return new_browser().sign_in(account.username)

    return make


def report(learner: Learner, note: str = NOTE) -> Any:
    return learner.browser.post(f"/learn/{making.SLUG}/L1/practical", {"note": note})


def count(database: Database, table: type) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def the_report(database: Database) -> int:
    with database.reading() as db:
        return db.scalars(select(PracticalReport.id).order_by(PracticalReport.id.desc())).first() or 0


def test_a_confirmed_task_finishes_the_lesson_and_the_course_in_one_go(
    practising: Learner, new_confirmer: Callable[..., Browser], database: Database
) -> None:
    page = practising.browser.get(f"/learn/{making.SLUG}/L1").text
    assert TASK in page
    assert "Thực hành: làm xong thì báo để phụ trách đơn vị xác nhận." in page
    assert "chờ phụ trách đơn vị xác nhận" in report(practising).text
    assert count(database, LessonFinish) == 0

    manager = new_confirmer()
    waiting = manager.get("/practicals").text
    assert NOTE in waiting
    assert TASK in waiting
    assert "Phường Bắc Giang" in waiting
    for _twice in range(2):
        assert manager.post(f"/practicals/{the_report(database)}/confirm").status_code == 200
    assert (count(database, PracticalVerdict), count(database, LessonFinish), count(database, Completion)) == (1, 1, 1)
    assert "Phạm Thị Xác Nhận đã xác nhận ngày" in practising.browser.get(f"/learn/{making.SLUG}/L1").text
    assert NOTE not in manager.get("/practicals").text
    with database.reading() as db:
        assert db.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "practical_report")).all() == [
            "practical.confirm"
        ]
        assert db.scalars(
            select(Notice.person_id).where(Notice.category == "result", Notice.key.like("prac%"))
        ).all() == [practising.person_id]


def test_a_returned_task_says_why_and_may_be_reported_again(
    practising: Learner, new_confirmer: Callable[..., Browser], database: Database
) -> None:
    report(practising)
    manager = new_confirmer()
    first = the_report(database)
    refused = manager.post(f"/practicals/{first}/return", {"reason": "  "})
    assert refused.status_code == 422
    assert "Hãy viết lý do" in refused.text
    manager.post(f"/practicals/{first}/return", {"reason": "Giấy mời chưa có chữ ký số."})
    page = practising.browser.get(f"/learn/{making.SLUG}/L1").text
    assert "Phạm Thị Xác Nhận trả lại: “Giấy mời chưa có chữ ký số.”" in page
    assert manager.post(f"/practicals/{first}/confirm").status_code == 409, "what was said stays said"
    report(practising, "Tôi đã ký lại.")
    manager.post(f"/practicals/{the_report(database)}/confirm")
    assert (count(database, PracticalReport), count(database, LessonFinish)) == (2, 1)


def test_reporting_twice_is_reporting_once(practising: Learner, database: Database) -> None:
    assert report(practising, " ").status_code == 422
    for note in (NOTE, "Lần nữa"):
        assert report(practising, note).status_code == 200
    with database.reading() as db:
        assert db.scalars(select(PracticalReport.note)).all() == [NOTE]


def test_nobody_confirms_their_own(db: Session, new_learner: Callable[..., Learner], database: Database) -> None:
    making.course(db, PRACTISE)
    holder = factories.person(db, "Tự Mình")
    factories.post(db, holder)
    manager = new_learner(factories.account(db, holder, role="unit_manager", at=factories.BAC_GIANG))
    report(manager)
    assert NOTE not in manager.browser.get("/practicals").text
    refused = manager.browser.post(f"/practicals/{the_report(database)}/confirm")
    assert refused.status_code == 403
    assert "Không ai tự xác nhận" in refused.text
    assert count(database, PracticalVerdict) == 0


def test_only_the_role_the_lesson_names_over_the_learners_unit_confirms(
    db: Session, new_learner: Callable[..., Learner], new_confirmer: Callable[..., Browser], database: Database
) -> None:
    rule = {"read": False, "practical": {"task": TASK, "role": "instructor"}}
    making.course(db, making.Lesson("L1", completion=rule))
    learner = new_learner()
    report(learner)
    address = f"/practicals/{the_report(database)}/confirm"
    assert new_confirmer("unit_manager").post(address).status_code == 404
    assert new_confirmer("instructor", "07228").post(address).status_code == 404
    assert learner.browser.post(address).status_code == 403
    assert new_confirmer("instructor").post(address).status_code == 200
    assert count(database, LessonFinish) == 1


def test_who_belongs_to_no_unit_is_told_that_nobody_can_confirm(
    db: Session, new_learner: Callable[..., Learner]
) -> None:
    making.course(db, PRACTISE)
    learner = new_learner(factories.account(db, factories.person(db, "Chưa Có Đơn Vị")))
    refused = report(learner)
    assert refused.status_code == 422
    assert "chưa gắn với đơn vị nào" in refused.text
    assert NOTE in refused.text, "what was typed stays"


def test_a_guest_sees_the_task_and_is_asked_to_sign_in(db: Session, new_browser: Callable[[], Browser]) -> None:
    making.course(db, PRACTISE, access="open")
    db.commit()
    page = new_browser().get(f"/learn/{making.SLUG}/L1").text
    assert TASK in page
    assert "phải đăng nhập để báo đã làm xong" in page
    assert "Báo đã làm xong" not in page


def test_reports_and_verdicts_are_kept_as_they_are(
    practising: Learner, new_confirmer: Callable[..., Browser], database: Database
) -> None:
    report(practising)
    new_confirmer().post(f"/practicals/{the_report(database)}/confirm")
    for table, change in ((PracticalReport, {"note": "Khác"}), (PracticalVerdict, {"reason": "Khác"})):
        for statement in (update(table).values(change), delete(table)):
            with pytest.raises(DatabaseError), database.writing() as db:
                db.execute(statement)


def test_confirmers_hear_once_a_day_how_much_waits_for_them(
    practising: Learner, new_confirmer: Callable[..., Browser], database: Database, worker: Worker
) -> None:
    new_confirmer()
    new_confirmer(at="07228")
    report(practising)
    for _twice in range(2):
        with database.writing() as db:
            enqueue(db, "learning.tell_of_work")
        worker.run_all()
    with database.reading() as db:
        told = db.scalars(select(Notice)).one()
        assert (told.category, told.url, told.values) == ("work", "/practicals", {"count": 1})
