"""A course is completed once, with the last required lesson, and the completion keeps the posts of its day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, events
from app.identity.models import Account, Affiliation, Person
from app.identity.people import people
from app.learning import stamps
from app.learning.completions import CompletedInFuture, Learned, annul_completion, record_completion
from app.learning.events import CompletionAnnulled, CoursesCompleted, LessonFinished
from app.learning.models import Attempt, BlockProgress, Completion, CompletionAnnulment, Enrolment, LessonFinish
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.service import enrol, finish_reading, judge_lesson, move_to_published
from tests import factories
from tests.learning import making
from tests.learning.making import RIGHT_ANSWERS, Lesson

# Phường Kinh Bắc, since 2025-07-01.
KINH_BAC = "09187"
# 01:30 on the 22nd in Vietnam, still the 21st in UTC.
LATE_EVENING = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


@pytest.fixture
def heard() -> Iterator[list[events.Event]]:
    """Everything learning announces during a test."""
    news: list[events.Event] = []
    before = events.wired()

    def note(_db: Session, event: Any) -> None:
        news.append(event)

    events.wire([(kind, note) for kind in (LessonFinished, CoursesCompleted, CompletionAnnulled)])
    yield news
    events.wire([(kind, handler) for kind, handlers in before.items() for handler in handlers])


@pytest.fixture
def learner(db: Session) -> Account:
    return factories.civil_servant(db)


def read(db: Session, enrolment: Enrolment, key: str) -> None:
    """The page of a lesson was open for long enough, then "I have read it"."""
    opened = clock.now()
    with clock.frozen(opened - timedelta(hours=1)):
        stamp = stamps.read(stamps.issue(enrolment.id, key))
    finish_reading(db, enrolment, key, stamp)


def watch(db: Session, enrolment: Enrolment, key: str, seconds: float) -> None:
    now = clock.now()
    db.add(
        BlockProgress(
            enrolment_id=enrolment.id, lesson_key=key, block_id="v1", spans=[[0, seconds]], earned=seconds,
            spent_s=seconds, position=seconds, started_at=now, updated_at=now,
        )
    )  # fmt: skip
    db.flush()
    judge_lesson(db, enrolment, key)


def answer(db: Session, enrolment: Enrolment, key: str, answers: dict[str, list[str]]) -> None:
    submit_attempt(db, start_attempt(db, enrolment, key), answers)


def completions(db: Session) -> list[Completion]:
    return list(db.scalars(select(Completion).order_by(Completion.id)))


def test_the_last_required_lesson_completes_the_course_exactly_once(
    db: Session, learner: Account, heard: list[events.Event]
) -> None:
    version = making.course(db, making.READ, making.WATCH, making.ANSWER, Lesson("L4", is_required=False))
    enrolment = enrol(db, learner.person_id, version.course_id)
    with clock.frozen(LATE_EVENING):
        read(db, enrolment, "L1")
        watch(db, enrolment, "L2", 80)
        assert completions(db) == []
        answer(db, enrolment, "L3", {"q1": ["o1"]})
        assert completions(db) == []
        answer(db, enrolment, "L3", RIGHT_ANSWERS)
    (completion,) = completions(db)
    assert (completion.person_id, completion.course_version_id, completion.how) == (
        learner.person_id,
        version.id,
        "online",
    )
    assert (completion.completed_on, completion.recorded_at) == (date(2026, 11, 22), LATE_EVENING)
    assert (completion.hours, completion.enrolment_id) == (1.5, enrolment.id)
    with clock.frozen(LATE_EVENING + timedelta(days=2)):
        read(db, enrolment, "L4")
        answer(db, enrolment, "L3", RIGHT_ANSWERS)
        judge_lesson(db, enrolment, "L1")
    assert completions(db) == [completion]
    assert heard == [
        LessonFinished(enrolment.id, "L1"),
        LessonFinished(enrolment.id, "L2"),
        LessonFinished(enrolment.id, "L3"),
        CoursesCompleted((completion.id,), (learner.person_id,)),
        LessonFinished(enrolment.id, "L4"),
    ]


def test_the_score_is_the_mean_of_the_best_results(db: Session, learner: Account) -> None:
    quiz = making.ANSWER.questions
    version = making.course(
        db, Lesson("A", has_text=False, questions=quiz), Lesson("B", has_text=False, questions=quiz), Lesson("C")
    )
    enrolment = enrol(db, learner.person_id, version.course_id)
    answer(db, enrolment, "A", {"q1": ["o2"]})
    answer(db, enrolment, "A", RIGHT_ANSWERS)
    answer(db, enrolment, "B", {"q1": ["o2"], "q2": ["false"], "q3": ["o1"]})
    read(db, enrolment, "C")
    assert completions(db)[0].score_percent == 91.7  # (100 + 83,3) / 2


def test_a_course_without_quizzes_has_no_score(db: Session, learner: Account) -> None:
    version = making.course(db, making.READ)
    enrolment = enrol(db, learner.person_id, version.course_id)
    read(db, enrolment, "L1")
    assert completions(db)[0].score_percent is None


def test_all_posts_of_the_day_are_kept_and_a_later_transfer_changes_nothing(db: Session, learner: Account) -> None:
    person = db.get_one(Person, learner.person_id)
    ended = factories.post(
        db,
        person,
        KINH_BAC,
        title="Đã thôi",
        started_on=date(2026, 2, 1),
        ended_on=date(2026, 11, 20),
        is_primary=False,
    )
    second = factories.post(
        db, person, KINH_BAC, title="Kiêm nhiệm", audiences=["TCNSCD"], started_on=date(2026, 11, 21), is_primary=False
    )
    first = db.scalars(select(Affiliation).where(Affiliation.title == "Chuyên viên")).one()
    version = making.course(db, making.READ)
    enrolment = enrol(db, person.id, version.course_id)
    with clock.frozen(datetime(2026, 11, 21, 8, 0, tzinfo=UTC)):
        read(db, enrolment, "L1")
    people.end_affiliation(db, first, date(2026, 11, 30))
    factories.post(db, person, KINH_BAC, title="Chuyển đến", started_on=date(2026, 12, 1))
    db.flush()
    db.expire_all()
    posts = completions(db)[0].posts
    assert [(post.affiliation_id, post.unit_id, post.title, post.is_primary, post.audiences) for post in posts] == [
        (first.id, factories.unit_id(db), "Chuyên viên", True, ["CBCC"]),
        (second.id, factories.unit_id(db, KINH_BAC), "Kiêm nhiệm", False, ["TCNSCD"]),
    ]
    assert ended.id not in {post.affiliation_id for post in posts}


def test_somebody_without_a_post_completes_too(db: Session) -> None:
    person = factories.person(db)
    version = making.course(db, making.READ)
    read(db, enrol(db, person.id, version.course_id), "L1")
    assert completions(db)[0].posts == []


def test_the_completion_names_the_version_that_was_studied(db: Session, learner: Account) -> None:
    first = making.course(db, making.READ, making.WATCH)
    enrolment = enrol(db, learner.person_id, first.course_id)
    read(db, enrolment, "L1")
    making.course(db, making.READ)
    watch(db, enrolment, "L2", 100)
    assert [completion.course_version_id for completion in completions(db)] == [first.id]


def test_moving_to_a_newer_version_keeps_what_was_earned(db: Session, learner: Account) -> None:
    first = making.course(db, making.READ, making.WATCH)
    enrolment = enrol(db, learner.person_id, first.course_id)
    read(db, enrolment, "L1")
    watch(db, enrolment, "L2", 40)
    second = making.course(db, making.READ, Lesson("L2", videos=(50.0,), has_text=False), Lesson("L5"))
    move_to_published(db, enrolment)
    assert enrolment.course_version_id == second.id
    judge_lesson(db, enrolment, "L2")
    read(db, enrolment, "L5")
    assert [completion.course_version_id for completion in completions(db)] == [second.id]


def test_moving_completes_a_course_in_which_nothing_is_left_to_do(db: Session, learner: Account) -> None:
    first = making.course(db, making.READ, making.WATCH)
    enrolment = enrol(db, learner.person_id, first.course_id)
    read(db, enrolment, "L1")
    second = making.course(db, making.READ)
    move_to_published(db, enrolment)
    assert [completion.course_version_id for completion in completions(db)] == [second.id]


def test_moving_after_completing_brings_no_second_completion_for_nothing(db: Session, learner: Account) -> None:
    first = making.course(db, making.READ, Lesson("L9", is_required=False))
    enrolment = enrol(db, learner.person_id, first.course_id)
    read(db, enrolment, "L1")
    making.course(db, making.READ, Lesson("L9", is_required=False))
    move_to_published(db, enrolment)
    read(db, enrolment, "L9")
    assert [completion.course_version_id for completion in completions(db)] == [first.id]


def test_enrolling_twice_is_one_enrolment_at_the_version_of_the_first_time(db: Session, learner: Account) -> None:
    first = making.course(db, making.READ)
    enrolment = enrol(db, learner.person_id, first.course_id)
    making.course(db, making.READ, making.WATCH)
    assert enrol(db, learner.person_id, first.course_id) is enrolment
    assert enrolment.course_version_id == first.id


def test_finishing_is_written_once(db: Session, learner: Account) -> None:
    version = making.course(db, making.READ)
    enrolment = enrol(db, learner.person_id, version.course_id)
    read(db, enrolment, "L1")
    again = judge_lesson(db, enrolment, "L1")
    assert again.finished_at is not None
    assert len(list(db.scalars(select(LessonFinish)))) == 1


def test_recording_the_same_completion_again_returns_the_first(
    db: Session, learner: Account, heard: list[events.Event]
) -> None:
    version = making.course(db, making.READ)
    what = {"person_id": learner.person_id, "course_version_id": version.id, "how": "class"}
    recorded = [
        record_completion(db, Learned(**what, completed_on=day, score_percent=score))  # type: ignore[arg-type]
        for day, score in ((date(2026, 3, 1), 80.0), (date(2026, 4, 1), 90.0))
    ]
    assert recorded[0] is recorded[1]
    assert (recorded[0].completed_on, recorded[0].score_percent) == (date(2026, 3, 1), 80.0)
    assert heard == [CoursesCompleted((recorded[0].id,), (learner.person_id,))]


def test_a_completion_cannot_be_dated_tomorrow(db: Session, learner: Account) -> None:
    version = making.course(db, making.READ)
    with pytest.raises(CompletedInFuture):
        record_completion(db, Learned(learner.person_id, version.id, "class", clock.today() + timedelta(days=1)))


def test_annulling_leaves_the_completion_and_is_announced_once(
    db: Session, learner: Account, heard: list[events.Event]
) -> None:
    version = making.course(db, making.READ)
    completion = factories.completion(db, db.get_one(Person, learner.person_id), version, date(2026, 3, 1))
    first = annul_completion(db, completion, learner.id, "Nhờ người học hộ", fraud=True)
    assert annul_completion(db, completion, None, "Lần nữa", fraud=False) is first
    assert completions(db) == [completion]
    assert [row.reason for row in db.scalars(select(CompletionAnnulment))] == ["Nhờ người học hộ"]
    assert heard[1:] == [CompletionAnnulled(completion.id, learner.person_id, True)]


def test_a_paper_of_the_older_version_still_counts_for_its_lesson(db: Session, learner: Account) -> None:
    first = making.course(db, making.ANSWER, making.READ)
    enrolment = enrol(db, learner.person_id, first.course_id)
    attempt: Attempt = start_attempt(db, enrolment, "L3")
    making.course(db, making.ANSWER, making.READ, making.WATCH)
    move_to_published(db, enrolment)
    submit_attempt(db, attempt, RIGHT_ANSWERS)
    assert list(db.scalars(select(LessonFinish.lesson_key))) == ["L3"]
