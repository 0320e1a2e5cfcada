"""Learning a course again: when it makes sense, that it begins afresh and once, and that the round before it stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.models import AssignmentMember
from app.assignments.rules import Rule
from app.assignments.service import Order, assign, open_due_rounds
from app.catalogue.source import CompletionRule
from app.certificates.models import Certificate
from app.core import clock, events
from app.core.db import Database
from app.core.jobs import Worker
from app.coverage.counting.figures import Question, figure
from app.identity.sign_in import accounts
from app.learning import stamps
from app.learning.completions import annul_completion
from app.learning.models import Attempt, BlockProgress, Completion, Enrolment, LessonFinish
from app.learning.rounds import NothingToRepeat, begin_round, next_round, results_of, why_again
from app.learning.service import enrol, finish_reading, meet_part, take_back_part
from app.main import HANDLERS
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.visiting import Visitor

pytestmark = pytest.mark.on_both

COURSE = f"/courses/{making.SLUG}"
LAST_YEAR = datetime(2026, 5, 12, 3, tzinfo=UTC)
THIS_YEAR = datetime(2027, 2, 8, 3, tzinfo=UTC)
TABLES = (Attempt, BlockProgress, LessonFinish)


@pytest.fixture(autouse=True)
def everybody_listens() -> None:
    events.wire(HANDLERS)


@pytest.mark.parametrize(
    ("rule", "on", "until", "why"),
    [
        ({}, "2027-01-02", None, None),
        ({}, "2026-12-31", None, "year"),
        ({"valid_months": 12}, "2026-03-10", "2027-03-10", "validity"),
        ({"valid_months": 12}, "2026-06-10", "2027-06-10", "year"),
        ({"valid_months": 1}, "2027-01-20", "2027-02-20", "validity"),
        ({"valid_months": 1}, "2027-02-08", "2027-03-08", None),
        ({"is_valid_until_year_end": True}, "2026-11-20", "2026-12-31", "validity"),
    ],
    ids=["of this year", "of last year", "ends soon", "ends later", "short", "no longer than now", "ended"],
)
def test_another_round_makes_sense_where_it_gives_something(
    rule: dict[str, object], on: str, until: str | None, why: str | None
) -> None:
    had = [(date.fromisoformat(on), date.fromisoformat(until) if until else None)]
    assert why_again(had, CompletionRule(**rule), date(2027, 2, 8)) == why  # type: ignore[arg-type]


def test_a_year_later_the_course_is_learned_again_from_the_start(
    db: Session, database: Database, worker: Worker, new_browser: Callable[[], Browser]
) -> None:
    version = making.course(db, making.READ, making.WATCH, making.ANSWER)
    account = factories.civil_servant(db)
    with later(LAST_YEAR):
        person_id, first_id = account.person_id, enrol(db, account.person_id, version.course_id).id
        order_yearly(db, version.course_id)
        db.commit()
        worker.run_all()
        username = account.username
        db.commit()
        visitor = Visitor(new_browser().sign_in(username))
    learn_everything(visitor, LAST_YEAR)
    assert done_rounds(database, person_id) == {"2026": True}
    before = contents(database, first_id)
    with later(LAST_YEAR):
        assert "Học lại" not in visitor.browser.get(COURSE).text
    with later(THIS_YEAR):
        visitor.browser.sign_in(username)
        open_due_rounds(db)
        db.commit()
        worker.run_all()
        stale = visitor.open("L2"), visitor.open("L1")
        assert "Học lại để hoàn thành năm 2027" in visitor.browser.get("/my").text
        assert "Học lại để hoàn thành năm 2027" in visitor.browser.get(COURSE).text
        for _twice in range(2):
            begun = visitor.browser.post(f"{COURSE}/again", {"round": "2"})
            assert "Đợt học 2 đã bắt đầu" in begun.text
        assert "Đã xong 0 trên 3 bài" in begun.text
        assert "Các đợt trước" in begun.text
        assert "hoàn thành ngày 12/05/2026 · kết quả 100%" in begun.text
        assert "đợt trước hoàn thành ngày 12/05/2026" in visitor.browser.get("/my").text
    with later(THIS_YEAR, minutes=5):
        # A page left open from the first round is a page of the first round.
        assert visitor.save(stale[0], (0, 100), client="trang-cu").json()["lesson_finished"]
        assert visitor.read("L1", stale[1]).status_code == 422
        second_id = going_on(database, person_id)
        assert contents(database, second_id) == [0, 0, 0]
    learn_everything(visitor, THIS_YEAR + timedelta(days=1))
    assert contents(database, first_id) == before
    assert contents(database, second_id) == before
    got = db.scalars(select(Completion).order_by(Completion.id)).all()
    assert [(one.enrolment_id, one.occasion, one.completed_on.year) for one in got] == [
        (first_id, "", 2026), (second_id, "round:2", 2027),
    ]  # fmt: skip
    assert db.scalars(select(Certificate.completion_id).order_by(Certificate.id)).all() == [one.id for one in got]
    assert done_rounds(database, person_id) == {"2026": True, "2027": True}
    for day in (date(2026, 12, 31), date(2027, 12, 31)):
        with later(THIS_YEAR, days=2):
            found = figure(db, Question("BG-CBCC", "24", day))
            assert (found.numerator, found.denominator.value) == (1, 1), day


def test_two_requests_at_once_begin_one_round(db: Session, database: Database) -> None:
    enrolment = completed(db, making.READ)
    db.commit()

    def begin() -> int:
        with database.writing() as own:
            return begin_round(own, own.get_one(Enrolment, enrolment.id), 2).id

    with later(THIS_YEAR), ThreadPoolExecutor(3) as pool:
        begun = [call.result() for call in [pool.submit(begin) for _ in range(3)]]
    assert len(set(begun)) == 1
    assert db.scalars(select(Enrolment.round).order_by(Enrolment.id)).all() == [1, 2]


def test_what_is_under_way_or_just_done_is_not_begun_again(db: Session) -> None:
    enrolment = completed(db, making.READ)
    with later(LAST_YEAR, days=1), pytest.raises(NothingToRepeat):
        begin_round(db, enrolment, 2)
    with later(THIS_YEAR):
        again = begin_round(db, enrolment, 2)
        with pytest.raises(NothingToRepeat):
            begin_round(db, again, 3)


def test_what_was_annulled_is_learned_again(db: Session) -> None:
    enrolment = completed(db, making.READ)
    with later(LAST_YEAR, days=1):
        annul_completion(db, db.scalars(select(Completion)).one(), None, "Nhờ người học hộ", fraud=True)
        offered = next_round(db, enrolment)
        assert offered is not None
        assert offered.reason == "annulled"
        again = begin_round(db, enrolment, 2)
    read(db, again, LAST_YEAR + timedelta(days=2))
    assert [one.completed_on for one in db.scalars(select(Completion).order_by(Completion.id))] == [
        date(2026, 5, 12), date(2026, 5, 14),
    ]  # fmt: skip


def test_a_class_counts_for_the_round_of_its_day(db: Session) -> None:
    """Also one held before the round began, but not the one that completed the last; and what is taken back ends the
    completion it was part of.
    """
    enrolment = completed(db, making.READ, rule=CompletionRule(in_person=True), class_on=date(2026, 5, 10))

    def meet(occasion: str, on: date) -> None:
        meet_part(
            db, person_id=enrolment.person_id or 0, course_id=enrolment.course_id, kind="in_person", occasion=occasion,
            met_on=on,
        )  # fmt: skip

    with later(THIS_YEAR):
        meet("attendance:2", date(2027, 1, 15))
        again = begin_round(db, enrolment, 2)
    read(db, again, THIS_YEAR + timedelta(days=1))
    assert [one.completed_on.year for one in db.scalars(select(Completion).order_by(Completion.id))] == [2026, 2027]
    take_back_part(
        db, person_id=again.person_id or 0, course_id=again.course_id, occasion="attendance:1", by=None, reason="Nhầm"
    )
    assert annulled(db) == [True, False]
    take_back_part(
        db, person_id=again.person_id or 0, course_id=again.course_id, occasion="attendance:2", by=None, reason="Nhầm"
    )
    assert annulled(db) == [True, True]
    with later(THIS_YEAR, days=2):
        assert next_round(db, again) is None, "the class is what is missing"
        meet("attendance:3", date(2027, 2, 10))
    assert annulled(db) == [True, True, False]


def test_a_whole_course_learned_as_a_guest_is_the_new_round(
    db: Session, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    version = making.course(db, making.READ, making.WATCH, making.ANSWER, access="open")
    account = factories.civil_servant(db)
    db.commit()
    username = account.username
    db.commit()
    with later(LAST_YEAR):
        at_home = Visitor(new_browser().sign_in(username))
    learn_everything(at_home, LAST_YEAR)
    guest = Visitor(browser)
    learn_everything(guest, THIS_YEAR)
    with later(THIS_YEAR, minutes=30):
        guest.browser.get("/sign-in")
        guest.browser.post("/sign-in", {"name": account.username, "password": factories.PASSWORD})
        guest.browser.post("/guest/keep", {"answer": "yes"})
    rows = db.execute(
        select(Enrolment.round, Completion.completed_on)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == version.course_id, Enrolment.person_id == account.person_id)
        .order_by(Enrolment.id)
    ).all()
    assert rows == [(1, date(2026, 5, 12)), (2, date(2027, 2, 8))]


def later(instant: datetime, **more: float) -> AbstractContextManager[None]:
    return clock.frozen(instant + timedelta(**more))


def learn_everything(visitor: Visitor, start: datetime) -> None:
    """The three lessons of the course within ten minutes."""
    with later(start):
        reading, watching = visitor.open("L1"), visitor.open("L2")
    with later(start, minutes=5):
        assert visitor.read("L1", reading).status_code == 200
        assert visitor.save(watching, (0, 100), position=100, client=f"{start:%Y%m%d}").json()["lesson_finished"]
    with later(start, minutes=10):
        assert "Đạt" in visitor.answer("L3").text


def completed(
    db: Session, lesson: making.Lesson, *, rule: CompletionRule = CompletionRule(), class_on: date | None = None
) -> Enrolment:
    """Of a course of that lesson, in LAST_YEAR."""
    version = making.course(db, lesson, completion=rule)
    account = factories.civil_servant(db)
    with later(LAST_YEAR):
        enrolment = enrol(db, account.person_id, version.course_id)
        if class_on:
            meet_part(
                db, person_id=account.person_id, course_id=version.course_id, kind="in_person",
                occasion="attendance:1", met_on=class_on,
            )  # fmt: skip
    read(db, enrolment, LAST_YEAR)
    return enrolment


def read(db: Session, enrolment: Enrolment, at: datetime) -> None:
    with clock.frozen(at):
        stamp = stamps.read(stamps.issue(enrolment.id, "L1"))
    with later(at, hours=1):
        finish_reading(db, enrolment, "L1", stamp)


def order_yearly(db: Session, course_id: int) -> None:
    by = accounts.actor_of(db, factories.account(db, role="province_admin", at="24").id)
    assert by is not None
    rule = Rule(factories.unit_id(db, "24"), ("CBCC",))
    assign(db, by, Order(course_id, rule, date(clock.today().year, 12, 15), is_yearly=True))


def done_rounds(database: Database, person_id: int) -> dict[str, bool]:
    with database.reading() as db:
        members = db.scalars(select(AssignmentMember).where(AssignmentMember.person_id == person_id))
        return {member.round.period: member.completion_id is not None for member in members}


def going_on(database: Database, person_id: int) -> int:
    with database.reading() as db:
        return db.scalars(
            select(Enrolment.id).where(Enrolment.person_id == person_id, Enrolment.counts_from == date(2027, 1, 1))
        ).one()


def contents(database: Database, enrolment_id: int) -> list[int]:
    with database.reading() as db:
        return [len(db.scalars(select(table.id).where(table.enrolment_id == enrolment_id)).all()) for table in TABLES]


def annulled(db: Session) -> list[bool]:
    one = db.scalars(select(Completion)).first()
    assert one is not None
    assert one.course_id is not None
    return [result.is_annulled for result in results_of(db, one.person_id, one.course_id)]
