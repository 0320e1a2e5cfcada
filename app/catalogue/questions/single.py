"""One right option among several."""

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
from app.core.errors import Invalid
from app.core.i18n import gettext as _

INPUT_TYPE = "radio"


def validate(question: Question) -> list[str]:
    messages = validate_options(question)
    if not messages and right_count(question) != 1:
        messages.append(_("Câu chọn một (single) phải có đúng một lựa chọn đúng (right: true)."))
    return messages


def present(question: Question, rng: Random | None) -> list[Option]:
    return shuffled(options_of(question), rng)


def parse(question: Question, values: Sequence[str]) -> Answer:
    ids = known_ids(question, list(values))
    if len(ids) > 1:
        raise Invalid(_("Câu này chỉ chọn một ý."))
    return ids[0] if ids else None


def grade(question: Question, answer: Answer) -> float:
    """1 for the right option, 0 for any other or none."""
    return float(any(option["right"] and option["id"] == answer for option in options_of(question)))


def chosen(answer: Answer) -> frozenset[str]:
    return frozenset({answer}) if isinstance(answer, str) else frozenset()
