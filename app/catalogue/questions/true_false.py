"""A statement that is true or false; its two options are never shuffled."""

from random import Random

from app.catalogue.questions import option
from app.catalogue.questions.asking import Answer, Choices, Fields, Question, ReviewedChoices, Say
from app.catalogue.questions.shape import FLAG, Shape
from app.core.errors import Invalid
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"answer": FLAG}


def validate(question: Question) -> list[str]:
    if "answer" not in question:
        return [_("Câu đúng/sai (true_false) phải có answer: true hoặc answer: false.")]
    return []


def freeze(question: Question, rng: Random | None) -> Question:
    right = question["answer"]
    return {
        **question,
        "options": [
            {"id": "true", "text": _("Đúng"), "right": right is True},
            {"id": "false", "text": _("Sai"), "right": right is False},
        ],
    }


def present(question: Question, answer: Answer, say: Say) -> Choices:
    # In the reader's language, whatever the paper was drawn in.
    return option.present(freeze(question, None), _picked(answer), say, "radio")


def parse(question: Question, fields: Fields) -> Answer:
    distinct = set(fields.get("", ()))
    if not distinct:
        return None
    if len(distinct) > 1 or not distinct <= {"true", "false"}:
        raise Invalid(_("Câu này chỉ trả lời đúng hoặc sai."))
    return distinct == {"true"}


def grade(question: Question, answer: Answer) -> float:
    """1 for the right answer, else 0; 1 and 0 are no answers, only true and false are."""
    return float(answer is question["answer"])


def review(question: Question, answer: Answer, say: Say) -> ReviewedChoices:
    return option.review(freeze(question, None), _picked(answer), say, "radio")


def solution(question: Question) -> dict[str, list[str]]:
    return {"": ["true" if question["answer"] else "false"]}


def _picked(answer: Answer) -> frozenset[str]:
    return frozenset({"true" if answer else "false"}) if isinstance(answer, bool) else frozenset()
