"""Which questions a paper asks when a quiz draws them at random. Pure: pools in, questions out.

A quiz asks its own questions and those it draws; where it draws from itself (bank “this”) its own are a pool, too.
"""

from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any

from app.catalogue.questions import Question

# What a quiz calls its own questions as a pool.
THIS = "this"
MOST_DRAWN = 100

Draw = Mapping[str, Any]
Pools = Mapping[str, Sequence[Question]]


def draws_of(quiz: Mapping[str, Any]) -> list[dict[str, Any]]:
    """{"bank", "count", and “topic”, “difficulty” if only such are wanted} of each draw; [] for a quiz without any."""
    return list(quiz.get("draw", ()))


def banks_of(quiz: Mapping[str, Any]) -> list[str]:
    """Keys of the banks a quiz draws from, itself left out, each once."""
    return list(dict.fromkeys(draw["bank"] for draw in draws_of(quiz) if draw["bank"] != THIS))


def always_asked(quiz: Mapping[str, Any]) -> list[Question]:
    """The questions that stand on every paper."""
    return [] if any(draw["bank"] == THIS for draw in draws_of(quiz)) else list(quiz["questions"])


def asked_count(quiz: Mapping[str, Any]) -> int:
    """How many questions a paper has."""
    drawn: int = sum(draw["count"] for draw in draws_of(quiz))
    return len(always_asked(quiz)) + drawn


def questions_of_paper(
    quiz: Mapping[str, Any], pools: Pools, rng: Random, seen: Collection[str] = ()
) -> list[Question]:
    """The questions of one paper: those always asked, then the drawn ones, none of them twice.

    Ids in `seen` come only where nothing else fits. As many as the pools can give: fewer than `asked_count` if they
    hold too few. A topic matches itself, a difficulty its number.
    """
    return always_asked(quiz) + [one for one in _fill(draws_of(quiz), _all_pools(quiz, pools), rng, seen) if one]


def shortage(quiz: Mapping[str, Any], pools: Pools) -> int:
    """How many questions the pools lack for one full paper."""
    return sum(one is None for one in _fill(draws_of(quiz), _all_pools(quiz, pools), Random(0), ()))  # noqa: S311


def fits(question: Question, draw: Draw) -> bool:
    """Whether the draw may take this question of its pool."""
    return all(name not in draw or question.get(name) == draw[name] for name in ("topic", "difficulty"))


def _all_pools(quiz: Mapping[str, Any], pools: Pools) -> Pools:
    return {**pools, THIS: quiz["questions"]}


def _fill(draws: Sequence[Draw], pools: Pools, rng: Random, seen: Collection[str]) -> list[Question | None]:
    """A question for each place the draws ask for; None for a place that stays empty.

    Draws may overlap (“any of topic A”, “any hard one”), so taking what comes first could leave a place empty that need
    not be. This is maximum matching by augmenting paths: a place may take a question from another that has a choice.
    """
    places = [draw for draw in draws for _nth in range(draw["count"])]
    choices: dict[int, list[Question]] = {}
    for draw in draws:
        fitting = [question for question in pools.get(draw["bank"], ()) if fits(question, draw)]
        rng.shuffle(fitting)
        choices[id(draw)] = sorted(fitting, key=lambda question: question["id"] in seen)
    taken: dict[str, tuple[int, Question]] = {}

    def settle(place: int, asked: set[str]) -> bool:
        open_ones = [question for question in choices[id(places[place])] if question["id"] not in asked]
        # A free one first: only then is anybody else moved.
        for question in sorted(open_ones, key=lambda one: one["id"] in taken):
            if question["id"] in asked:
                continue
            asked.add(question["id"])
            if question["id"] not in taken or settle(taken[question["id"]][0], asked):
                taken[question["id"]] = (place, question)
                return True
        return False

    for place in range(len(places)):
        settle(place, set())
    filled: list[Question | None] = [None] * len(places)
    for place, question in taken.values():
        filled[place] = question
    return filled
