"""Results by skill area of the national frameworks: the `skill` of each question, grouped. Pure functions."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.catalogue import questions
from app.catalogue.skills import skill_areas

# Of questions that name no skill.
NONE = ""


@dataclass(frozen=True)
class AreaScore:
    """Points earned of those there were. `code` is NONE for questions without a skill; a code we do not know is its
    own name.
    """

    code: str
    name: str
    score: float
    max: float

    @property
    def ratio(self) -> float:
        return self.score / self.max


def area_of(skill: str) -> str:
    """The area a skill's code lies in: KNS1.2 in KNS1."""
    return skill.strip().partition(".")[0].upper()


def by_area(paper: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[AreaScore, ...]:
    """One paper, marked."""
    earned = (
        (
            area_of(question.get("skill", "")),
            questions.points(question) * (result["questions"][question["id"]]["score"] or 0),
            questions.points(question),
        )
        for question in paper["questions"]
    )
    return _summed(earned)


def together(papers: Iterable[Iterable[AreaScore]]) -> tuple[AreaScore, ...]:
    """Several papers as one."""
    return _summed((area.code, area.score, area.max) for areas in papers for area in areas)


def _summed(parts: Iterable[tuple[str, float, float]]) -> tuple[AreaScore, ...]:
    """Known areas in the order of their frameworks, then the others, those without a skill last."""
    scores: dict[str, list[float]] = {}
    most: dict[str, list[float]] = {}
    for code, score, worth in parts:
        scores.setdefault(code, []).append(score)
        most.setdefault(code, []).append(worth)
    areas = skill_areas()
    order = {code: place for place, code in enumerate(areas)}
    return tuple(
        AreaScore(
            code, areas[code].name if code in areas else code, round(math.fsum(scores[code]), 2), math.fsum(most[code])
        )
        for code in sorted(scores, key=lambda code: (code == NONE, order.get(code, len(order)), code))
    )
