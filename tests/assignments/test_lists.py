"""Who stands on the list of an assignment, and who has fulfilled it: the rule, newcomers, transfers, completions."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.assignments import service
from app.assignments.models import Assignment, AssignmentCommitment, AssignmentMember
from app.assignments.rules import Rule
from app.assignments.states import state_on
from app.catalogue.models import CourseVersion
from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.events import emit
from app.core.jobs import Worker
from app.identity.events import AffiliationsChanged
from app.identity.models import Person
from app.identity.people import people
from app.identity.sign_in import accounts
from app.learning import completions
from app.learning.models import Completion
from app.notices.models import Notice
from tests import factories

DUE = clock.today() + timedelta(days=40)


def actor(db: Session, role: str = "province_admin", at: str = "24") -> Actor:
    account = factories.account(db, role=role, at=at)
    found = accounts.actor_of(db, account.id)
    assert found is not None
    return found


def give(db: Session, worker: Worker, version: CourseVersion, **more: Any) -> Assignment:
    """Assigned and its list drawn."""
    rule = more.pop("rule", None) or Rule(factories.unit_id(db, more.pop("unit", "24")), ("CBCC",))
    order = service.Order(**({"course_id": version.course_id, "rule": rule, "due_on": DUE} | more))
    made = service.assign(db, more.pop("by", None) or actor(db), order)
    db.commit()
    worker.run_all()
    return made


def states(db: Session, assignment: Assignment) -> dict[str, str]:
    """Name -> state."""
    db.expire_all()
    rows = db.execute(
        select(Person.name, state_on(clock.today()))
        .join(AssignmentMember, AssignmentMember.person_id == Person.id)
        .where(AssignmentMember.round_id == assignment.rounds[-1].id)
    ).all()
    return dict(rows)


def member(db: Session, assignment: Assignment, person: Person) -> AssignmentMember:
    db.expire_all()
    return db.scalars(
        select(AssignmentMember).where(
            AssignmentMember.round_id == assignment.rounds[-1].id, AssignmentMember.person_id == person.id
        )
    ).one()


def test_the_rule_names_posts_of_its_audience_below_its_unit(db: Session, worker: Worker) -> None:
    factories.civil_servant(db, name="Trong Diện")
    factories.post(db, factories.person(db, "Khác Nhóm"), audiences=("TCNSCD",))
    factories.civil_servant(db, code="07681", name="Khác Đơn Vị")
    assignment = give(db, worker, factories.course(db), unit="07210")
    assert states(db, assignment) == {"Trong Diện": "open"}


def test_a_rule_may_ask_for_leaders_and_kinds_of_units(db: Session, worker: Worker) -> None:
    chief = factories.person(db, "Lãnh Đạo")
    factories.post(db, chief, is_leader=True)
    factories.civil_servant(db, name="Chuyên Viên")
    province = factories.unit_id(db, "24")
    version = factories.course(db)
    leaders = give(db, worker, version, rule=Rule(province, ("CBCC",), leaders_only=True))
    assert states(db, leaders) == {"Lãnh Đạo": "open"}
    schools = give(db, worker, version, rule=Rule(province, ("CBCC",), kinds=("school",)))
    assert states(db, schools) == {}
    communes = give(db, worker, version, rule=Rule(province, ("CBCC",), kinds=("commune",)))
    assert set(states(db, communes)) == {"Lãnh Đạo", "Chuyên Viên"}


def test_who_comes_later_is_included_at_once_with_days_of_grace(db: Session, worker: Worker) -> None:
    assignment = give(db, worker, factories.course(db), due_on=clock.today() + timedelta(days=5), grace_days=30)
    new = factories.civil_servant(db, name="Người Mới").person
    assert states(db, assignment) == {"Người Mới": "open"}
    assert member(db, assignment, new).due_on == clock.today() + timedelta(days=30)


def test_many_new_people_are_included_by_the_job(db: Session, worker: Worker) -> None:
    assignment = give(db, worker, factories.course(db))
    people_ids = [factories.civil_servant(db).person_id for _number in range(51)]
    db.execute(AssignmentMember.__table__.delete())  # type: ignore[attr-defined]
    emit(db, AffiliationsChanged(tuple(people_ids)))
    db.commit()
    worker.run_all()
    assert len(db.scalars(select(AssignmentMember)).all()) == 51
    assert assignment.rounds[-1].drawn_at is not None


def test_who_leaves_the_audience_is_no_longer_late(db: Session, worker: Worker) -> None:
    holder = factories.person(db, "Chuyển Đi")
    post = factories.post(db, holder)
    assignment = give(db, worker, factories.course(db))
    people.end_affiliation(db, post, clock.today() - timedelta(days=1))
    assert states(db, assignment) == {"Chuyển Đi": "left"}
    factories.post(db, holder, "07681", started_on=clock.today())
    assert states(db, assignment) == {"Chuyển Đi": "open"}
    assert member(db, assignment, holder).unit_id == factories.unit_id(db, "07681")


def test_a_completion_fulfils_it_and_an_annulment_takes_that_back(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Học Xong")
    version = factories.course(db)
    assignment = give(db, worker, version)
    done = factories.completion(db, account.person, version, clock.today())
    assert states(db, assignment) == {"Học Xong": "done"}
    completions.annul_completion(db, done, None, "nhầm người", fraud=False)
    assert states(db, assignment) == {"Học Xong": "open"}


def test_what_was_completed_before_counts_and_nobody_is_bothered(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Xong Trước")
    version = factories.course(db)
    factories.completion(db, account.person, version, date(2026, 3, 1))
    assignment = give(db, worker, version)
    assert states(db, assignment) == {"Xong Trước": "done"}
    assert not db.scalars(select(Notice)).all()


def test_a_transfer_after_fulfilling_it_moves_nothing(db: Session, worker: Worker) -> None:
    holder = factories.person(db, "Xong Rồi Chuyển")
    post = factories.post(db, holder)
    version = factories.course(db)
    assignment = give(db, worker, version)
    factories.completion(db, holder, version, clock.today())
    people.end_affiliation(db, post, clock.today() - timedelta(days=1))
    factories.post(db, holder, "07681", started_on=clock.today())
    assert member(db, assignment, holder).unit_id == factories.unit_id(db, "07210")
    assert states(db, assignment) == {"Xong Rồi Chuyển": "done"}


@pytest.mark.parametrize("counts", [True, False])
def test_a_class_of_the_same_task_counts_if_the_assigner_says_so(db: Session, worker: Worker, counts: bool) -> None:
    account = factories.civil_servant(db, name="Học Lớp")
    version = factories.course(db, programme="P04-NENTANG")
    assignment = give(db, worker, version, counts_programme=counts)
    completions.record_completion(
        db,
        completions.LearnedOutside(
            account.person_id, "P04-NENTANG", "Lớp tập huấn", "class", "class:1", clock.today(), 4
        ),
    )
    assert states(db, assignment) == {"Học Lớp": "done" if counts else "open"}


def test_a_yearly_one_begins_again_each_year_and_counts_that_year(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Hằng Năm")
    version = factories.course(db)
    assignment = give(db, worker, version, is_yearly=True, due_on=date(clock.today().year, 12, 15))
    factories.completion(db, account.person, version, clock.today())
    assert states(db, assignment) == {"Hằng Năm": "done"}
    db.commit()
    next_year = clock.now().replace(year=clock.today().year + 1, month=2, day=1, hour=5)
    with clock.frozen(next_year):
        worker.enqueue_due_crons()
        worker.run_all()
        assert states(db, assignment) == {"Hằng Năm": "open"}
        assert member(db, assignment, account.person).due_on == date(clock.today().year, 12, 15)
        assert [round_.period for round_ in assignment.rounds] == [str(clock.today().year - 1), str(clock.today().year)]


def test_the_list_of_a_year_that_is_over_stays_as_it_was(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Năm Ngoái")
    assignment = give(db, worker, factories.course(db), is_yearly=True, due_on=date(clock.today().year, 12, 15))
    with clock.frozen(clock.now().replace(year=clock.today().year + 1, month=2, day=1, hour=5)):
        factories.civil_servant(db, name="Mới Vào")
        nominated = factories.person(db, "Được Đề Cử")
        db.commit()
        worker.enqueue_due_crons()
        worker.run_all()
        assert service.nominate(db, assignment, [nominated.id], actor(db)) == 1
        before, now = assignment.rounds
        here = select(Person.name).join(AssignmentMember).order_by(Person.name)
        assert db.scalars(here.where(AssignmentMember.round_id == before.id)).all() == [account.person.name]
        assert len(db.scalars(here.where(AssignmentMember.round_id == now.id)).all()) == 3
        told = select(Notice.key).where(Notice.person_id == nominated.id)
        assert [key.partition(":20")[0] for key in db.scalars(told)] == [f"assigned:{now.id}"]


def test_what_has_run_out_fulfils_nothing(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Hết Hạn")
    version = factories.course(db)
    ended = clock.today() - timedelta(days=1)
    db.add(
        Completion(
            person_id=account.person_id, course_id=version.course_id, course_version_id=version.id, how="online",
            completed_on=date(2025, 1, 5), valid_until=ended, recorded_at=clock.now(), hours=1,
        )
    )  # fmt: skip
    assignment = give(db, worker, version)
    assert states(db, assignment) == {"Hết Hạn": "open"}


def test_excusing_extending_and_their_reasons(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db, name="Xin Hoãn")
    assignment = give(db, worker, factories.course(db), due_on=clock.today())
    by = actor(db)
    mine = member(db, assignment, account.person)
    with pytest.raises(Invalid):
        service.exempt(db, mine, "  ", by)
    service.exempt(db, mine, "nghỉ thai sản", by)
    assert states(db, assignment) == {"Xin Hoãn": "exempt"}
    service.lift_exemption(db, mine, by)
    with pytest.raises(Invalid):
        service.extend(db, mine, clock.today(), "công tác", by)
    service.extend(db, mine, clock.today() + timedelta(days=9), "đi công tác", by)
    db.commit()
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert states(db, assignment) == {"Xin Hoãn": "open"}
    with clock.frozen(clock.now() + timedelta(days=10)):
        assert states(db, assignment) == {"Xin Hoãn": "late"}


def test_somebody_nominated_by_name_needs_no_rule(db: Session, worker: Worker) -> None:
    person = factories.person(db, "Được Đề Cử")
    province = factories.unit_id(db, "24")
    assignment = give(db, worker, factories.course(db), rule=Rule(province), person_ids=(person.id,))
    assert states(db, assignment) == {"Được Đề Cử": "open"}
    assert member(db, assignment, person).unit_id == province


def test_a_promise_is_kept_word_for_word(db: Session, worker: Worker) -> None:
    account = factories.civil_servant(db)
    assignment = give(db, worker, factories.course(db), asks_commitment=True)
    mine = member(db, assignment, account.person)
    first = service.commit_to(db, mine, "Tôi cam kết.")
    assert service.commit_to(db, mine, "Lời khác.").wording == first.wording == "Tôi cam kết."
    db.commit()
    with pytest.raises(DBAPIError, match="append-only"):
        db.execute(AssignmentCommitment.__table__.update().values(wording="Lời khác."))  # type: ignore[attr-defined]


def test_an_ended_one_takes_nobody_in(db: Session, worker: Worker) -> None:
    assignment = give(db, worker, factories.course(db))
    service.end(db, assignment, actor(db))
    factories.civil_servant(db, name="Đến Muộn")
    assert states(db, assignment) == {}


def test_keeping_all_lists_twice_changes_nothing(db: Session, worker: Worker) -> None:
    factories.civil_servant(db, name="Một Người")
    assignment = give(db, worker, factories.course(db))
    before = states(db, assignment)
    db.commit()
    for _time in range(2):
        with clock.frozen((clock.now() + timedelta(days=1)).replace(hour=5)):
            worker.enqueue_due_crons()
            worker.run_all()
    assert states(db, assignment) == before
