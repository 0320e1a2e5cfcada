"""A statement that is true or false; its two options are never shuffled."""

from collections.abc import Sequence
from random import Random

from app.catalogue.questions.option import Answer, Option, Question
from app.core.errors import Invalid
from app.core.i18n import gettext as _

INPUT_TYPE = "radio"


def validate(question: Question) -> list[str]:
    if not isinstance(question.get("answer"), bool):
        return [_("Câu đúng/sai (true_false) phải có answer: true hoặc answer: false.")]
    if "options" in question:
        return [_("Câu đúng/sai (true_false) không có options; chỉ cần answer.")]
    return []


def present(question: Question, rng: Random | None) -> list[Option]:
    right = question["answer"]
    return [
        Option(id="true", text=_("Đúng"), right=right is True),
        Option(id="false", text=_("Sai"), right=right is False),
    ]


def parse(question: Question, values: Sequence[str]) -> Answer:
    distinct = set(values)
    if not distinct:
        return None
    if len(distinct) > 1 or not distinct <= {"true", "false"}:
        raise Invalid(_("Câu này chỉ trả lời đúng hoặc sai."))
    return distinct == {"true"}


def grade(question: Question, answer: Answer) -> float:
    """1 for the right answer, else 0; 1 and 0 are no answers, only true and false are."""
    return float(answer is question["answer"])


def chosen(answer: Answer) -> frozenset[str]:
    return frozenset({"true" if answer else "false"}) if isinstance(answer, bool) else frozenset()
