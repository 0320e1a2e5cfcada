"""Who is told what when: once each, in time, and no longer when it is done."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments import service
from app.core import clock
from app.core.jobs import Worker
from app.notices.models import Notice
from tests import factories
from tests.assignments.test_lists import actor, give, member

MORNING = datetime(2026, 11, 2, 8, tzinfo=clock.VIETNAM)


def told(db: Session) -> list[str]:
    db.expire_all()
    keys = [key.split(":")[0] for key in db.scalars(select(Notice.key).order_by(Notice.id))]
    db.commit()
    return keys


def run_day(worker: Worker, day: date) -> None:
    with clock.frozen(datetime(day.year, day.month, day.day, 8, tzinfo=clock.VIETNAM)):
        worker.enqueue_due_crons()
        worker.run_all()


def test_each_stage_is_told_once_and_stops_when_it_is_done(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Chưa Học")
    version = factories.course(db)
    with clock.frozen(MORNING):
        give(db, worker, version, due_on=date(2026, 12, 2))
    assert told(db) == ["assigned"]
    for day in (date(2026, 11, 3), date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)):
        run_day(worker, day)
    assert told(db) == ["assigned", "due14"]
    # Nobody was there on the 29th: it is made up for the day after.
    run_day(worker, date(2026, 11, 30))
    run_day(worker, date(2026, 12, 2))
    assert told(db) == ["assigned", "due14", "due3", "due0"]
    run_day(worker, date(2026, 12, 9))
    assert told(db)[-1] == "late7"
    with clock.frozen(datetime(2026, 12, 20, 8, tzinfo=clock.VIETNAM)):
        factories.completion(db, account.person, version, date(2026, 12, 20))
        db.commit()
    run_day(worker, date(2027, 1, 2))
    assert told(db)[-1] == "late7"


def test_who_is_given_it_late_is_not_told_of_days_long_past(db: Session, worker: Worker) -> None:
    version = factories.course(db)
    with clock.frozen(MORNING):
        give(db, worker, version, due_on=date(2026, 11, 10), grace_days=5)
    with clock.frozen(datetime(2026, 11, 9, 9, tzinfo=clock.VIETNAM)):
        factories.civil_servant(db, name="Mới Vào")
        db.commit()
    run_day(worker, date(2026, 11, 10))
    assert told(db) == ["assigned"]
    run_day(worker, date(2026, 11, 11))
    assert told(db) == ["assigned", "due3"]


def test_the_excused_are_left_in_peace(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db)
    with clock.frozen(MORNING):
        assignment = give(db, worker, factories.course(db), due_on=date(2026, 11, 20))
        service.exempt(db, member(db, assignment, account.person), "ốm dài ngày", actor(db))
        db.commit()
    run_day(worker, date(2026, 11, 19))
    assert told(db) == ["assigned"]


def test_a_manager_hears_on_mondays_how_many_of_theirs_are_late(db: Session, worker: Worker) -> None:
    manager = factories.account(db, username="quanly", role="unit_manager", at="07210")
    other = factories.account(db, username="noikhac", role="unit_manager", at="07681")
    factories.civil_servant(db)
    factories.civil_servant(db)
    with clock.frozen(MORNING):
        give(db, worker, factories.course(db), due_on=date(2026, 11, 20))
    for day in (date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 30)):
        run_day(worker, day)
    heard = {
        person_id: [one.values["count"] for one in db.scalars(select(Notice).where(Notice.person_id == person_id))]
        for person_id in (manager.person_id, other.person_id)
    }
    assert heard == {manager.person_id: [2, 2], other.person_id: []}


def test_a_manager_reminds_each_person_once_a_day(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db)
    assignment = give(db, worker, factories.course(db))
    members = [member(db, assignment, account.person)]
    by = actor(db)
    assert service.remind_now(db, assignment.rounds[-1], members, by) == 1
    assert service.remind_now(db, assignment.rounds[-1], members, by) == 0
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert service.remind_now(db, assignment.rounds[-1], members, by) == 1
