"""How a quiz may be taken: the fields of its file beside the questions, as a quiz and the papers drawn from it keep
them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

# What a learner sees of a result: each question at once; each once the quiz is passed; the score alone; only whether
# it is passed.
Review = Literal["after_submit", "after_pass", "score_only", "never"]
REVIEWS: tuple[Review, ...] = ("after_submit", "after_pass", "score_only", "never")
MOST_MINUTES = 24 * 60
MOST_WAIT_MINUTES = 30 * 24 * 60
MOST_ATTEMPTS = 100


@dataclass(frozen=True)
class QuizRule:
    """`time_limit` and `wait` (between two attempts) in minutes; None for no limit."""

    pass_percent: int
    time_limit: int | None = None
    attempts: int | None = None
    wait: int = 0
    review: Review = "after_submit"

    @property
    def is_unlimited(self) -> bool:
        """In the number of attempts and the time between them."""
        return self.attempts is None and not self.wait

    @property
    def shows_score(self) -> bool:
        return self.review != "never"


def quiz_rule(quiz: Mapping[str, Any]) -> QuizRule:
    """The rule of a quiz, or of a paper that froze it."""
    return QuizRule(**{one.name: quiz[one.name] for one in fields(QuizRule) if one.name in quiz})


def as_frozen(quiz: Mapping[str, Any]) -> dict[str, Any]:
    """What a paper keeps of it: the fields its author wrote."""
    return {one.name: quiz[one.name] for one in fields(QuizRule) if one.name in quiz}
