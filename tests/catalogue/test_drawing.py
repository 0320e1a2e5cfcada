"""Drawing questions at random: never one twice, full whenever the pools can fill it, new ones first."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.drawing import asked_count, questions_of_paper, shortage
from tests.catalogue.samples import SAMPLES


def question(id_: str, topic: str = "", difficulty: int | None = None) -> dict[str, Any]:
    labels = ({"topic": topic} if topic else {}) | ({"difficulty": difficulty} if difficulty else {})
    return SAMPLES["single"] | {"id": id_} | labels


def quiz(*draws: dict[str, Any], own: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"pass_percent": 70, "shuffle": True, "questions": list(own), "draw": list(draws)}


POOL = [question(f"a{n}", "ky-so", 1 + n % 3) for n in range(9)] + [question(f"b{n}", "mat-khau", 1) for n in range(3)]


def ids(asked: list[Any]) -> list[str]:
    return [one["id"] for one in asked]


def test_a_quiz_without_draws_asks_its_own_questions_in_their_order() -> None:
    own = {"questions": [question("q1"), question("q2")]}
    assert ids(questions_of_paper(own, {}, Random(1))) == ["q1", "q2"]
    assert asked_count(own) == 2


def test_own_questions_stand_on_every_paper_beside_the_drawn_ones() -> None:
    asked = questions_of_paper(quiz({"bank": "nh", "count": 3}, own=(question("q1"),)), {"nh": POOL}, Random(2))
    assert ids(asked)[0] == "q1"
    assert len(set(ids(asked))) == 4


def test_own_questions_are_a_pool_where_the_quiz_draws_from_itself() -> None:
    own = tuple(question(f"q{n}", "ky-so" if n < 4 else "khac") for n in range(6))
    drawing = quiz({"bank": "this", "topic": "ky-so", "count": 2}, own=own)
    papers = [ids(questions_of_paper(drawing, {}, Random(seed))) for seed in range(200)]
    assert all(len(paper) == 2 for paper in papers)
    counts = Counter(one for paper in papers for one in paper)
    assert set(counts) == {"q0", "q1", "q2", "q3"}
    assert min(counts.values()) > 60, "each of four is drawn about a hundred times in two hundred papers of two"


def test_a_draw_takes_only_its_topic_and_difficulty() -> None:
    asked = questions_of_paper(
        quiz({"bank": "nh", "topic": "ky-so", "difficulty": 3, "count": 3}), {"nh": POOL}, Random(3)
    )
    assert {(one["topic"], one["difficulty"]) for one in asked} == {("ky-so", 3)}


def test_questions_seen_before_come_only_when_nothing_else_fits() -> None:
    drawing = quiz({"bank": "nh", "topic": "mat-khau", "count": 2})
    for seed in range(30):
        first = ids(questions_of_paper(drawing, {"nh": POOL}, Random(seed)))
        second = ids(questions_of_paper(drawing, {"nh": POOL}, Random(seed + 1), seen=first))
        assert len(set(first + second)) == 3, "the one of three not seen yet is on the second paper"


def test_overlapping_draws_leave_no_place_empty_that_could_be_filled() -> None:
    # Taking b2 for the first draw would leave nothing for the third.
    pool = [question("a1", "x", 1), question("b2", "x", 2), question("c2", "y", 2)]
    drawing = quiz(
        {"bank": "nh", "topic": "x", "count": 1}, {"bank": "nh", "difficulty": 1, "count": 1},
        {"bank": "nh", "difficulty": 2, "count": 1},
    )  # fmt: skip
    for seed in range(50):
        assert sorted(ids(questions_of_paper(drawing, {"nh": pool}, Random(seed)))) == ["a1", "b2", "c2"]


@pytest.mark.parametrize(("count", "lacking"), [(3, 0), (4, 1), (9, 6)])
def test_what_the_pools_lack_is_told(count: int, lacking: int) -> None:
    assert shortage(quiz({"bank": "nh", "topic": "mat-khau", "count": count}), {"nh": POOL}) == lacking


_draw = st.fixed_dictionaries(
    {"bank": st.just("nh"), "count": st.integers(1, 4)},
    optional={"topic": st.sampled_from(["x", "y"]), "difficulty": st.integers(1, 3)},
)
_question = st.tuples(st.sampled_from(["x", "y"]), st.integers(1, 3))


@given(draws=st.lists(_draw, max_size=4), labels=st.lists(_question, max_size=10), seed=st.integers(0, 99))
def test_no_question_comes_twice_and_what_lacks_adds_up(
    draws: list[dict[str, Any]], labels: list[tuple[str, int]], seed: int
) -> None:
    pool = [question(f"q{n}", topic, difficulty) for n, (topic, difficulty) in enumerate(labels)]
    asked = ids(questions_of_paper(quiz(*draws), {"nh": pool}, Random(seed)))
    assert len(asked) == len(set(asked))
    assert len(asked) + shortage(quiz(*draws), {"nh": pool}) == asked_count(quiz(*draws))
