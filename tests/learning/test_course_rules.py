"""What a course asks beside its lessons, how its completion is renewed, and what the learner sees of both."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.source import CompletionRule
from app.certificates.models import Certificate
from app.core import clock, events
from app.identity.models import Account
from app.learning import stamps
from app.learning.completions import annul_completion
from app.learning.models import Completion, CompletionAnnulment, Enrolment
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol, finish_reading, meet_part, take_back_part
from app.main import HANDLERS
from tests import factories
from tests.browser import Browser
from tests.learning import making
from tests.learning.making import RIGHT_ANSWERS, Lesson

TODAY = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def everybody_listens() -> None:
    events.wire(HANDLERS)


@pytest.fixture
def learner(db: Session) -> Account:
    return factories.civil_servant(db)


def read(db: Session, enrolment: Enrolment, key: str = "L1") -> None:
    with clock.frozen(clock.now() - timedelta(hours=1)):
        stamp = stamps.read(stamps.issue(enrolment.id, key))
    finish_reading(db, enrolment, key, stamp)


def take(db: Session, learner: Account, *lessons: Lesson, rule: CompletionRule) -> Enrolment:
    return enrol(db, learner.person_id, making.course(db, *lessons, completion=rule).course_id)


def completions(db: Session) -> list[Completion]:
    return list(db.scalars(select(Completion).order_by(Completion.id)))


def test_a_better_mark_completes_what_waited_for_it(db: Session, learner: Account) -> None:
    enrolment = take(db, learner, making.ANSWER, rule=CompletionRule(quiz_percent=90))
    submit_attempt(db, start_attempt(db, enrolment, "L3"), RIGHT_ANSWERS | {"q3": ["o1"]})
    assert completions(db) == [], "passed, but not by enough for the course"
    submit_attempt(db, start_attempt(db, enrolment, "L3"), RIGHT_ANSWERS)
    assert [one.score_percent for one in completions(db)] == [100]


def test_hours_may_come_from_lessons_of_ones_choice(db: Session, learner: Account) -> None:
    lessons = (Lesson("L1", minutes=30), Lesson("L4", minutes=30, is_required=False))
    enrolment = take(db, learner, *lessons, rule=CompletionRule(hours=1))
    read(db, enrolment)
    assert completions(db) == []
    read(db, enrolment, "L4")
    assert len(completions(db)) == 1


@pytest.mark.parametrize("kind", ["in_person", "exam"])
def test_a_part_met_elsewhere_completes_the_course_whichever_comes_last(
    db: Session, learner: Account, kind: str
) -> None:
    rule = CompletionRule(in_person=kind == "in_person", exam=kind == "exam")

    def meet(enrolment: Enrolment, occasion: str) -> None:
        meet_part(
            db, person_id=learner.person_id, course_id=enrolment.course_id, kind=kind, occasion=occasion,  # type: ignore[arg-type]
            met_on=date(2026, 11, 20),
        )  # fmt: skip

    enrolment = take(db, learner, making.READ, rule=rule)
    with clock.frozen(datetime(2026, 11, 2, 3, tzinfo=UTC)):
        read(db, enrolment)
    assert completions(db) == []
    with clock.frozen(TODAY):
        meet(enrolment, "attendance:1")
        meet(enrolment, "attendance:1")
    assert [(one.how, one.completed_on) for one in completions(db)] == [("online", date(2026, 11, 20))]


def test_a_withdrawn_part_does_not_count(db: Session, learner: Account) -> None:
    enrolment = take(db, learner, making.READ, rule=CompletionRule(in_person=True))
    meet_part(
        db, person_id=learner.person_id, course_id=enrolment.course_id, kind="in_person", occasion="attendance:1",
        met_on=date(2026, 11, 20),
    )  # fmt: skip
    take_back(db, enrolment, "attendance:1")
    read(db, enrolment)
    assert completions(db) == []


def test_withdrawing_the_part_takes_back_the_completion_until_it_is_met_again(db: Session, learner: Account) -> None:
    enrolment = take(db, learner, making.READ, rule=CompletionRule(in_person=True))
    read(db, enrolment)
    for occasion in ("attendance:1", "attendance:2"):
        meet_part(
            db, person_id=learner.person_id, course_id=enrolment.course_id, kind="in_person", occasion=occasion,
            met_on=date(2026, 11, 20),
        )  # fmt: skip
        if occasion == "attendance:1":
            take_back(db, enrolment, occasion)
    first, second = completions(db)
    assert set(db.scalars(select(CompletionAnnulment.completion_id))) == {first.id}
    assert second.occasion == "attendance:2"


def take_back(db: Session, enrolment: Enrolment, occasion: str) -> None:
    assert enrolment.person_id is not None
    take_back_part(
        db, person_id=enrolment.person_id, course_id=enrolment.course_id, occasion=occasion, by=None, reason="Ghi nhầm"
    )


def test_the_course_page_says_what_is_met_and_what_is_missing(db: Session, browser: Browser) -> None:
    account = factories.civil_servant(db)
    rule = CompletionRule(quiz_percent=80, in_person=True, exam=True)
    enrolment = take(db, account, making.READ, making.ANSWER, rule=rule)
    read(db, enrolment)
    db.commit()
    page = browser.sign_in(account.username).get(f"/courses/{making.SLUG}").text
    for sentence in (
        "Học xong các bài bắt buộc: 1 trên 2 bài.",
        "Điểm kiểm tra trung bình từ 80%: hiện là 0%.",
        "Dự lớp tập trung của khóa học.",
        "Đạt kỳ sát hạch của khóa học.",
    ):
        assert sentence in page


# --- renewal ------------------------------------------------------------------------------------------------------


@pytest.fixture
def renewed(db: Session, learner: Account) -> list[Completion]:
    """Completed on 2025-12-01 for a year, renewed on 2026-11-22 by the shorter course."""
    rule = CompletionRule(valid_months=12, renewal="cap-nhat")
    first = making.course(db, making.READ, completion=rule)
    shorter = making.course(db, making.READ, slug="cap-nhat")
    for version, at in ((first, datetime(2025, 12, 1, 3, tzinfo=UTC)), (shorter, TODAY)):
        with clock.frozen(at):
            read(db, enrol(db, learner.person_id, version.course_id))
    return completions(db)


def test_the_renewal_course_completes_the_first_one_anew(renewed: list[Completion]) -> None:
    first, shorter, again = renewed
    assert (again.course_version_id, again.occasion) == (first.course_version_id, f"renewal:{shorter.id}")
    assert (first.valid_until, again.valid_until) == (date(2026, 12, 1), date(2027, 11, 22))


def test_who_never_completed_has_nothing_to_renew(db: Session, learner: Account) -> None:
    making.course(db, making.READ, completion=CompletionRule(valid_months=12, renewal="cap-nhat"))
    shorter = making.course(db, making.READ, slug="cap-nhat")
    read(db, enrol(db, learner.person_id, shorter.course_id))
    assert [one.course_version_id for one in completions(db)] == [shorter.id]


def test_annulling_the_renewal_annuls_what_it_renewed(db: Session, renewed: list[Completion]) -> None:
    first, shorter, again = renewed
    annul_completion(db, shorter, None, "Học hộ", fraud=True)
    assert set(db.scalars(select(CompletionAnnulment.completion_id))) == {shorter.id, again.id}
    papers = {one.completion_id: one.state for one in db.scalars(select(Certificate))}
    assert papers == {first.id: "valid", shorter.id: "revoked", again.id: "revoked"}


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (datetime(2026, 9, 1, 3, tzinfo=UTC), ""),
        (datetime(2026, 11, 1, 3, tzinfo=UTC), "có giá trị đến hết ngày 01/12/2026"),
        (datetime(2026, 12, 2, 3, tzinfo=UTC), "đã hết giá trị từ sau ngày 01/12/2026"),
    ],
)
def test_my_page_asks_for_renewal_in_time(db: Session, browser: Browser, day: datetime, said: str) -> None:
    account = factories.civil_servant(db)
    rule = CompletionRule(valid_months=12, renewal="cap-nhat")
    version = making.course(db, making.READ, completion=rule)
    making.course(db, making.READ, slug="cap-nhat", access="open")
    factories.completion(db, account.person, version, date(2025, 12, 1))
    db.commit()
    with clock.frozen(day):
        page = browser.sign_in(account.username).get("/my").text
    assert ("Cần học cập nhật" in page) is bool(said)
    assert said in page
    assert ("/courses/cap-nhat" in page) is bool(said)
