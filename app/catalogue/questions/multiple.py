"""Several right options; every one counts."""

from collections.abc import Sequence
from random import Random

from app.catalogue.questions.option import (
    Answer,
    Option,
    Question,
    known_ids,
    options_of,
    right_count,
    shuffled,
    validate_options,
)
from app.core.i18n import gettext as _

INPUT_TYPE = "checkbox"


def validate(question: Question) -> list[str]:
    messages = validate_options(question)
    if not messages and right_count(question) == 0:
        messages.append(_("Câu chọn nhiều (multiple) phải có ít nhất một lựa chọn đúng (right: true)."))
    return messages


def present(question: Question, rng: Random | None) -> list[Option]:
    return shuffled(options_of(question), rng)


def parse(question: Question, values: Sequence[str]) -> Answer:
    return known_ids(question, list(values)) or None


def grade(question: Question, answer: Answer) -> float:
    """Partial credit: (right options picked - wrong options picked) / right options, never below 0.

    Picking everything therefore earns no more than guessing: with 2 right of 4, all four give (2 - 2) / 2 = 0.
    """
    picked = chosen(answer)
    options = options_of(question)
    rights = sum(option["right"] for option in options)
    points = sum(1 if option["right"] else -1 for option in options if option["id"] in picked)
    return max(points, 0) / rights if rights else 0.0


def chosen(answer: Answer) -> frozenset[str]:
    return frozenset(one for one in answer if isinstance(one, str)) if isinstance(answer, list) else frozenset()
