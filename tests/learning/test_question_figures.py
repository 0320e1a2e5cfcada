# ruff: noqa: E501 - files and tables of cases are read better unbroken
"""How questions do: figures worked by hand, and the sentences they lead to."""

from math import inf
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.question_statistics import judged
from app.core.db import Database
from app.core.jobs import Job, Worker, enqueue
from app.learning.question_figures import (
    NIGHTLY,
    Figures,
    Tally,
    counted,
    figures_of,
    order_count,
    subject_of_bank,
    subject_of_quiz,
    thirds,
    wording,
)
from app.learning.quizzes import grade_paper, start_attempt, submit_attempt
from app.learning.service import enrol
from tests import factories
from tests.catalogue.samples import SAMPLES

HARD = SAMPLES["single"] | {"id": "hard"}
EASY = SAMPLES["true_false"] | {"id": "easy"}
OTHER = SAMPLES["true_false"] | {"id": "other"}


def paper(*asked: dict[str, Any]) -> dict[str, Any]:
    from app.catalogue import questions

    return {"pass_percent": 70, "questions": [questions.freeze(one, None) for one in asked]}


def tallied(*answers: tuple[Any, Any, Any], low: float = -inf, high: float = inf) -> dict[str, Any]:
    """`answers`: of HARD, EASY and OTHER (both rightly answered by False) in each attempt."""
    tally = Tally(low, high)
    asked = paper(HARD, EASY, OTHER)
    for hard, easy, other in answers:
        given = {"hard": hard, "easy": easy, "other": other}
        tally.add(asked, given, grade_paper(asked, given))
    return tally.figures()


def test_difficulty_and_blanks_are_shares_of_those_asked() -> None:
    figures = tallied(("o1", False, False), ("o2", False, True), (None, False, False), ("o1", True, True))
    hard = figures["hard"][wording(HARD)]
    assert (hard["asked"], hard["mean"], hard["blank"]) == (4, 0.5, 0.25)
    assert hard["discrimination"] is None, "four attempts are not enough"


def test_discrimination_is_the_correlation_with_the_rest_of_the_paper() -> None:
    # Worked by hand, 20 attempts. x (hard): 10 × 1, 10 × 0. y (mean of the other two): of those with x = 1 eight have 1
    # and two have 0.5; of those with x = 0 two have 1, four 0.5, four 0.
    # Σx = Σxx = 10; Σy = 8 + 1 + 2 + 2 = 13; Σyy = 8 + 0.5 + 2 + 1 = 11.5; Σxy = 9.
    # r = (20·9 − 10·13) / √((20·10 − 100)(20·11.5 − 169)) = 50 / √(100 · 61) = 0.6402.
    both, one, none = (False, False), (False, True), (True, True)
    answers = [("o1", *both)] * 8 + [("o1", *one)] * 2 + [("o2", *both)] * 2 + [("o2", *one)] * 4 + [("o3", *none)] * 4
    hard = tallied(*answers)["hard"][wording(HARD)]
    assert hard["discrimination"] == 0.6402
    assert hard["options"]["o1"][0] == 0.5
    assert hard["options"]["o2"][0] == 0.3


def test_shares_of_options_in_the_best_and_the_weakest_third() -> None:
    # Percent: 100 (three right), 33.3, 0.
    answers = (
        [("o1", False, False)] * 3
        + [("o2", False, True)] * 3
        + [("o2", True, True), ("o3", True, True), (None, True, True)]
    )
    low, high = thirds({1000: 3, 333: 3, 0: 3})
    assert (low, high) == (0, 1000)
    options = tallied(*answers, low=low, high=high)["hard"][wording(HARD)]["options"]
    assert options == {
        "o1": [0.3333, 1.0, 0.0], "o2": [0.4444, 0.0, 0.3333], "o3": [0.1111, 0.0, 0.3333],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spread", "expected"),
    [({500: 9}, (-inf, inf)), ({0: 1, 1000: 1}, (0, 1000)), ({0: 5, 400: 1, 900: 3}, (0, 900)), ({}, (-inf, inf))],
)
def test_thirds_never_part_those_of_one_percentage(spread: dict[int, int], expected: tuple[float, float]) -> None:
    assert thirds(spread) == expected


def test_a_changed_question_begins_anew_and_a_shuffled_one_does_not() -> None:
    from random import Random

    from app.catalogue import questions

    assert wording(questions.freeze(HARD, Random(1))) == wording(questions.freeze(HARD, None)) == wording(HARD)
    assert wording(HARD | {"text": "Khác"}) != wording(HARD)
    right = [{**one, "right": place == 1} for place, one in enumerate(HARD["options"])]
    assert wording(HARD | {"options": right}) != wording(HARD)


def figures(mean: float, discrimination: float | None, **options: tuple[float, float, float]) -> Figures:
    return Figures(40, mean, 0.0, discrimination, options)


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (None, "unknown", "mới có 0"),
        (Figures(19, 0.5, 0, None, {}), "unknown", "cần 20, mới có 19"),
        (figures(0.4, 0.3, o1=(0.3, 0.2, 0.4), o2=(0.6, 0.7, 0.5), o3=(0.1, 0.1, 0.1)), "look", "Nhiều người giỏi chọn “dichvucong-gov.com”"),
        (figures(0.5, -0.2, o1=(0.5, 0.5, 0.5), o2=(0.3, 0.3, 0.3), o3=(0.2, 0.2, 0.2)), "look", "lại hay sai câu này"),
        (figures(0.1, 0.3, o1=(0.1, 0.5, 0.0), o2=(0.5, 0.3, 0.6), o3=(0.4, 0.2, 0.4)), "look", "Rất ít người đúng"),
        (figures(0.98, 0.3, o1=(0.98, 1.0, 0.9), o2=(0.02, 0, 0.1)), "look", "Hầu như ai cũng đúng"),
        (figures(0.6, 0.05, o1=(0.6, 0.6, 0.6), o2=(0.2, 0.2, 0.2), o3=(0.2, 0.2, 0.2)), "look", "gần như nhau"),
        (figures(0.7, 0.4, o1=(0.7, 0.9, 0.4), o2=(0.3, 0.1, 0.6)), "look", "không ai chọn “dichvucong.vip”"),
        (figures(0.6, 0.4, o1=(0.6, 0.9, 0.3), o2=(0.2, 0.05, 0.4), o3=(0.2, 0.05, 0.3)), "good", "dùng tốt"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_to_look_at(found: Figures | None, verdict: str, words: str) -> None:
    said = judged(HARD, found)
    assert said[0] == verdict
    assert words in said[1]


def test_the_job_counts_the_attempts_of_a_bank_and_of_a_quiz(
    db: Session, database: Database, worker: Worker, storage: Any
) -> None:
    from app.catalogue.banks import add_bank, add_question
    from app.catalogue.service import publish, save_version
    from tests.catalogue import making

    bank = add_bank(db, "Chung", factories.unit_id(db, "24"), by=None)
    row = add_question(db, bank, SAMPLES["single"], by=None)
    quiz = making.QUIZ | {"draw": [{"bank": "chung", "count": 1}]}
    version = save_version(db, storage, making.course(making.lesson(quiz=quiz)), factories.unit_id(db, "24"), None)
    publish(db, version, None)
    for number in range(22):
        enrolment = enrol(db, factories.account(db).person_id, version.course_id)
        attempt = start_attempt(db, enrolment, "THU.1.1")
        right = number % 2 == 0
        submit_attempt(db, attempt, {row.key: ["o1" if right else "o2"], "T1-q1": ["o2" if right else "o1"]})
    start_attempt(db, enrol(db, factories.account(db).person_id, version.course_id), "THU.1.1")
    subjects = subject_of_bank(bank.id), subject_of_quiz(version.course_id, "THU.1.1")
    body = row.body
    for subject in subjects:
        order_count(db, subject, None)
    # The job of the night orders the same, and runs beside a count somebody asked for.
    enqueue(db, NIGHTLY)
    db.commit()
    worker.run_all()
    with database.reading() as reading:
        for subject in subjects:
            stored = counted(reading, subject)
            assert stored is not None
            assert stored.attempt_count == 22, "the open attempt is not counted"
            found = figures_of(stored, body)
            assert found is not None
            assert (found.asked, found.mean, found.discrimination) == (22, 0.5, 1.0)
            assert found.options == {"o1": (0.5, 1.0, 0.0), "o2": (0.5, 0.0, 1.0)}
    with database.writing() as writing:
        enqueue(writing, NIGHTLY)
    worker.run_all()
    with database.reading() as reading:
        last = reading.scalars(select(Job).where(Job.kind == NIGHTLY).order_by(Job.id.desc())).first()
        assert last is not None
        assert last.result == {"ordered": 0}, "nothing was handed in since"
